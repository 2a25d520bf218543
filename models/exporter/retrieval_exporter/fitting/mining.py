"""Hard negatives: images that the present embedding finds for each other's captions."""

import numpy as np
import torch
from torch import Generator, Tensor

from ..coarse import Slots
from .embedding import embed_captions, embed_images
from .features import Features

# Neighbours are looked for within a random part of a large split: time and memory stay bounded.
_BLOCK = 8192
_ROWS = 1024


def neighbours(slots: Slots, features: Features, count: int, generator: Generator, device: torch.device) -> np.ndarray:
    """[N, count] numbers of the images nearest to a caption of each image, itself left out, nearest first."""
    n = features.images
    found = np.empty((n, count), np.int64)
    order = torch.randperm(n, generator=generator).numpy()
    parts = -(-n // _BLOCK)
    for block in np.array_split(order, parts):
        which = torch.randint(features.captions_per_image, (len(block),), generator=generator).numpy()
        images = embed_images(slots, features, block, device)
        captions = embed_captions(slots, features, block * features.captions_per_image + which, device)
        for first in range(0, len(block), _ROWS):
            scores = captions[first:first + _ROWS] @ images.t()
            own = torch.arange(first, first + len(scores), device=device)
            scores[own - first, own] = -torch.inf
            nearest = scores.topk(count, dim=1).indices.cpu().numpy()
            found[block[first:first + _ROWS]] = block[nearest]
    return found


def draw(near: np.ndarray, group: int, groups: int, generator: Generator) -> np.ndarray:
    """[groups, group] images: one drawn and `group - 1` of its neighbours in `near` [N, M], drawn too."""
    seeds = torch.randperm(len(near), generator=generator)[:groups]
    chosen = torch.rand(len(seeds), near.shape[1], generator=generator).argsort(dim=1)[:, :group - 1]
    others = near[seeds.numpy()[:, None], chosen.numpy()]
    return np.concatenate((seeds.numpy()[:, None], others), axis=1)


def draw_captions(images: np.ndarray, captions_per_image: int, generator: Generator) -> np.ndarray:
    """A caption of each image, in the shape of `images`."""
    which: Tensor = torch.randint(captions_per_image, images.shape, generator=generator)
    return images * captions_per_image + which.numpy()
