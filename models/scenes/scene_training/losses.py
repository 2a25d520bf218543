"""Binary cross-entropy over negatives of a batch. Image i and caption i belong together."""

import torch
from torch.nn.functional import softplus

from .pairs import detach, logits, score_all, take


def all_negatives(scorer, images, captions, negatives, generator):
    """Every image and every caption against `negatives` others, one of them its neighbour (a twin, maybe)."""
    n = images.v.shape[0]
    own = torch.arange(n)
    steps = torch.randint(1, n, (negatives - 1, n), generator=generator)
    others = torch.cat([(own ^ 1).unsqueeze(0), (own + steps) % n]).flatten()
    i, c = torch.cat([own, own.repeat(negatives)]), torch.cat([own, others])
    x = logits(scorer, take(images, i), take(captions, c))
    return 2 * softplus(-x[:n]).mean() + 2 * softplus(x[n:]).mean()


def hardest_negatives(scorer, images, captions):
    """The paper's loss: −(2 Σ log m(I,S) + Σ min log(1−m(I,S')) + Σ min log(1−m(I',S))), per item.

    All pairs are scored without gradients to find the hardest; the gradient runs through three
    pairs an item.
    """
    n = images.v.shape[0]
    own = torch.arange(n)
    with torch.no_grad():
        scores = score_all(scorer, detach(images), detach(captions))
        scores.fill_diagonal_(-1e9)
    i = torch.cat([own, own, scores.argmax(dim=0)])
    c = torch.cat([own, scores.argmax(dim=1), own])
    x = logits(scorer, take(images, i), take(captions, c))
    return (2 * softplus(-x[:n]).sum() + softplus(x[n:]).sum()) / n
