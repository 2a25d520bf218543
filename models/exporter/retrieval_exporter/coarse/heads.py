"""The embedding made of trained heads: a linear map a side of the mean feature."""

import torch
from torch import Tensor

from ..numbers.operations import l2
from .embedding import Coarse, mean_regions, mean_words
from .entries import Entries


class Heads(Coarse):
    """Two trained linear maps of the pooled features, then unit length."""

    source = "heads"
    ragged = True

    def __init__(self, image_weight: Tensor, caption_weight: Tensor, image_bias: Tensor, caption_bias: Tensor) -> None:
        super().__init__()
        for name, weight, bias in (("image", image_weight, image_bias), ("caption", caption_weight, caption_bias)):
            self.register_buffer(name + "_matrix", weight.float().t().contiguous())
            self.register_buffer(name + "_bias", bias.float().contiguous())
        self.width = image_weight.shape[0]

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        return l2(torch.addmm(self.image_bias, mean_regions(v, counts), self.image_matrix))

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return l2(torch.addmm(self.caption_bias, mean_words(w, lengths), self.caption_matrix))


def heads_of(entries: Entries, embed_size: int) -> Heads:
    """`image_weight`, `caption_weight` [E, D] and, if given, `image_bias`, `caption_bias` [E]."""
    weights = [entries.tensor(name, "E", embed_size) for name in ("image_weight", "caption_weight")]
    width = weights[0].shape[0]
    biases = [entries.tensor(name, "E") if name in entries else torch.zeros(width)
              for name in ("image_bias", "caption_bias")]
    return Heads(*weights, *biases)
