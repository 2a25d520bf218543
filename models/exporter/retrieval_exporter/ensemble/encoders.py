"""The encoders of the members, side by side. Those that are equal bit for bit run once."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def equal(left: nn.Module, right: nn.Module) -> bool:
    """Whether two modules compute the same: the same classes and settings all the way down, and the same weights."""
    ours, theirs = dict(left.named_modules()), dict(right.named_modules())
    if list(ours) != list(theirs):
        return False
    if any(type(ours[name]) is not type(theirs[name]) or _settings(ours[name]) != _settings(theirs[name])
           for name in ours):
        return False
    weights, others = left.state_dict(), right.state_dict()
    return list(weights) == list(others) and all(_same_bits(x, others[name]) for name, x in weights.items())


def _settings(module: nn.Module) -> dict[str, object]:
    """What a module holds beside weights and parts: sizes, flags."""
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def _same_bits(left: Tensor, right: Tensor) -> bool:
    return left.dtype == right.dtype and left.shape == right.shape \
        and left.detach().cpu().contiguous().numpy().tobytes() == right.detach().cpu().contiguous().numpy().tobytes()


class Encoders(nn.Module):
    """The same inputs through the encoder of every member -> a tuple of features, one a member."""

    def __init__(self, encoders: Sequence[nn.Module]) -> None:
        super().__init__()
        distinct: list[nn.Module] = []
        self.of_member: list[int] = []
        for encoder in encoders:
            known = next((i for i, other in enumerate(distinct) if equal(other, encoder)), None)
            if known is None:
                known = len(distinct)
                distinct.append(encoder)
            self.of_member.append(known)
        self.distinct = nn.ModuleList(distinct)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        features = [encoder(*inputs) for encoder in self.distinct]
        return tuple(features[i] for i in self.of_member)
