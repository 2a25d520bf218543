"""What a system finds on the dev split, without a shortlist: every image is scored with every caption."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import ExportError
from ..reading.captions import padded
from ..reading.splits import Split

if TYPE_CHECKING:
    from .learner import Learner

DEPTHS = (1, 5, 10)
_BLOCK = 128


@dataclass(frozen=True)
class Recalls:
    """R@1, R@5 and R@10 in percent, caption to image and image to caption."""

    to_image: tuple[float, ...]
    to_caption: tuple[float, ...]

    @property
    def sum(self) -> float:
        """What papers call rsum."""
        return sum(self.to_image) + sum(self.to_caption)

    def __str__(self) -> str:
        a, b = (" ".join(f"{value:.1f}" for value in side) for side in (self.to_image, self.to_caption))
        return f"R@1/5/10 caption to image {a}, image to caption {b}, rsum {self.sum:.1f}"


def recalls(values: Tensor, captions_per_image: int) -> Recalls:
    """[I, C] of all pairs, the captions of an image consecutive; the best of them counts. What ties with the own item
    comes before it: a system that gives all pairs the same has found nothing."""
    images, captions = values.shape
    own = torch.arange(captions) // captions_per_image
    mine = values[own, torch.arange(captions)]
    to_image = (values >= mine).sum(dim=0) - 1
    best = mine.view(images, captions_per_image).max(dim=1).values
    others = values.masked_fill(own == torch.arange(images).unsqueeze(1), float("-inf"))
    to_caption = (others >= best.unsqueeze(1)).sum(dim=1)
    return Recalls(*(tuple(100 * int((rank < depth).sum()) / len(rank) for depth in DEPTHS)
                     for rank in (to_image, to_caption)))


class Dev:
    """The first `images` of a split and the first `captions` of each, 0 for all. `ids`: tokens of the split's
    captions."""

    def __init__(self, split: Split, ids: Sequence[np.ndarray], images: int, captions: int) -> None:
        self._split = split
        self._images = min(images, split.images)
        self._per_image = min(captions or split.captions_per_image, split.captions_per_image)
        self._ids = [ids[image * split.captions_per_image + place]
                     for image in range(self._images) for place in range(self._per_image)]

    def measure(self, learner: "Learner", pretraining: bool) -> Recalls:
        """By the scores of the pre-training, or by the system's own."""
        was = learner.training
        learner.eval()
        values = torch.empty(self._images, len(self._ids))
        # Captions of like length together: less padding.
        order = np.argsort([len(row) for row in self._ids], kind="stable")
        with torch.no_grad():
            v = torch.cat([learner.encode_images(torch.from_numpy(self._split.features(rows)))
                           for rows in _parts(np.arange(self._images))])
            for chosen in _parts(order):
                values[:, torch.from_numpy(chosen)] = self._of_captions(learner, v, chosen, pretraining).float().cpu()
        learner.train(was)
        if not torch.isfinite(values).all():
            raise ExportError(f"{self._split.name}: scores are not finite; try a smaller --rate")
        return recalls(values, self._per_image)

    def _of_captions(self, learner: "Learner", v: Tensor, chosen: np.ndarray, pretraining: bool) -> Tensor:
        system = learner.system
        table, lengths = (torch.from_numpy(x).to(v.device) for x in padded([self._ids[c] for c in chosen]))
        w = learner.words(table, lengths)
        return torch.cat([system.pretraining_scores(part, w, lengths) if pretraining else
                          system.pairs(part, w, lengths).all() for part in v.split(_BLOCK)])


def _parts(numbers: np.ndarray) -> list[np.ndarray]:
    return [numbers[first:first + _BLOCK] for first in range(0, len(numbers), _BLOCK)]
