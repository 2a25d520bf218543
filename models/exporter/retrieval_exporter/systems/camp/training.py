"""How CAMP is trained: the numbers, and the pre-training of the cross attention from which the gates start.

The authors pre-train a model without gates. Here the attention is pre-trained alone, which costs two large products for
all pairs of a batch: each word attends to the regions of an image, and the relevance of the two is the mean cosine of
the words with the messages they receive. The message itself is never formed, its norm comes from the image's Gram
matrix.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from ...numbers.operations import word_mask
from ...recipe import Recipe
from . import folding
from .ablations import Steps
from .published import PairScorer

# Hardest-negative cross-entropy, the rate and its fall to a tenth, and the clipped gradient are the paper's.
FUSED = Recipe(loss="cross-entropy", pretraining_epochs=5)

# Without fusion the score is a cosine, and the loss the hinge of the paper's ablation.
COMPARED = Recipe(loss="hinge")


def recipe(name: str, steps: Steps) -> Recipe:
    """Of a system by its name and, of the paper's model, the steps that it has."""
    if "cross-attention" in name or not steps.scorer:
        return COMPARED
    return FUSED if steps.attention else replace(FUSED, pretraining_epochs=0)


def relevance(scorer: PairScorer, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
    """[I, C] mean cosines of images [I, R, D] and captions [C, T, D]."""
    images, captions, positions, width = len(v), len(w), w.shape[1], w.shape[2]
    query, key = folding.query_and_key(scorer)
    words = w.reshape(-1, width)
    keys = key(v) / math.sqrt(key.out_features)
    attention = torch.softmax(keys @ query(words).t(), dim=1)  # [I, R, C T]
    norm = ((v @ v.transpose(1, 2) @ attention) * attention).sum(dim=1).clamp_min(1e-12).sqrt()
    cosine = (attention * (v @ words.t())).sum(dim=1) / (norm * words.norm(dim=1) + 1e-6)
    mask = word_mask(lengths, positions).to(cosine.dtype)
    return (cosine.view(images, captions, positions) * mask).sum(dim=2) / lengths


def start_gates(scorer: PairScorer) -> None:
    """The attention of regions over words starts as the one of words over regions, mirrored. Where both share their
    maps it is so already."""
    if hasattr(scorer, "img_query_fc"):
        with torch.no_grad():
            scorer.img_query_fc.weight.copy_(scorer.img_key_fc.weight)
            scorer.txt_key_fc.weight.copy_(scorer.txt_query_fc.weight)
