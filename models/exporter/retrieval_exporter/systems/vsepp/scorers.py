"""VSE++'s two scores, and their serving form. There is no layer to train."""

import torch
from torch import Tensor, nn

from ...form import PublishedForm


class Cosine(nn.Module):
    """v . t of an image's vector and a caption's: their cosine, as both have unit length."""

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[P, D] twice -> [P]."""
        return (v * w).sum(dim=-1)


class Order(nn.Module):
    """-|max(0, t - v)|: how far a caption's vector is from being nowhere greater than an image's (Vendrov et al., ICLR
    2016)."""

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[P, D] twice -> [P]."""
        # A norm: unlike a root of squares, it has a gradient where nothing is violated.
        return -torch.relu(w - v).norm(dim=-1)


SCORERS: dict[str, type[nn.Module]] = {"cosine": Cosine, "order": Order}


class ServingVectors(PublishedForm):
    """As published, but that a lone query is not copied to every pair. Alone it gains nothing by that, but the other
    members of an ensemble do."""

    broadcasts = True
