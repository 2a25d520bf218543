"""The order of hits by both stages, as a bundle's manifest may say it."""

import math
from dataclasses import dataclass
from typing import Any

from .entries import Entries

TRANSFORMS = ("identity", "logit")

# Of a bundle's sizes, as the service has it.
LARGEST_SHORTLIST = 1 << 20

_TRANSFORM, _WEIGHT, _SHORTLIST = NAMES = ("ranking_transform", "ranking_coarse_weight", "ranking_shortlist")


@dataclass(frozen=True)
class Ranking:
    """Hits are ordered by `transform(score) + coarse_weight * coarse`, coarse the inner product of the embeddings, of a
    shortlist of `shortlist` items. Both are given a direction: text to image, image to text. Other values than the
    manifest may hold are a `ValueError`."""

    transform: str
    coarse_weight: tuple[float, float]
    shortlist: tuple[int, int]

    def __post_init__(self) -> None:
        if self.transform not in TRANSFORMS:
            raise ValueError(f"{_TRANSFORM} is {self.transform!r}, expected {' or '.join(TRANSFORMS)}")
        for weight in self.coarse_weight:
            if not math.isfinite(weight) or weight < 0:
                raise ValueError(f"{_WEIGHT} has {weight}, expected finite numbers, 0 at least")
        for size in self.shortlist:
            if not 1 <= size <= LARGEST_SHORTLIST:
                raise ValueError(f"{_SHORTLIST} has {size}, expected 1 to {LARGEST_SHORTLIST}")

    def manifest(self) -> dict[str, Any]:
        """The member `ranking` of bundle.json."""
        directions = [{"coarseWeight": weight, "shortlist": size}
                      for weight, size in zip(self.coarse_weight, self.shortlist)]
        return {"transform": self.transform, "textToImage": directions[0], "imageToText": directions[1]}


def ranking_of(entries: Entries, probability: bool) -> Ranking | None:
    """The three entries of a ranking, None if there is none of them. `probability`: whether the scorer's score is a
    sigmoid, which alone has a logit."""
    present = [name for name in NAMES if name in entries]
    if not present:
        return None
    if len(present) < len(NAMES):
        missing = next(name for name in NAMES if name not in entries)
        raise entries.error(f"{present[0]} without {missing}: the {len(NAMES)} entries of a ranking belong together")
    transform = entries.text(_TRANSFORM)
    weights = entries.take(_WEIGHT)
    if weights.dtype.kind not in "fiu" or weights.shape != (2,):
        raise entries.error(f"{_WEIGHT} has type {weights.dtype} and shape {list(weights.shape)}, expected 2 numbers")
    sizes = entries.take(_SHORTLIST)
    if sizes.dtype.kind not in "iu" or sizes.shape != (2,):
        raise entries.error(f"{_SHORTLIST} has type {sizes.dtype} and shape {list(sizes.shape)}, "
                            "expected 2 whole numbers")
    try:
        ranking = Ranking(transform, tuple(float(weight) for weight in weights), tuple(int(size) for size in sizes))
    except ValueError as error:
        raise entries.error(str(error))
    if transform == "logit" and not probability:
        raise entries.error(f"{_TRANSFORM} is 'logit', but the score of this system is no probability")
    return ranking
