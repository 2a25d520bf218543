"""Batches of groups: images that the embedding confuses lie in one group, one caption each."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from ..coarse import Slots
from . import mining
from .features import Features

# Images a group, and the neighbours it is drawn from.
GROUP = 8
_NEIGHBOURS = 16

# For an image, of those whose pairs the scorer scores. Small splits have no more to show.
_MOST_GROUPS = 32


@dataclass(frozen=True)
class ScoredGroups:
    """`images` and `captions` [G, g], numbers in their split, and what the scorer says of all pairs of a group:
    `logits` [G, g, g], captions by images."""

    images: np.ndarray
    captions: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True)
class Batch:
    """`images` and `captions` [n]. The first groups of it are scored, with the scorer's `logits` [G, g, g]."""

    images: np.ndarray
    captions: np.ndarray
    logits: Tensor


class Batches:
    """Half of each batch are scored groups, where there are any; the rest is mined by the embedding as of the last
    `refresh`."""

    def __init__(self, features: Features, size: int, generator: Generator, scored: ScoredGroups | None = None) -> None:
        self._features = features
        self._generator = generator
        self._scored = scored
        self._near = np.empty((0, 0), np.int64)
        self.group = group_size(features)
        groups = max(1, min(size, features.images) // self.group)
        self._of_scored = min(max(1, groups // 2), len(scored.images)) if scored else 0
        self._of_mined = max(1, groups - self._of_scored)

    def refresh(self, slots: Slots, device: torch.device) -> None:
        """Mines anew."""
        count = min(_NEIGHBOURS, self._features.images - 1)
        self._near = mining.neighbours(slots, self._features, count, self._generator, device)

    def next(self) -> Batch:
        images = mining.draw(self._near, self.group, self._of_mined, self._generator)
        captions = mining.draw_captions(images, self._features.captions_per_image, self._generator)
        logits = np.empty((0, self.group, self.group), np.float32)
        if self._scored:
            rows = torch.randperm(len(self._scored.images), generator=self._generator)[:self._of_scored].numpy()
            images = np.concatenate((self._scored.images[rows], images))
            captions = np.concatenate((self._scored.captions[rows], captions))
            logits = self._scored.logits[rows]
        return Batch(images.reshape(-1), captions.reshape(-1), torch.from_numpy(logits))


def group_size(features: Features) -> int:
    """Images of a group: fewer only where the split has fewer."""
    return min(GROUP, features.images)


def groups_to_score(slots: Slots, features: Features, pairs: int, generator: Generator,
                    device: torch.device) -> dict[str, np.ndarray]:
    """`images` and `captions` [G, g] of groups mined by `slots`, of about as many `pairs` in all, fewer for a small split."""
    size = group_size(features)
    pairs = min(pairs, _MOST_GROUPS * size * features.images)
    near = mining.neighbours(slots, features, min(_NEIGHBOURS, features.images - 1), generator, device)
    wanted = max(1, pairs // size**2)
    images = np.concatenate([mining.draw(near, size, min(len(near), wanted - first), generator)
                             for first in range(0, wanted, len(near))])
    return {"images": images, "captions": mining.draw_captions(images, features.captions_per_image, generator)}
