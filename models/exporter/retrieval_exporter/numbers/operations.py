"""The few operations every matching model is made of.

Shapes: P pairs, R regions, T words, D feature width. Rows are vectors.
"""

import torch
from torch import Tensor, nn

# Finite, so that a row of a softmax that is masked throughout stays finite; far enough down that
# exp(MASKED - max) is exactly zero in float32. Only ever used on float32: in float16 it is -inf.
MASKED = -1e9

EPSILON = 1e-8


class Product(nn.Module):
    """A matrix product as a module, so that an export can replace every one by a narrower type."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left @ right


def l2(x: Tensor) -> Tensor:
    """Rows of `x` scaled to unit length: x / (||x|| + 1e-8) along the last axis."""
    return x / (x.norm(dim=-1, keepdim=True) + EPSILON)


def word_mask(lengths: Tensor, positions: int) -> Tensor:
    """[P] lengths -> [P, T], true where a position holds a word of the caption, or a region of the image."""
    return torch.arange(positions, device=lengths.device).unsqueeze(0) < lengths.unsqueeze(1)


def masked_softmax(x: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    """Softmax along `dim` in which positions where `mask` is false weigh exactly zero."""
    return torch.softmax(x.masked_fill(~mask, MASKED), dim=dim)


def region_mask(counts: Tensor | None, v: Tensor) -> Tensor | None:
    """[P] numbers of regions and features [P, R, ...] -> [P, R], true where there is a region; None if everywhere."""
    return None if counts is None else word_mask(counts, v.shape[1])


def softmax_of(x: Tensor, mask: Tensor | None) -> Tensor:
    """[P, A, N] -> weights over the N positions where `mask` [P, N] is true, all if it is None."""
    return torch.softmax(x, dim=-1) if mask is None else masked_softmax(x, mask.unsqueeze(1))


def mean_of(x: Tensor, mask: Tensor | None, keepdim: bool = False) -> Tensor:
    """[P, N, ...] and [P, N] -> [P, ...]: the mean of the positions where `mask` is true, of all if it is None."""
    if mask is None:
        return x.mean(dim=1, keepdim=keepdim)
    weights = mask.to(x.dtype)
    if x.dim() > 2:
        weights = weights.unsqueeze(-1)
    return (x * weights).sum(dim=1, keepdim=keepdim) / weights.sum(dim=1, keepdim=keepdim)
