"""From the relevance of every word, or of every region, to the score of a pair."""

import torch
from torch import Tensor

from ...numbers.operations import MASKED

AGGREGATIONS = ("LogSumExp", "Max", "Sum", "Mean")


def aggregated(relevance: Tensor, function: str, sharpness: float | None, mask: Tensor | None) -> Tensor:
    """[P, A] -> [P]. `mask` [P, A] is true where there is something to aggregate, None if everywhere. LogSumExp is
    log(sum_i exp(sharpness relevance_i)) / sharpness."""
    if function in ("LogSumExp", "Max"):
        if mask is not None:
            relevance = relevance.masked_fill(~mask, MASKED)
        if function == "Max":
            return relevance.amax(dim=1)
        return torch.logsumexp(sharpness * relevance, dim=1) / sharpness
    if mask is None:
        return relevance.sum(dim=1) if function == "Sum" else relevance.mean(dim=1)
    total = relevance.masked_fill(~mask, 0.0).sum(dim=1)
    return total if function == "Sum" else total / mask.sum(dim=1)
