"""Fits the order by both stages on the dev split: the coarse weight and the shortlist of each direction."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Coarse weights that are tried, in units of (spread of the scorer's values) / (spread of the coarse scores).
_RATIOS = (0.0, *(2.0 ** (step / 2) for step in range(-10, 7)))
_DEPTHS = (1, 5, 10)
# Points of R@1, R@5 and R@10 that a shortlist may lose against the one with the best sum of the three.
_ALLOWED = 0.2
_SMALLEST = 10
_STEP = 5
_ROWS = 512


@dataclass(frozen=True)
class Order:
    """A direction's weight and shortlist, and R@1, R@5, R@10 in percent: by the scorer alone and by both stages from
    that shortlist, and by both from the longest that was tried, `tried`."""

    weight: float
    shortlist: int
    alone: tuple[float, ...]
    both: tuple[float, ...]
    longest: tuple[float, ...]
    tried: int

    def __str__(self) -> str:
        alone, both, longest = (" / ".join(f"{x:.1f}" for x in recall)
                                for recall in (self.alone, self.both, self.longest))
        return (f"coarse weight {self.weight:g}, shortlist {self.shortlist}: dev R@1 / 5 / 10 {both} by both stages, "
                f"{alone} by the scorer alone; {longest} by both from {self.tried}")


def sample(count: int, limit: int) -> np.ndarray:
    """At most `limit` of `count` numbers, evenly spaced."""
    return np.arange(count) if count <= limit else np.arange(limit) * count // limit


def of_captions(images: Tensor, captions: Tensor, queries: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """The `size` best images of each caption in `queries`, by embeddings [N, E] and [C, E], as pairs in coarse order:
    numbers of `images` and `captions` and their `coarse` scores, each [Q, size]."""
    items, coarse = _nearest(captions[torch.from_numpy(queries).to(captions.device)], images, size)
    return {"images": items, "captions": np.broadcast_to(queries[:, None], items.shape), "coarse": coarse}


def of_images(images: Tensor, captions: Tensor, queries: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """The `size` best captions of each image in `queries`, as above."""
    items, coarse = _nearest(images[torch.from_numpy(queries).to(images.device)], captions, size)
    return {"images": np.broadcast_to(queries[:, None], items.shape), "captions": items, "coarse": coarse}


def fit(coarse: np.ndarray, own: np.ndarray, values: np.ndarray) -> Order:
    """[Q, K] each: coarse scores, whether an item is the query's own, and the scorer's logits, or its scores where it
    has no logits."""
    values, coarse = values.astype(np.float64), coarse.astype(np.float64)
    spread = values.std(axis=1).mean() / max(coarse.std(axis=1).mean(), 1e-12)
    weights = [float(f"{ratio * spread:.3g}") for ratio in _RATIOS]
    # The mean reciprocal rank counts every query, where R@1 jumps: among weights that differ little it chooses steadier.
    weight = max(weights, key=lambda a: (1 / ranks(values + a * coarse, own)).mean())
    both = values + weight * coarse
    sizes = [*range(_SMALLEST, values.shape[1], _STEP), values.shape[1]]
    found = {size: recalls(both[:, :size], own[:, :size]) for size in sizes}
    best = np.array(max(found.values(), key=sum))
    shortlist = next(size for size in sizes if (np.array(found[size]) >= best - _ALLOWED - 1e-9).all())
    return Order(weight, shortlist, recalls(values[:, :shortlist], own[:, :shortlist]), found[shortlist],
                 found[sizes[-1]], sizes[-1])


def ranks(values: np.ndarray, own: np.ndarray) -> np.ndarray:
    """[Q, K] values in coarse order -> [Q] rank from 1 of a query's first own item, infinite without one. Of equal
    values the first in coarse order comes first, as in an answer."""
    order = np.argsort(-values, axis=1, kind="stable")
    ordered = np.take_along_axis(own, order, axis=1)
    return np.where(ordered.any(axis=1), ordered.argmax(axis=1) + 1.0, np.inf)


def recalls(values: np.ndarray, own: np.ndarray) -> tuple[float, ...]:
    """R@1, R@5, R@10 in percent."""
    rank = ranks(values, own)
    return tuple(round(100 * float((rank <= depth).mean()), 2) for depth in _DEPTHS)


def _nearest(queries: Tensor, bank: Tensor, size: int) -> tuple[np.ndarray, np.ndarray]:
    parts = [(rows @ bank.t()).topk(size, dim=1) for rows in queries.split(_ROWS)]
    return (torch.cat([part.indices for part in parts]).cpu().numpy(),
            torch.cat([part.values for part in parts]).cpu().numpy())
