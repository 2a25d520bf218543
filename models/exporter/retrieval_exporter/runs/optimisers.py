"""The state of Adam as named arrays, and back."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer


def arrays_of(module: nn.Module, optimiser: Optimizer) -> dict[str, np.ndarray]:
    """A module's parameters and buffers, and what Adam keeps of each parameter that it has changed."""
    arrays = {f"weight/{name}": tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
    for name, parameter in module.named_parameters():
        kept = optimiser.state.get(parameter)
        if kept:
            arrays[f"step/{name}"] = np.array(int(kept["step"]))
            arrays[f"mean/{name}"] = kept["exp_avg"].cpu().numpy()
            arrays[f"square/{name}"] = kept["exp_avg_sq"].cpu().numpy()
    return arrays


def restore(module: nn.Module, optimiser: Optimizer, arrays: Mapping[str, np.ndarray]) -> None:
    """The inverse of `arrays_of`, in place."""
    module.load_state_dict({name.removeprefix("weight/"): torch.from_numpy(array)
                            for name, array in arrays.items() if name.startswith("weight/")})
    optimiser.state.clear()
    for name, parameter in module.named_parameters():
        if f"step/{name}" in arrays:
            optimiser.state[parameter] = {
                "step": torch.tensor(float(arrays[f"step/{name}"])),
                "exp_avg": torch.from_numpy(arrays[f"mean/{name}"]).to(parameter.device),
                "exp_avg_sq": torch.from_numpy(arrays[f"square/{name}"]).to(parameter.device)}
