"""Batches of image-caption pairs. What a batch holds follows from its place alone, so that a training can go on from
any."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..reading.captions import padded
from ..reading.splits import Split

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Batch:
    """n pairs: numbers of the `images` [n], their `regions` [n, R, W], `token_ids` [n, T] and `lengths` [n] of the
    captions."""

    images: np.ndarray
    regions: Tensor
    token_ids: Tensor
    lengths: Tensor


class Batches:
    """An epoch has every caption once, with its image. `together`: images 2k and 2k + 1 are in one batch, each with the
    caption of the same place. `drawn`: so many regions of each image, drawn anew; 0 takes all."""

    def __init__(self, split: Split, ids: Sequence[np.ndarray], size: int, together: bool, drawn: int,
                 seed: int) -> None:
        self._split, self._ids, self._size, self._drawn, self._seed = split, ids, size, drawn, seed
        self._together = 2 if together else 1
        self.per_epoch = len(self._parts(np.arange(len(split.captions))))

    def captions(self, epoch: int, stage: int = 0) -> list[np.ndarray]:
        """Numbers of the captions of each batch of an epoch; another order in each stage."""
        captions = np.arange(len(self._split.captions)).reshape(-1, self._together, self._split.captions_per_image)
        groups = captions.transpose(0, 2, 1).reshape(-1, self._together)
        return self._parts(np.random.default_rng((self._seed, stage, epoch)).permutation(groups).reshape(-1))

    def load(self, captions: np.ndarray, step: int, stage: int = 0) -> Batch:
        """The batch of these captions, at a step of a stage."""
        images = captions // self._split.captions_per_image
        regions = self._split.features(images)
        if self._drawn:
            random = np.random.default_rng((self._seed, stage, step, self._drawn))
            order = random.random(regions.shape[:2]).argsort(axis=1)[:, :self._drawn]
            regions = np.take_along_axis(regions, order[:, :, None], axis=1)
        table, lengths = padded([self._ids[caption] for caption in captions])
        return Batch(images, torch.from_numpy(regions), torch.from_numpy(table), torch.from_numpy(lengths))

    def after(self, step: int, stage: int = 0) -> Iterator[Batch]:
        """All batches from a step on, epoch after epoch, each read while the one before is computed on."""
        return ahead(self._places(step, stage), lambda place: self.load(*place, stage))

    def _places(self, step: int, stage: int) -> Iterator[tuple[np.ndarray, int]]:
        while True:
            epoch, place = divmod(step, self.per_epoch)
            for captions in self.captions(epoch, stage)[place:]:
                yield captions, step
                step += 1

    def _parts(self, order: np.ndarray) -> list[np.ndarray]:
        """Batches; a last one without two pairs is left out, as it has no negatives."""
        parts = [order[first:first + self._size] for first in range(0, len(order), self._size)]
        return [part for part in parts if len(part) > 1]


def ahead(items: Iterable[Item], load: Callable[[Item], Loaded]) -> Iterator[Loaded]:
    """`load` of each item in order, one item ahead in another thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for item in items:
            previous, waiting = waiting, pool.submit(load, item)
            if previous is not None:
                yield previous.result()
        if waiting is not None:
            yield waiting.result()
