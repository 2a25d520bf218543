"""`gate_fusion_new` for many pairs of few items: what depends on one side alone is computed once a side.

Linear maps commute with attention, so keys, gates and the fusion maps are taken per image and per caption; only
products of attention maps and one layer of the feature width remain per pair. `logits` equals the published module's up
to rounding.

The serving form is the same algebra over weights that are multiplied together in float64. Weights in training change at
every step and need gradients, so here it is written over the weights themselves.
"""

import math
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from ...numbers.operations import EPSILON, MASKED, l2, word_mask
from ...pairs import Pairs
from .published import GateFusionNew, Summary

if TYPE_CHECKING:
    from .system import Camp

# Pairs whose products stay in the cache of a CPU together; a GPU wants more.
_CHUNK = {"cpu": 256}
_LARGE_CHUNK = 4096


class Images(NamedTuple):
    """Features [I, R, D], queries and keys of the attentions, both parts of the fusion maps, Gram matrices [I, R, R] of
    the features and of the attention among messages to words."""

    v: Tensor
    query: Tensor
    key: Tensor
    a: Tensor
    b: Tensor
    gram: Tensor
    refine: Tensor


class Captions(NamedTuple):
    """The same of captions, [C, T, D] and [C, T, T], and which positions are words [C, T]."""

    w: Tensor
    query: Tensor
    key: Tensor
    a: Tensor
    b: Tensor
    gram: Tensor
    refine: Tensor
    mask: Tensor


Side = TypeVar("Side", Images, Captions)


class GateFusionPairs(Pairs):
    """Captions of like length are scored together, without much padding."""

    def __init__(self, system: "Camp", v: Tensor, w: Tensor, lengths: Tensor) -> None:
        super().__init__(system, v, w, lengths)
        self._scorer: GateFusionNew = system.scorer
        self._images = image_side(self._scorer, v)
        self._captions = caption_side(self._scorer, w, lengths)

    def chosen(self, images: Tensor, captions: Tensor) -> Tensor:
        lengths = self.lengths[captions]
        order = lengths.argsort()
        scores = [logits(self._scorer, taken(self._images, images[rows]),
                         trimmed(taken(self._captions, captions[rows]), int(lengths[rows[-1]])))
                  for rows in order.split(_CHUNK.get(lengths.device.type, _LARGE_CHUNK))]
        return torch.cat(scores)[order.argsort()]

    def all(self) -> Tensor:
        rows = torch.arange(len(self.v) * len(self.w), device=self.v.device)
        images = torch.div(rows, len(self.w), rounding_mode="floor")
        return self.chosen(images, rows % len(self.w)).view(len(self.v), len(self.w))


def image_side(scorer: GateFusionNew, v: Tensor) -> Images:
    """Of features [I, R, D]."""
    root = math.sqrt(v.shape[-1])
    return Images(
        v, scorer.img_query_fc(v) / root, scorer.img_key_fc(v) / root,
        v @ _halves(scorer, scorer.fc_1)[0], v @ _halves(scorer, scorer.fc_2)[1], v @ v.transpose(1, 2),
        scorer.weighted_img_query_fc(v) @ scorer.weighted_img_key_fc(v).transpose(1, 2) / root)


def caption_side(scorer: GateFusionNew, w: Tensor, lengths: Tensor) -> Captions:
    """Of features [C, T, D] and lengths [C]."""
    return Captions(
        w, scorer.txt_query_fc(w), scorer.txt_key_fc(w),
        w @ _halves(scorer, scorer.fc_2)[0], w @ _halves(scorer, scorer.fc_1)[1], w @ w.transpose(1, 2),
        scorer.weighted_txt_query_fc(w) @ scorer.weighted_txt_key_fc(w).transpose(1, 2) / math.sqrt(w.shape[-1]),
        word_mask(lengths, w.shape[1]))


def taken(side: Side, rows: Tensor) -> Side:
    """The side's items at `rows`, one a pair."""
    return type(side)(*(x.index_select(0, rows) for x in side))


def trimmed(captions: Captions, length: int) -> Captions:
    """The captions without the positions behind `length`."""
    return Captions(
        *(x[:, :length] for x in captions[:5]), captions.gram[:, :length, :length],
        captions.refine[:, :length, :length], captions.mask[:, :length])


def logits(scorer: GateFusionNew, images: Images, captions: Captions) -> Tensor:
    """[P] from gathered sides of P pairs."""
    hidden = (~captions.mask).float().unsqueeze(1) * MASKED  # [P, 1, T]
    to_regions = torch.softmax(images.query @ captions.key.transpose(1, 2) + hidden, dim=-1)
    to_words = torch.softmax(captions.query @ images.key.transpose(1, 2), dim=-1)
    among_regions = torch.softmax(to_regions @ captions.refine @ to_regions.transpose(1, 2), dim=-1)
    among_words = torch.softmax(to_words @ images.refine @ to_words.transpose(1, 2) + hidden, dim=-1)
    similar = images.v @ captions.w.transpose(1, 2)  # [P, R, T]
    r = _summarised(images.v, images.a, captions.b, captions.gram, among_regions @ to_regions, similar,
                    scorer.final_reduce_1, None)
    t = _summarised(captions.w, captions.a, images.b, images.gram, among_words @ to_words, similar.transpose(1, 2),
                    scorer.final_reduce_2, hidden.transpose(1, 2))
    return scorer.head(l2(r), l2(t))


def _halves(scorer: GateFusionNew, layer: nn.Sequential) -> tuple[Tensor, Tensor]:
    """The maps [D, D] of a fusion layer for the feature and for its message; equal for `sum`."""
    whole = layer[0].weight.t()
    return (whole[:len(whole) // 2], whole[len(whole) // 2:]) if scorer.concat else (whole, whole)


def _summarised(x: Tensor, own: Tensor, other: Tensor, gram: Tensor, attention: Tensor, similar: Tensor,
                summary: Summary, hidden: Tensor | None) -> Tensor:
    """One side, from its composed attention over the other: gate, fusion, residual, summary."""
    norm = ((attention @ gram) * attention).sum(-1, keepdim=True).clamp_min(1e-12).sqrt() + EPSILON
    gate = torch.sigmoid((attention * similar).sum(-1, keepdim=True) / norm)
    # The gate is positive, so it may leave the ReLU.
    fused = torch.baddbmm(own, attention / norm, other).relu() * gate + x
    e = summary.linear(fused)
    weights = torch.softmax(e if hidden is None else e + hidden, dim=1).mean(dim=-1, keepdim=True)
    return (weights.transpose(1, 2) @ fused).squeeze(1)
