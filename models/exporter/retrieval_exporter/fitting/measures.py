"""What an embedding alone finds on the dev split."""

from dataclasses import dataclass

import torch
from torch import Tensor

_INSIDE = 50
_ROWS = 1024


@dataclass(frozen=True)
class Measures:
    """Percentages, caption to image and image to caption: the own item first, and among the best 50. An image's own
    captions count as found with the first of them."""

    first: tuple[float, float]
    inside: tuple[float, float]

    def better_than(self, other: "Measures") -> bool:
        """By R@1 of both directions, then by the own item among the best 50."""
        return (sum(self.first), sum(self.inside)) > (sum(other.first), sum(other.inside))

    def __str__(self) -> str:
        (a, b), (c, d) = self.first, self.inside
        return f"dev R@1 {a:.1f} / {b:.1f}, own in {_INSIDE} {c:.1f} / {d:.1f}"


def measure(images: Tensor, captions: Tensor, captions_per_image: int) -> Measures:
    """Embeddings [N, E] of images and [C, E] of captions, those of an image consecutive."""
    own = torch.arange(len(captions), device=captions.device) // captions_per_image
    to_image, found = [], []
    for rows, owner in zip(captions.split(_ROWS), own.split(_ROWS)):
        scores = rows @ images.t()
        mine = scores.gather(1, owner.unsqueeze(1))
        to_image.append((scores > mine).sum(dim=1))
        found.append(mine.squeeze(1))
    best = torch.cat(found).view(len(images), captions_per_image).max(dim=1).values
    # The same products again: computed by other rows they may round differently, and own would not equal own.
    to_caption = torch.zeros(len(images), dtype=torch.int64, device=images.device)
    for rows in captions.split(_ROWS):
        to_caption += (rows @ images.t() > best).sum(dim=0)
    ranks = (torch.cat(to_image), to_caption)
    return Measures(*(tuple(100 * float((rank < depth).float().mean()) for rank in ranks) for depth in (1, _INSIDE)))
