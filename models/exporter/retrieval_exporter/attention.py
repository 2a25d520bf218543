"""Attention across words and regions, and the cosine of a feature with what it attends to, in two forms.

P pairs; x [P, A, D] attends to y [P, B, D] with weights a [P, A, B], and c = a y is what it attends to. As published, c
is formed. But a cosine asks only for an inner product and for a length, and both are there without c:

    x_i . c_i = sum_j a_ij (x_i . y_j)          |c_i|^2 = a_i (y y^T) a_i^T

so that with the Gram matrix y y^T, which depends on one side alone, nothing of the width D is left once the inner
products are there. The two forms agree but for rounding. Nothing here knows a system: any whose score is made of such
cosines may use it.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from .numbers.operations import EPSILON, MASKED

# How the affinities of a feature with all that attend to it are scaled, before the softmax over what is attended to.
NORMS = ("clipped_l2norm", "softmax", "l2norm", "l1norm", "clipped_l1norm", "clipped", "no_norm")

_SLOPE = 0.1


def gram(x: Tensor) -> Tensor:
    """[..., N, D] -> [..., N, N]: x x^T."""
    return x @ x.transpose(-2, -1)


def attended_length(weights: Tensor, gram: Tensor) -> Tensor:
    """|a y| [P, A, 1] from weights a [P, A, B] and the Gram matrix y y^T [P, B, B]."""
    squared = ((weights @ gram) * weights).sum(dim=-1, keepdim=True)
    # Rounding may leave the square of a length of nothing a little below zero.
    return torch.sqrt(squared.clamp(min=0.0))


def attended_cosine(weights: Tensor, inner: Tensor, gram: Tensor, length: Tensor | float = 1.0) -> Tensor:
    """cos(x_i, a_i y) [P, A] from weights a [P, A, B], inner products x y^T [P, A, B] and the Gram matrix y y^T
    [P, B, B]. `length`: of x, [P, A] or one number for all. For serving; its gradient is not finite where c is 0."""
    product = (weights * inner).sum(dim=-1)
    return product / (attended_length(weights, gram).squeeze(-1) * length).clamp(min=EPSILON)


def cosine(x: Tensor, c: Tensor) -> Tensor:
    """Rows of two tensors [..., D] -> their cosines [...], 0 where one has no length. As published."""
    return (x * c).sum(dim=-1) / (x.norm(dim=-1) * c.norm(dim=-1)).clamp(min=EPSILON)


def normalised(affinity: Tensor, norm: str, mask: Tensor | None = None) -> Tensor:
    """Affinities [P, A, B] scaled among all that attend to the same: along A, by one of `NORMS`. `mask` [P, A] is true
    where there is something that attends, None if everywhere; other rows count for nothing and are to be left out."""
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, not {norm!r}")
    if norm.startswith("clipped"):
        affinity = leaky_relu(affinity, _SLOPE)
    if mask is not None and norm not in ("clipped", "no_norm"):
        affinity = affinity.masked_fill(~mask.unsqueeze(-1), MASKED if norm == "softmax" else 0.0)
    if norm == "softmax":
        return torch.softmax(affinity, dim=1)
    if norm.endswith("l2norm"):
        return affinity / (affinity.norm(dim=1, keepdim=True) + EPSILON)
    if norm.endswith("l1norm"):
        return affinity / (affinity.abs().sum(dim=1, keepdim=True) + EPSILON)
    return affinity


class CrossAttention(nn.Module):
    """Affinities [P, A, B] -> weights a [P, A, B], each row of sum 1 over what is attended to.

    a = softmax over B of sharpness * normalised(affinity). Masks [P, A] and [P, B] are true where there is something;
    None is everywhere. Weights of nothing are exactly 0; rows of nothing hold anything finite.
    """

    def __init__(self, norm: str, sharpness: float) -> None:
        super().__init__()
        self.norm = norm
        self.sharpness = sharpness

    def forward(self, affinity: Tensor, attending: Tensor | None = None, attended: Tensor | None = None) -> Tensor:
        logits = self.sharpness * normalised(affinity, self.norm, attending)
        if attended is not None:
            logits = logits.masked_fill(~attended.unsqueeze(1), MASKED)
        return torch.softmax(logits, dim=-1)
