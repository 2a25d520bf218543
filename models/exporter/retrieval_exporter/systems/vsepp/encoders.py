"""VSE++'s encoders: the shared ones, ended in one vector an image and one a caption.

`absolute` takes the absolute value of every number, as order embeddings may want it.
"""

import torch
from torch import Tensor

from ...coarse import mean_regions
from ...encoders import RegionEncoder, WordEncoder


class ImageVector(RegionEncoder):
    """[B, R, image_size] detector features -> [B, D]: the mean region, of those that an image has, through one linear
    map."""

    def __init__(self, image_size: int, embed_size: int, normalise: bool = True, absolute: bool = False) -> None:
        super().__init__(image_size, embed_size, normalise)
        self.absolute = absolute

    def forward(self, regions: Tensor, counts: Tensor | None = None) -> Tensor:
        x = super().forward(mean_regions(regions, counts))
        return torch.abs(x) if self.absolute else x


class CaptionVector(WordEncoder):
    """[B, T] word ids and [B] lengths -> [B, D]: the state of the GRU at the last word; of two directions, their mean
    there."""

    def __init__(self, vocabulary_size: int, word_size: int, embed_size: int, bidirectional: bool = False,
                 normalise: bool = True, absolute: bool = False) -> None:
        super().__init__(vocabulary_size, word_size, embed_size, bidirectional, normalise)
        self.absolute = absolute

    def forward(self, token_ids: Tensor, lengths: Tensor) -> Tensor:
        states = super().forward(token_ids, lengths)
        last = (lengths - 1).reshape(-1, 1, 1).expand(-1, 1, self.embed_size)
        x = states.gather(1, last).squeeze(1)
        return torch.abs(x) if self.absolute else x
