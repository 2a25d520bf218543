"""SGRAF's two scorers as published, under the authors' parameter names, so that a checkpoint's state loads as it is.

Shapes: P pairs, R regions, T words, D feature width, S width of a similarity vector.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...attention import CrossAttention
from ...coarse import mean_regions
from ...numbers.operations import EPSILON, Product, l2, masked_softmax, word_mask

# Of the softmax over regions, in all that is published.
SHARPNESS = 9.0
_NORM = "clipped_l2norm"
_DROPOUT = 0.4


def cross_attention() -> CrossAttention:
    """How words attend to regions."""
    return CrossAttention(_NORM, SHARPNESS)


class Pooling(nn.Module):
    """[P, N, D] features and their mean [P, D] -> one vector [P, D] of unit length.

        l_i = tanh(W_l x_i),  g = tanh(W_g mean),  a = softmax_i(w (l_i * g)),  l2(sum_i a_i x_i)

    With `positions`, of regions, both maps are followed by a normalisation over the batch: of every region's place in
    the image, and of every channel of the mean.
    """

    def __init__(self, embed_size: int, positions: int | None) -> None:
        super().__init__()
        local, whole = ([], []) if positions is None else ([nn.BatchNorm1d(positions)], [nn.BatchNorm1d(embed_size)])
        self.embedding_local = nn.Sequential(
            nn.Linear(embed_size, embed_size), *local, nn.Tanh(), nn.Dropout(_DROPOUT))
        self.embedding_global = nn.Sequential(
            nn.Linear(embed_size, embed_size), *whole, nn.Tanh(), nn.Dropout(_DROPOUT))
        self.embedding_common = nn.Sequential(nn.Linear(embed_size, 1))
        self.product = Product()

    def forward(self, x: Tensor, mean: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask [P, N]`: true where there is a feature, None if everywhere."""
        common = self.embedding_local(x) * self.embedding_global(mean).unsqueeze(1)
        e = self.embedding_common(common).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return l2(self.product(weights, x)[:, 0])


class GraphReasoning(nn.Module):
    """One step: X [P, N, S] -> relu((softmax((X W_q + b_q)(X W_k + b_k)^T) X) W + b), and with it the softmax, what
    every node attends to [P, N, N]."""

    def __init__(self, sim_dim: int) -> None:
        super().__init__()
        self.graph_query_w = nn.Linear(sim_dim, sim_dim)
        self.graph_key_w = nn.Linear(sim_dim, sim_dim)
        self.sim_graph_w = nn.Linear(sim_dim, sim_dim)
        self.product = Product()

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        edges = self.product(self.graph_query_w(x), self.graph_key_w(x).transpose(1, 2))
        attention = masked_softmax(edges, mask.unsqueeze(1))
        return torch.relu(self.sim_graph_w(self.product(attention, x))), attention


class AttentionFiltration(nn.Module):
    """X [P, N, S] -> l2(sum_n b_n X_n) [P, S], b = l1norm(sigmoid(BatchNorm(w X + c))), and with it b [P, 1, N]."""

    def __init__(self, sim_dim: int) -> None:
        super().__init__()
        self.attn_sim_w = nn.Linear(sim_dim, 1)
        self.bn = nn.BatchNorm1d(1)
        self.product = Product()

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        significance = torch.sigmoid(self.bn(self.attn_sim_w(x).transpose(1, 2)))
        significance = significance.masked_fill(~mask.unsqueeze(1), 0.0)
        weights = significance / (significance.sum(dim=-1, keepdim=True) + EPSILON)
        return l2(self.product(weights, x)[:, 0]), weights


class Parts(NamedTuple):
    """[P] logits, the regions that every word attends to [P, T, R], and how nodes were put together: SGR's attentions,
    one a step [P, N, N], or SAF's weights [P, 1, N]."""

    logits: Tensor
    attention: Tensor
    nodes: tuple[Tensor, ...]


class SimilarityScorer(nn.Module):
    """Gathered pairs, `v [P, R, D]`, `w [P, T, D]`, `lengths [P]`, to scores `[P]`. Differentiable; `logits` is the
    value before the sigmoid.

    A pair's similarity vectors are one of the two whole sides and one of every word with the regions that it attends
    to: l2(W (x - y)^2 + b).
    """

    def __init__(self, embed_size: int, sim_dim: int, regions: int) -> None:
        super().__init__()
        self.embed_size, self.sim_dim, self.regions = embed_size, sim_dim, regions
        self.v_global_w = Pooling(embed_size, regions)
        self.t_global_w = Pooling(embed_size, None)
        self.sim_tranloc_w = nn.Linear(embed_size, sim_dim)
        self.sim_tranglo_w = nn.Linear(embed_size, sim_dim)
        self.sim_eval_w = nn.Linear(sim_dim, 1)
        self.attention = cross_attention()
        self.product = Product()

    def similarities(self, whole_v: Tensor, v: Tensor, w: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """[P, 1 + T, S]: of the whole sides, and of every word; and which regions a word attends to [P, T, R]. `whole_v`
        [P, D] are the pooled images."""
        w = w.masked_fill(~mask.unsqueeze(-1), 0.0)
        whole_w = self.t_global_w(w, w.sum(dim=1) / mask.sum(dim=1, keepdim=True), mask)
        weights = self.attention(self.product(w, v.transpose(1, 2)), mask)
        attended = l2(self.product(weights, v))
        whole = l2(self.sim_tranglo_w((whole_v - whole_w) ** 2))
        return torch.cat((whole.unsqueeze(1), l2(self.sim_tranloc_w((attended - w) ** 2))), dim=1), weights

    def vector(self, x: Tensor, mask: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Similarity vectors [P, N, S] -> the one [P, S] that the score is made of, and how."""
        raise NotImplementedError

    def logits(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        return self.parts(v, w, lengths).logits

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor) -> Parts:
        return self.parts_of(self.v_global_w(v, mean_regions(v)), v, w, word_mask(lengths, w.shape[1]))

    def parts_of(self, whole_v: Tensor, v: Tensor, w: Tensor, mask: Tensor) -> Parts:
        """The same of images that are pooled already, [P, D], and [P, T], true where there is a word."""
        x, attention = self.similarities(whole_v, v, w, mask)
        # One more node than words, the first, which is always there.
        vector, nodes = self.vector(x, nn.functional.pad(mask, (1, 0), value=True))
        return Parts(self.sim_eval_w(vector).squeeze(-1), attention, nodes)

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(v, w, lengths))


class GraphScorer(SimilarityScorer):
    """SGR: steps of reasoning over the graph of all similarity vectors; the first node is the result."""

    def __init__(self, embed_size: int, sim_dim: int, regions: int, steps: int) -> None:
        super().__init__(embed_size, sim_dim, regions)
        self.SGR_module = nn.ModuleList(GraphReasoning(sim_dim) for _ in range(steps))

    def vector(self, x: Tensor, mask: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        attentions = []
        for step in self.SGR_module:
            x, attention = step(x, mask)
            attentions.append(attention)
        return x[:, 0], tuple(attentions)


class FiltrationScorer(SimilarityScorer):
    """SAF: a weighted sum of the similarity vectors that tell something."""

    def __init__(self, embed_size: int, sim_dim: int, regions: int) -> None:
        super().__init__(embed_size, sim_dim, regions)
        self.SAF_module = AttentionFiltration(sim_dim)

    def vector(self, x: Tensor, mask: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        vector, weights = self.SAF_module(x, mask)
        return vector, (weights,)
