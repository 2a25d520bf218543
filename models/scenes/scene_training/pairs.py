"""GateFusionNew for many pairs of few items: what depends on one side alone is computed once a side.

Linear maps commute with attention, so keys, gates and the fusion maps are taken per image and per
caption; only products of attention maps and one width-D layer remain per pair. The weights are those
of the published module, and `logits` equals its `logits` up to rounding (tests hold the two together).

The exporter's serving form is the same algebra over weights that it has multiplied together in float64. Weights in
training change at every step and need gradients, so here it is written over the weights themselves.
"""

import math
from collections import namedtuple

import torch

from retrieval_exporter.numbers.operations import EPSILON, MASKED, l2, word_mask

Images = namedtuple("Images", "v query key a b gram refine")
Captions = namedtuple("Captions", "w query key a b gram refine mask")


def image_side(scorer, v):
    d = v.shape[-1]
    return Images(
        v, scorer.img_query_fc(v) / math.sqrt(d), scorer.img_key_fc(v) / math.sqrt(d),
        v @ scorer.fc_1[0].weight[:, :d].t(), v @ scorer.fc_2[0].weight[:, d:].t(), v @ v.transpose(1, 2),
        scorer.weighted_img_query_fc(v) @ scorer.weighted_img_key_fc(v).transpose(1, 2) / math.sqrt(d))


def caption_side(scorer, w, lengths):
    d = w.shape[-1]
    return Captions(
        w, scorer.txt_query_fc(w), scorer.txt_key_fc(w),
        w @ scorer.fc_2[0].weight[:, :d].t(), w @ scorer.fc_1[0].weight[:, d:].t(), w @ w.transpose(1, 2),
        scorer.weighted_txt_query_fc(w) @ scorer.weighted_txt_key_fc(w).transpose(1, 2) / math.sqrt(d),
        word_mask(lengths, w.shape[1]))


def take(side, rows):
    """The side's items at `rows`, one a pair."""
    return type(side)(*(x.index_select(0, rows) for x in side))


def detach(side):
    return type(side)(*(x.detach() for x in side))


def logits(scorer, images, captions):
    """[P] from gathered sides of P pairs."""
    hidden = (~captions.mask).float().unsqueeze(1) * MASKED                             # P, 1, T
    to_regions = torch.softmax(images.query @ captions.key.transpose(1, 2) + hidden, dim=-1)
    to_words = torch.softmax(captions.query @ images.key.transpose(1, 2), dim=-1)
    among_regions = torch.softmax(to_regions @ captions.refine @ to_regions.transpose(1, 2), dim=-1)
    among_words = torch.softmax(to_words @ images.refine @ to_words.transpose(1, 2) + hidden, dim=-1)
    similar = images.v @ captions.w.transpose(1, 2)                                     # P, R, T
    r = _fused(images.v, images.a, captions.b, captions.gram, among_regions @ to_regions, similar,
               scorer.final_reduce_1, None)
    t = _fused(captions.w, captions.a, images.b, images.gram, among_words @ to_words, similar.transpose(1, 2),
               scorer.final_reduce_2, hidden.transpose(1, 2))
    return scorer.head(l2(r), l2(t))


def _fused(x, own, other, gram, attention, similar, summary, hidden):
    """One side, from its composed attention over the other: gate, fusion, residual, summary."""
    norm = ((attention @ gram) * attention).sum(-1, keepdim=True).clamp_min(1e-12).sqrt() + EPSILON
    gate = torch.sigmoid((attention * similar).sum(-1, keepdim=True) / norm)
    # The gate is positive, so it may leave the ReLU.
    fused = torch.baddbmm(own, attention / norm, other).relu() * gate + x
    e = summary.linear(fused)
    weights = torch.softmax(e if hidden is None else e + hidden, dim=1).mean(dim=-1, keepdim=True)
    return (weights.transpose(1, 2) @ fused).squeeze(1)


def trim(captions, length):
    """The captions without the positions behind `length`."""
    return Captions(
        *(x[:, :length] for x in captions[:5]), captions.gram[:, :length, :length],
        captions.refine[:, :length, :length], captions.mask[:, :length])


def score_pairs(scorer, images, captions, i, c, chunk=256):
    """Logits [P] of the pairs (i, c): captions of like length together, in chunks that stay in the cache."""
    lengths = captions.mask.sum(dim=1)[c]
    order = lengths.argsort()
    scores = [logits(scorer, take(images, i[rows]), trim(take(captions, c[rows]), int(lengths[rows[-1]])))
              for rows in order.split(chunk)]
    return torch.cat(scores)[order.argsort()]


def score_all(scorer, images, captions):
    """Logits [N, C] of all pairs."""
    n, c = images.v.shape[0], captions.w.shape[0]
    rows = torch.arange(n * c)
    return score_pairs(scorer, images, captions, rows // c, rows % c).view(n, c)
