"""How SGRAF is trained: the numbers, and the pairs of a batch."""

import torch
from torch import Tensor

from ...coarse import mean_regions
from ...pairs import Pairs
from ...recipe import Recipe

# As in the published commands for Flickr30K.
RECIPES = {"SGR": Recipe(epochs=40, update=30), "SAF": Recipe(epochs=30, update=20)}


class SimilarityPairs(Pairs):
    """The normalisations of a batch see what they see in the published code: every image once where images are pooled,
    all images with one caption of its own length where similarity vectors are filtered. A pair alone has no score of
    its own in training, so that chosen pairs are taken of all."""

    def chosen(self, images: Tensor, captions: Tensor) -> Tensor:
        return self.all()[images, captions]

    def all(self) -> Tensor:
        whole = self.system.scorer.v_global_w(self.v, mean_regions(self.v))
        return torch.stack([self._of_caption(whole, w[:n]) for w, n in zip(self.w, self.lengths.tolist())], dim=1)

    def _of_caption(self, whole: Tensor, w: Tensor) -> Tensor:
        """Pooled images [I, D] and the words [T, D] of a caption -> [I]."""
        words = torch.ones(len(self.v), len(w), dtype=torch.bool, device=w.device)
        w = w.expand(len(self.v), *w.shape)
        return self.system.scorer.parts_of(whole, self.v, w, words).logits
