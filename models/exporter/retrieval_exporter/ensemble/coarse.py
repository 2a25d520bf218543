"""An ensemble's coarse embedding is that of its first member."""

from torch import Tensor

from ..coarse import Coarse
from ..settings import Settings


class MemberEmbedding(Coarse):
    """The embedding of the member whose features stand first. It may have encoders of its own."""

    def __init__(self, coarse: Coarse) -> None:
        super().__init__()
        self.coarse = coarse
        self.source, self.width, self.ragged = coarse.source, coarse.width, coarse.ragged

    def unsupported(self, settings: Settings) -> str | None:
        return self.coarse.unsupported(settings)

    def of_regions(self, regions: Tensor, v: tuple[Tensor, ...], counts: Tensor | None = None) -> Tensor:
        return self.coarse.of_regions(regions, v[0]) if counts is None else self.coarse.of_regions(regions, v[0], counts)

    def of_tokens(self, token_ids: Tensor, w: tuple[Tensor, ...], lengths: Tensor) -> Tensor:
        return self.coarse.of_tokens(token_ids, w[0], lengths)
