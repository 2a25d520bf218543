"""CAMP's coarse embedding without training data."""

import torch
from torch import Tensor

from ...coarse import Coarse, mean_regions, mean_words
from . import folding
from .published import PairScorer


class Bilinear(Coarse):
    """The mean of the affinities v M_r w^T over all region-word pairs is mean(v) . (mean(w) M_r^T): an inner product
    of two pooled vectors. Width D. Where words do not attend to regions, M_r is the identity."""

    source = "bilinear"
    ragged = True

    def __init__(self, scorer: PairScorer) -> None:
        super().__init__()
        to_regions = folding.affinities(scorer)[0] if scorer.attends else torch.eye(scorer.embed_size)
        self.register_buffer("matrix", folding.rounded(to_regions.t(), False))
        self.width = self.matrix.shape[1]

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        return mean_regions(v, counts)

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return mean_words(w, lengths) @ self.matrix
