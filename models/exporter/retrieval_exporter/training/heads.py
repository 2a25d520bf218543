"""A small embedding that learns beside a system: it looks for hard negatives, and may lend the encoders its loss. It is
no part of the checkpoint; a bundle's coarse embedding is made afterwards, by fit_coarse.py."""

from torch import Tensor, nn
from torch.nn.functional import normalize

RATE = 1e-3
_WIDTH = 64


class Heads(nn.Module):
    """Pooled features [n, D] of images and of captions -> cosines [n, n]."""

    def __init__(self, embed_size: int) -> None:
        super().__init__()
        self.image = nn.Linear(embed_size, _WIDTH)
        self.caption = nn.Linear(embed_size, _WIDTH)

    def forward(self, images: Tensor, captions: Tensor) -> Tensor:
        return normalize(self.image(images), dim=-1) @ normalize(self.caption(captions), dim=-1).t()
