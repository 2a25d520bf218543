"""The weighted mean of scores, and the logit of the weighted mean of probabilities."""

from collections.abc import Sequence
from functools import reduce
from operator import add

import torch
from torch import Tensor
from torch.nn.functional import softplus


def mean_score(scores: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """sum_m w_m score_m, each [P]; the weights sum to one."""
    return reduce(add, (weight * score for weight, score in zip(weights, scores)))


def mean_logit(logits: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The logit of sum_m w_m sigmoid(x_m), each [P]: log sum_m w_m sigmoid(x_m) - log sum_m w_m sigmoid(-x_m). In
    logarithms, so that it still orders pairs where every member's probability rounds to one."""
    x = torch.stack(tuple(logits))
    log_weights = torch.tensor(list(weights), dtype=x.dtype, device=x.device).log().unsqueeze(1)
    # log sigmoid(x) = -softplus(-x). PyTorch exports its own logsigmoid as the logarithm of a sigmoid, which may be 0.
    return _log_sum(log_weights - softplus(-x)) - _log_sum(log_weights - softplus(x))


def _log_sum(x: Tensor) -> Tensor:
    """log sum_m exp(x_m): [M, P] -> [P]."""
    largest = x.amax(dim=0)
    return largest + (x - largest).exp().sum(dim=0).log()
