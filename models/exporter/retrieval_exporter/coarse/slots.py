"""The embedding made of slots: what each kind of word would find in an image, what a caption looks for with it.

B slots, p numbers each; C captions of T words with queries q, N images of R regions with keys k, both of width D', the
width in which the scorer's words attend to regions: their affinity is q . k.

    image:    x_b = P_b^T sum_r softmax_r(m_b . k_r) k_r
    caption:  y_b = Q_b^T sum_t u_t s_tb q_t,   s_tb = softmax_b(c_b . q_t / |q_t|)

u_t weighs a caption's words, exp(q_t . word_weight) over the sum of all. The embedding is the B p numbers; a caption's
is scaled to unit length, so that an image finds captions of any length, and an image's where `unit` says so.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..numbers.operations import l2, masked_softmax, region_mask, softmax_of, word_mask
from .embedding import Coarse

# Of the logarithm of a word's weight.
LARGEST_WEIGHT = 4.0


@dataclass(frozen=True)
class SlotWeights:
    """The numbers of the embedding, float32, by the names that a coarse file has for them. `unit`: an image's
    embedding is scaled to unit length, as a caption's always is."""

    slot_means: Tensor  # m [B, D']
    slot_centres: Tensor  # c [B, D'], the sharpness of the assignment included
    query_projection: Tensor  # Q [B, D', p]
    key_projection: Tensor  # P [B, D', p]
    word_weight: Tensor  # [D']
    unit: bool

    @property
    def width(self) -> int:
        """The length of an embedding, B p."""
        return self.query_projection.shape[0] * self.query_projection.shape[2]


def _projected(x: Tensor, projection: Tensor) -> Tensor:
    """[N, B, D] sums of slots and [B, D, p] -> [N, B p]. One product a slot over all rows."""
    return (x.transpose(0, 1) @ projection).transpose(0, 1).flatten(1)


def _image(x: Tensor, means: Tensor, projection: Tensor, unit: bool, mask: Tensor | None = None) -> Tensor:
    """[N, R, D] -> [N, B p]: regions, by means [B, D] and projections in the space they are in. `mask` [N, R] is true
    where there is a region, None if everywhere."""
    attention = softmax_of((x @ means.t()).transpose(1, 2), mask)
    y = _projected(attention @ x, projection)
    return l2(y) if unit else y


def _caption(q: Tensor, mask: Tensor, centres: Tensor, word_weight: Tensor, projection: Tensor) -> Tensor:
    """[C, T, D'] queries and [C, T], true where there is a word -> [C, B p]."""
    weight = torch.exp((q @ word_weight).clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT)) * mask.to(q.dtype)
    weight = weight / weight.sum(dim=1, keepdim=True)
    share = torch.softmax(l2(q) @ centres.t(), dim=-1) * weight.unsqueeze(-1)
    return l2(_projected(share.transpose(1, 2) @ q, projection))


class Slots(nn.Module):
    """The embedding of queries and keys, every weight a parameter: for training."""

    def __init__(self, weights: SlotWeights) -> None:
        super().__init__()
        for name in ("slot_means", "slot_centres", "query_projection", "key_projection", "word_weight"):
            setattr(self, name, nn.Parameter(getattr(weights, name).clone()))
        self.unit = weights.unit

    def image(self, k: Tensor) -> Tensor:
        """[N, R, D'] keys -> [N, B p]."""
        return _image(k, self.slot_means, self.key_projection, self.unit)

    def caption(self, q: Tensor, mask: Tensor) -> Tensor:
        """[C, T, D'] queries and [C, T], true where there is a word -> [C, B p]."""
        return _caption(q, mask, self.slot_centres, self.word_weight, self.query_projection)

    def weights(self) -> SlotWeights:
        """A copy of the present weights."""
        return SlotWeights(unit=self.unit, **{name: x.detach().clone().cpu() for name, x in self.named_parameters()})


class SlotEmbedding(Coarse):
    """The embedding of features, for export.

    `query` and `key`, float64 [D, D'], map features of words and of regions to queries and keys. The map of keys is
    folded into the weights, (v K) m = v (K m): an image then costs no product of the feature width but with the B
    slots. A word's query is formed, as its length is needed.
    """

    source = "slots"
    ragged = True

    def __init__(self, weights: SlotWeights, query: Tensor, key: Tensor) -> None:
        super().__init__()
        self.width = weights.width
        self.unit = weights.unit
        self.register_buffer("query", query.float().contiguous())
        self.register_buffer("means", (weights.slot_means.double() @ key.t()).float().contiguous())
        self.register_buffer("key_projection", (key @ weights.key_projection.double()).float().contiguous())
        for name in ("slot_centres", "word_weight", "query_projection"):
            self.register_buffer(name, getattr(weights, name).float().contiguous())

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        return _image(v, self.means, self.key_projection, self.unit, region_mask(counts, v))

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return _caption(w @ self.query, word_mask(lengths, w.shape[1]), self.slot_centres, self.word_weight,
                        self.query_projection)
