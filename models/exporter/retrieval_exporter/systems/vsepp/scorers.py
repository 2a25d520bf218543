"""VSE++'s two scores, and their serving form. There is no layer to train."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...fields import Field
from ...form import Form
from ...settings import Settings


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


class ServingVectors(Form):
    """Records are the two vectors. Unlike in the published form, a lone query is not copied to every pair. Sums are in
    float32 in every precision: a pair costs less than reading its record."""

    def __init__(self, scorer: nn.Module, embed_size: int, settings: Settings) -> None:
        super().__init__(settings)
        self.scorer = scorer
        self.image_fields = [Field("v", (embed_size,), wide=True)]
        self.caption_fields = [Field("w", (embed_size,), wide=True)]

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {"v": v}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        return {"w": w}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor:
        return self.scorer(self.math.wide(image["v"]), self.math.wide(caption["w"]))
