"""The pooled vector of either side, once an image or a caption: what a record stores and a shortlist compares."""

import torch
from torch import Tensor, nn

from ...coarse import Coarse, mean_regions, mean_words
from ...numbers.operations import l2, masked_softmax, word_mask
from .published import Pooling, SimilarityScorer


def scale_and_shift(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """What a trained BatchNorm does to a channel: x scale + shift, in float64."""
    scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return scale, norm.bias.detach().double() - norm.running_mean.double() * scale


class FoldedPooling(nn.Module):
    """`published.Pooling` with its normalisations folded into its maps, in float64 and rounded once.

    W_l x_r + b of region r becomes (x_r W^T) s_r + (b s_r + t_r); the map of the mean takes the channels' scales into
    its matrix, and the last map's weights are the same for all positions. Its bias is no softmax's business.
    """

    def __init__(self, pooling: Pooling) -> None:
        super().__init__()
        local, whole, last = pooling.embedding_local, pooling.embedding_global, pooling.embedding_common[0]
        matrix, shift = local[0].weight.detach().double().t(), local[0].bias.detach().double()
        of_mean, shift_of_mean = whole[0].weight.detach().double().t(), whole[0].bias.detach().double()
        self.scaled = isinstance(local[1], nn.BatchNorm1d)
        if self.scaled:
            scale, offset = (x.unsqueeze(1) for x in scale_and_shift(local[1]))
            self.register_buffer("scale", scale.float())
            shift = shift * scale + offset
            scale, offset = scale_and_shift(whole[1])
            of_mean, shift_of_mean = of_mean * scale, shift_of_mean * scale + offset
        for name, x in (("matrix", matrix), ("shift", shift), ("of_mean", of_mean), ("shift_of_mean", shift_of_mean),
                        ("last", last.weight.detach()[0])):
            self.register_buffer(name, x.float().contiguous())

    def forward(self, x: Tensor, mean: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, N, D] and their mean [B, D] -> [B, D] of unit length."""
        mapped = x @ self.matrix
        local = torch.tanh((mapped * self.scale if self.scaled else mapped) + self.shift)
        common = torch.tanh(mean @ self.of_mean + self.shift_of_mean) * self.last
        e = (local @ common.unsqueeze(-1)).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return l2((weights @ x)[:, 0])


class Wholes(Coarse):
    """Both poolings. As a coarse embedding they are the system's own: unit vectors that the score compares as wholes.
    Width D."""

    source = "features"
    standalone = True

    def __init__(self, scorer: SimilarityScorer) -> None:
        super().__init__()
        self.width = scorer.embed_size
        self.pool_regions, self.pool_words = FoldedPooling(scorer.v_global_w), FoldedPooling(scorer.t_global_w)

    def image(self, v: Tensor) -> Tensor:
        return self.pool_regions(v, mean_regions(v))

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return self.pool_words(w, mean_words(w, lengths), word_mask(lengths, w.shape[1]))
