"""Pre-training of encoders and cross attention, from which the gates start: as the authors do.

Each word attends to the regions of an image; the pair's relevance is the mean cosine of the words
with the messages they receive. All pairs of a batch cost two large products: the message itself
is never formed, its norm comes from the image's Gram matrix.
"""

import math

import torch
from torch.nn.functional import cross_entropy

from retrieval_exporter.numbers.operations import word_mask

SHARPNESS = 20.0


def relevance(scorer, v, w, lengths):
    """[n, m] mean cosines of n images [n, R, D] and m captions [m, T, D]."""
    n, r, d = v.shape
    m, t, _ = w.shape
    words = w.reshape(m * t, d)
    similar = v @ words.t()                                                    # n, R, m T
    keys = scorer.img_key_fc(v) / math.sqrt(d)
    attention = torch.softmax(keys @ scorer.txt_query_fc(words).t(), dim=1)
    norm = ((v @ v.transpose(1, 2) @ attention) * attention).sum(dim=1).clamp_min(1e-12).sqrt()
    cosine = (attention * similar).sum(dim=1) / (norm * words.norm(dim=1) + 1e-6)
    mask = word_mask(lengths, t).float()
    return (cosine.view(n, m, t) * mask).sum(dim=2) / lengths


def alignment_loss(scorer, v, w, lengths):
    """Cross-entropy of the own caption among the batch's, and of the own image."""
    scores = SHARPNESS * relevance(scorer, v, w, lengths)
    own = torch.arange(len(v))
    return cross_entropy(scores, own) + cross_entropy(scores.t(), own)


def start_gates(scorer):
    """The attention of regions over words starts as the one of words over regions, mirrored."""
    with torch.no_grad():
        scorer.img_query_fc.weight.copy_(scorer.img_key_fc.weight)
        scorer.txt_key_fc.weight.copy_(scorer.txt_query_fc.weight)
