"""RDAN's coarse embedding without training data."""

from torch import Tensor

from ...coarse import Coarse, mean_regions, mean_words
from ...numbers.operations import l2


class MeanAffinity(Coarse):
    """The mean of S = l2(v) l2(w)^T over all region-word pairs is mean(l2(v)) . mean(l2(w)). Width D."""

    source = "bilinear"
    ragged = True

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        return mean_regions(l2(v), counts)

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return mean_words(l2(w), lengths)
