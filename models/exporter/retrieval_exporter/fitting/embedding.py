"""The embeddings of whole splits, by slots that may still be in training."""

import numpy as np
import torch
from torch import Tensor

from ..coarse import Slots
from .features import Features
from .measures import Measures, measure

_IMAGES = 256
_CAPTIONS = 512


def embed_images(slots: Slots, features: Features, images: np.ndarray, device: torch.device) -> Tensor:
    """[B, E] of the images with these numbers."""
    with torch.no_grad():
        return torch.cat([slots.image(features.image_keys(rows, device)) for rows in _parts(images, _IMAGES)])


def embed_captions(slots: Slots, features: Features, captions: np.ndarray, device: torch.device) -> Tensor:
    """[B, E] of the captions with these numbers."""
    with torch.no_grad():
        return torch.cat([slots.caption(*features.caption_queries(rows, device))
                          for rows in _parts(captions, _CAPTIONS)])


def measure_slots(slots: Slots, features: Features, device: torch.device) -> Measures:
    """What the slots alone find in a split."""
    return measure(embed_images(slots, features, np.arange(features.images), device),
                   embed_captions(slots, features, np.arange(features.captions), device), features.captions_per_image)


def _parts(numbers: np.ndarray, size: int) -> list[np.ndarray]:
    return [numbers[first:first + size] for first in range(0, len(numbers), size)]
