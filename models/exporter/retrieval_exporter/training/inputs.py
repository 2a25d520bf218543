"""Regions with every channel standardised on their way in, and image encoders that take them raw again."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ExportError
from ..reading.splits import Split
from ..system import System

_IMAGES = 1000
# Channels that hardly vary are not blown up.
_LEAST = 0.01


class Standardised:
    """(regions - mean) / scale, of the first images of a split. The first layer of the image encoder is linear, so that
    both can be folded into it."""

    def __init__(self, system: System, split: Split, device: torch.device) -> None:
        layer = getattr(system.regions, "fc", None)
        if not isinstance(layer, nn.Linear):
            raise ExportError(f"--standardise is not for {system.name}, whose image encoder does not begin with a "
                              "linear map")
        self._layer = layer
        rows = torch.from_numpy(split.features(np.arange(min(split.images, _IMAGES)))).flatten(0, 1)
        self._mean, self._scale = rows.mean(dim=0).to(device), rows.std(dim=0).to(device) + _LEAST

    def __call__(self, regions: Tensor) -> Tensor:
        return (regions - self._mean) / self._scale

    def unfold(self) -> None:
        """An encoder that took raw regions computes the same of standardised ones."""
        with torch.no_grad():
            self._layer.bias += self._layer.weight @ self._mean
            self._layer.weight *= self._scale

    @contextmanager
    def folded(self) -> Iterator[None]:
        """Within, the encoder takes raw regions."""
        kept = self._layer.weight.detach().clone(), self._layer.bias.detach().clone()
        with torch.no_grad():
            self._layer.weight /= self._scale
            self._layer.bias -= self._layer.weight @ self._mean
        try:
            yield
        finally:
            with torch.no_grad():
                self._layer.weight.copy_(kept[0])
                self._layer.bias.copy_(kept[1])
