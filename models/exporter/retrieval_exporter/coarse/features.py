"""The embedding of a system whose features are one vector an image and one a caption: these themselves."""

from torch import Tensor

from .embedding import Coarse


class Features(Coarse):
    """Nothing to compute. Where the score is their inner product, it is the score."""

    source = "features"
    standalone = True
    ragged = True

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        return v

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return w
