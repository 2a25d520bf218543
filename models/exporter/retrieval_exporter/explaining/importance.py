"""How much words and regions count, by what the sides of a pair have to do with each other."""

from torch import Tensor

from ..numbers.operations import MASKED, l2


def passed_on(importance: Tensor, attention: Tensor, mask: Tensor | None = None) -> Tensor:
    """[P, A] and the attention [P, A, B] of what counts -> [P, B]: the attention that each receives, weighed by how much
    counts what gives it. `mask` [P, A]: true where there is something, None if everywhere."""
    if mask is not None:
        importance = importance.masked_fill(~mask, 0.0)
    return (importance.unsqueeze(1) @ attention).squeeze(1)


def largest_cosines(x: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
    """[P, A, D] and [P, B, D] -> [P, A]: of each x its cosine with the nearest y. `mask` [P, B] as above."""
    cosines = l2(x) @ l2(y).transpose(1, 2)
    if mask is not None:
        cosines = cosines.masked_fill(~mask.unsqueeze(1), MASKED)
    return cosines.amax(dim=2)
