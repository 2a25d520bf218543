"""What CAMP's scorers hand out beside a score: what it was made of."""

from typing import NamedTuple

from torch import Tensor


class Messages(NamedTuple):
    """What one side receives from the other: a message for each of its A features, [P, A, D], and the attentions that
    make it, [P, A, B] over the other side's features first and then [P, A, A] among the messages."""

    received: Tensor
    attentions: tuple[Tensor, ...] = ()


class Side(NamedTuple):
    """What one side of a pair came through: the attentions of its messages, its gates, [P, N, 1] or a channel each
    [P, N, D], and the weights [P, 1, N] of its summary. None, or no attention, where there is no such step."""

    attentions: tuple[Tensor, ...]
    gate: Tensor | None
    weights: Tensor | None


class Parts(NamedTuple):
    """[P] logits, and both sides on the way there."""

    logits: Tensor
    regions: Side
    words: Side
