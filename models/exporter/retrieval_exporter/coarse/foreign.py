"""The embedding of another model: its encoders beside those of the model that scores."""

from typing import TYPE_CHECKING

from torch import Tensor

from .embedding import Coarse

if TYPE_CHECKING:
    from ..system import System


class ForeignEmbedding(Coarse):
    """[B, R, W] regions and [B, T] ids through the other model's own encoders; the features of the model that scores do
    not matter."""

    source = "model"

    def __init__(self, system: "System") -> None:
        super().__init__()
        self.coarse = system.coarse()
        self.regions, self.words = system.regions, system.words
        self.width = self.coarse.width

    def of_regions(self, regions: Tensor, v: Tensor) -> Tensor:
        return self.coarse.of_regions(regions, self.regions(regions))

    def of_tokens(self, token_ids: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        return self.coarse.of_tokens(token_ids, self.words(token_ids, lengths), lengths)
