"""How much one side counts, from how much the other does."""

from torch import Tensor


def passed_on(importance: Tensor, attention: Tensor, mask: Tensor | None = None) -> Tensor:
    """[P, A] and the attention [P, A, B] of what counts -> [P, B]: the attention that each receives, weighed by how much
    counts what gives it. `mask` [P, A]: true where there is something, None if everywhere."""
    if mask is not None:
        importance = importance.masked_fill(~mask, 0.0)
    return (importance.unsqueeze(1) @ attention).squeeze(1)
