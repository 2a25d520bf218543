"""What training minimises, over a batch of n images with one caption each: scores [n, n], captions by images."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

_HIDDEN = -1e9


def contrast(scores: Tensor, images: Tensor) -> Tensor:
    """Symmetric cross-entropy, own pairs on the diagonal. `images` [n] are the images' numbers: one that is in the
    batch twice is no negative of itself."""
    own = torch.arange(len(scores), device=scores.device)
    again = (images.unsqueeze(0) == images.unsqueeze(1)) & ~torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(again, _HIDDEN)
    return cross_entropy(scores, own) + cross_entropy(scores.t(), own)


def listwise(scores: Tensor, order: Tensor) -> Tensor:
    """The likelihood of an order under scores (Plackett and Luce), negative logarithm, mean over lists:
    -sum_i log(e^s_i / sum_{j >= i} e^s_j), items taken in that order. Of the scorer only its order is used.

    `scores` [L, g]; `order` [L, g]: the items of each list, best first.
    """
    ordered = scores.gather(1, order)
    rest = ordered.flip(1).logcumsumexp(dim=1).flip(1)
    return (rest - ordered).sum(dim=1).mean()
