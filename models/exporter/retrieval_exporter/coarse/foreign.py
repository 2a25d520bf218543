"""The embedding of another model: its encoders beside those of the model that scores."""

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from .embedding import Coarse

if TYPE_CHECKING:
    from ..settings import Settings
    from ..system import System


class ForeignEmbedding(Coarse):
    """[B, R, W] regions and [B, T] ids through the other model's own encoders; the features of the model that scores do
    not matter."""

    source = "model"

    def __init__(self, system: "System", path: Path | str) -> None:
        super().__init__()
        self.path, self.region_count, self.described = path, system.region_count, system.described()
        self.coarse = system.coarse()
        self.regions, self.words = system.regions, system.words
        self.width = self.coarse.width
        self.ragged = system.ragged and self.coarse.ragged

    def unsupported(self, settings: "Settings") -> str | None:
        if self.region_count in (None, settings.regions):
            return None
        return f"{self.path}: the coarse model takes {self.region_count} regions an image, but --regions is " \
               f"{settings.regions}"

    def of_regions(self, regions: Tensor, v: Tensor, counts: Tensor | None = None) -> Tensor:
        given = () if counts is None else (counts,)
        return self.coarse.of_regions(regions, self.regions(regions, *given), *given)

    def of_tokens(self, token_ids: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        return self.coarse.of_tokens(token_ids, self.words(token_ids, lengths), lengths)
