"""SCAN's coarse embedding without training data."""

from torch import Tensor

from ...coarse import Coarse, mean_regions, mean_words
from ...numbers.operations import l2


class Means(Coarse):
    """The mean feature of an image's regions and of a caption's words, each to unit length: regions and words share one
    space, in which the score compares them by their cosine. Width D."""

    source = "features"
    ragged = True

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        return l2(mean_regions(v, counts))

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return l2(mean_words(w, lengths))
