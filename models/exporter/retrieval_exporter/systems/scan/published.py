"""SCAN's score as published. It has no weights."""

from typing import NamedTuple

from torch import Tensor, nn

from ...attention import CrossAttention, cosine
from ...numbers.operations import Product, region_mask, word_mask
from .aggregation import aggregated
from .variant import Variant


class Parts(NamedTuple):
    """[P] scores, the attention a [P, A, B] and the relevances r [P, A] that they are made of."""

    score: Tensor
    attention: Tensor
    relevance: Tensor


class StackedCrossAttention(nn.Module):
    """Gathered pairs, `v [P, R, D]`, `w [P, T, D]`, `lengths [P]`, to scores `[P]`. Differentiable.

    x is what attends and y what is attended to, words and regions for t2i, regions and words for i2t:

        S = x y^T,  a_i = softmax_j(lambda_softmax S'_ij),  r_i = cos(x_i, sum_j a_ij y_j),  score = agg_i r_i

    S' is S normalised along i: among all that attend to the same.
    """

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.variant = variant
        self.attention = CrossAttention(variant.raw_feature_norm, variant.lambda_softmax)
        self.product = Product()

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Tensor:
        return self.parts(v, w, lengths, counts).score

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        """`counts`: the images' numbers of regions [P], None if all have R."""
        words, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        x, y, attending, attended = (w, v, words, regions) if self.variant.direction == "t2i" else (v, w, regions, words)
        weights = self.attention(self.product(x, y.transpose(1, 2)), attending, attended)
        relevance = cosine(x, self.product(weights, y))
        score = aggregated(relevance, self.variant.agg_func, self.variant.lambda_lse, attending)
        return Parts(score, weights, relevance)
