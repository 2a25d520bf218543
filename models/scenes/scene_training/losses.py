"""Binary cross-entropy over negatives of a batch. Image i and caption i belong together."""

import torch
from torch.nn.functional import softplus

from .pairs import detach, score_pairs


def all_negatives(scorer, images, captions, negatives, generator):
    """Every image and every caption against `negatives` others, one of them its neighbour (a twin, maybe)."""
    n = images.v.shape[0]
    own = torch.arange(n)
    steps = torch.randint(1, n, (negatives - 1, n), generator=generator)
    others = torch.cat([(own ^ 1).unsqueeze(0), (own + steps) % n]).flatten()
    i, c = torch.cat([own, own.repeat(negatives)]), torch.cat([own, others])
    x = score_pairs(scorer, images, captions, i, c)
    return 2 * softplus(-x[:n]).mean() + 2 * softplus(x[n:]).mean()


def hardest_negatives(scorer, images, captions, coarse, candidates):
    """The paper's loss: −(2 Σ log m(I,S) + Σ min log(1−m(I,S')) + Σ min log(1−m(I',S))), per item.

    Which negative is the hardest is found without gradients, among the `candidates` nearest by the
    coarse scores `coarse [n, n]` and the neighbour (a twin, maybe); the gradient runs through three
    pairs an item.
    """
    n = images.v.shape[0]
    own = torch.arange(n)
    coarse = coarse.masked_fill(torch.eye(n, dtype=torch.bool), -1e9)
    coarse[own, own ^ 1] = 1e9
    with torch.no_grad():
        still_images, still_captions = detach(images), detach(captions)
        near_captions = coarse.topk(candidates, dim=1).indices                      # n, m
        near_images = coarse.t().topk(candidates, dim=1).indices
        again = own.repeat_interleave(candidates)
        i = torch.cat([again, near_images.flatten()])
        c = torch.cat([near_captions.flatten(), again])
        x = score_pairs(scorer, still_images, still_captions, i, c).view(2, n, candidates)
        hardest_caption = near_captions.gather(1, x[0].argmax(dim=1, keepdim=True)).squeeze(1)
        hardest_image = near_images.gather(1, x[1].argmax(dim=1, keepdim=True)).squeeze(1)
    i = torch.cat([own, own, hardest_image])
    c = torch.cat([own, hardest_caption, own])
    x = score_pairs(scorer, images, captions, i, c)
    return (2 * softplus(-x[:n]).sum() + softplus(x[n:]).sum()) / n
