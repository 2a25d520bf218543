"""The pairs of a batch, as training scores them."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from .system import System


class Pairs:
    """Features of I images and C captions, [C] lengths. What is scored is the logit where the score is a sigmoid, else
    the score; all of it can be differentiated.

    A system with a quicker equal way than the published scorer overrides both methods.
    """

    def __init__(self, system: "System", v: Tensor, w: Tensor, lengths: Tensor) -> None:
        self.system, self.v, self.w, self.lengths = system, v, w, lengths
        self._score = system.scorer.logits if system.probability else system.scorer
        # Scored a second time, what is drawn or kept of a batch would be drawn and kept twice.
        self._again = not draws(system.scorer)

    def chosen(self, images: Tensor, captions: Tensor) -> Tensor:
        """Numbers of images and captions [P] -> [P]."""
        return self._score(self.v[images], self.w[captions], self.lengths[captions])

    def all(self) -> Tensor:
        """[I, C]. One image at a time; with gradients its scores are computed again on the way back, so that memory
        holds what belongs to one image."""
        return torch.stack([self._of_image(image) for image in self.v])

    def _of_image(self, image: Tensor) -> Tensor:
        image = image.expand(len(self.w), *image.shape)
        if self._again and torch.is_grad_enabled():
            return checkpoint(self._score, image, self.w, self.lengths, use_reentrant=False)
        return self._score(image, self.w, self.lengths)


def draws(scorer: nn.Module) -> bool:
    """Whether a score in training depends on more than its pair: on dropout, or on the rest of the batch."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm)
               or isinstance(module, nn.modules.dropout._DropoutNd) and module.p > 0 for module in scorer.modules())
