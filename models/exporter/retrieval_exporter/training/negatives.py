"""Which pairs of a batch are scored against the own ones."""

import torch
from torch import Tensor

from ..pairs import Pairs

_NEVER, _ALWAYS = -1e9, 1e9


def negatives_of(images: Tensor) -> Tensor:
    """Numbers of a batch's images [n] -> [n, n], images by captions: whether a pair does not belong together. An image
    that is in the batch twice is no negative of its other caption."""
    return images.unsqueeze(1) != images.unsqueeze(0)


def hardest(values: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
    """[n, n] values -> of each image the hardest caption [n], of each caption the hardest image [n]."""
    values = values.masked_fill(~negatives, float("-inf"))
    return values.argmax(dim=1), values.argmax(dim=0)


def hardest_among(pairs: Pairs, near: Tensor, negatives: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The same, but only the `count` pairs of each image and of each caption that are first by `near` [n, n] are
    scored."""
    n, count = len(near), min(count, len(near) - 1)
    near_captions, near_images = near.topk(count, dim=1).indices, near.t().topk(count, dim=1).indices
    own = torch.arange(n, device=near.device).repeat_interleave(count)
    images, captions = torch.cat((own, near_images.flatten())), torch.cat((near_captions.flatten(), own))
    values = pairs.chosen(images, captions).masked_fill(~negatives[images, captions], float("-inf")).view(2, n, count)
    for_images, for_captions = (x.argmax(dim=1, keepdim=True) for x in values)
    return near_captions.gather(1, for_images).squeeze(1), near_images.gather(1, for_captions).squeeze(1)


def nearness(scores: Tensor, negatives: Tensor, together: bool) -> Tensor:
    """[n, n] scores by which candidates are chosen: own pairs last, and neighbours, where they are together, first."""
    near = scores.masked_fill(~negatives, _NEVER)
    if together:
        own = torch.arange(len(near), device=near.device)
        near[own, own ^ 1] = torch.where(negatives[own, own ^ 1], _ALWAYS, _NEVER)
    return near


def drawn(negatives: Tensor, count: int, together: bool) -> tuple[Tensor, Tensor]:
    """Images and captions [P] of all negatives, or of `count` of each image: its neighbour where they are together, the
    others drawn by PyTorch's generator. Each caption, too, is in `count` of them, before pairs that are none are left
    out."""
    n = len(negatives)
    if not count or count >= n - 1:
        images, captions = negatives.nonzero(as_tuple=True)
        return images, captions
    own = torch.arange(n)
    # One distance a row: whatever is drawn, each image and each caption is there once a row.
    others = (own + 1 + torch.randperm(n - 1)[:count - together].unsqueeze(1)) % n
    if together:
        others = torch.cat(((own ^ 1).unsqueeze(0), others))
    images, captions = own.repeat(count).to(negatives.device), others.flatten().to(negatives.device)
    kept = negatives[images, captions]
    return images[kept], captions[kept]
