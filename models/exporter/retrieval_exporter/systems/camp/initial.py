"""Random weights of CAMP for measurements."""

import torch
from torch import nn

# An untrained model at its usual initialisation gives every pair nearly the same score. These gains let scores differ
# by some hundredths, so that comparing two exports of it compares something.
_GAINS = (("embed.weight", 3.0), ("linear.0.weight", 3.0), ("linear.2.weight", 3.0),
          ("fc_out.0.weight", 2.0), ("fc_out.3.weight", 3.0), ("mlp_out.weight", 2.0))


def spread(module: nn.Module) -> None:
    """Draws the matrices of an encoder or a scorer anew, in place, and scales them."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() == 2 and not name.startswith(("rnn.", "embed.")):
                nn.init.xavier_uniform_(parameter)
            parameter.mul_(next((gain for part, gain in _GAINS if part in name), 1.0))
