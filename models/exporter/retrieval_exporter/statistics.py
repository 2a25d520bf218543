"""Statistics of the region features that a model learned from: what the service compares the features of a corpus with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .coarse.entries import Entries
from .errors import ExportError
from .reading.splits import Split, finite_features, open_features

_MOST_IMAGES = 2**40
# Enough for a mean and a deviation of every feature, and read in seconds.
_IMAGES = 2000
_BLOCK = 64
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class FeatureStatistics:
    """Of the regions of `images` images, spread evenly over a split: `mean` and standard `deviation` [W] of every
    feature, and the quantiles 5, 25, 50, 75 and 95 % of the regions' Euclidean `norms` [5]. Float32."""

    images: int
    mean: np.ndarray
    deviation: np.ndarray
    norms: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """As a bundle stores them."""
        return {"images": np.array(self.images, np.int64), "mean": self.mean, "deviation": self.deviation,
                "norms": self.norms}

    def entries(self) -> dict[str, int | Tensor]:
        """As a checkpoint stores them."""
        return {name: int(array) if array.ndim == 0 else torch.from_numpy(array)
                for name, array in self.arrays().items()}


def of_split(split: Split) -> FeatureStatistics:
    """Of a split that is learned from."""
    return _of(split.features, split.images, split.image_file)


def of_file(path: Path | str) -> FeatureStatistics:
    """Of an .npy of features [N, R, W]."""
    rows = open_features(Path(path))
    return _of(lambda images: finite_features(rows, images, path), len(rows), path)


def of_entries(entries: Entries, width: int) -> FeatureStatistics:
    """The inverse of `FeatureStatistics.entries`, of a model whose regions have `width` features."""
    images = int(entries.numbers("images"))
    if not 1 <= images <= _MOST_IMAGES:
        raise entries.error(f"images is {images}, expected at least one image")
    found = FeatureStatistics(images, *(np.asarray(entries.numbers(name, size), np.float32)
                                        for name, size in (("mean", width), ("deviation", width), ("norms", len(_QUANTILES)))))
    entries.finish()
    if (found.deviation < 0).any() or (found.norms < 0).any() or (np.diff(found.norms) < 0).any():
        raise entries.error("no statistics of features: expected deviations that are not negative, and "
                            "quantiles of norms in ascending order")
    return found


def _of(features: Callable[[np.ndarray], np.ndarray], images: int, path: Path | str) -> FeatureStatistics:
    count = min(images, _IMAGES)
    chosen = np.arange(count) * images // count
    total, squares, norms = 0.0, 0.0, []
    for first in range(0, count, _BLOCK):
        block = features(chosen[first:first + _BLOCK]).astype(np.float64)
        rows = block.reshape(-1, block.shape[-1])
        total, squares = total + rows.sum(axis=0), squares + (rows * rows).sum(axis=0)
        norms.append(np.linalg.norm(rows, axis=1))
    joined = np.concatenate(norms)
    mean = total / len(joined)
    deviation = np.sqrt(np.maximum(squares / len(joined) - mean * mean, 0))
    with np.errstate(over="ignore"):
        found = [array.astype(np.float32) for array in (mean, deviation, np.quantile(joined, _QUANTILES))]
    if not all(np.isfinite(array).all() for array in found):
        raise ExportError(f"{path}: the features are too large for statistics in float32")
    return FeatureStatistics(count, *found)
