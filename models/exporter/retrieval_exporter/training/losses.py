"""What training minimises, over a batch of n pairs. Image i and caption i belong together.

`values` are what `Pairs` gives: the logit where the score m is a sigmoid, else the score.

    hinge:          sum max(0, margin + m(I,S') - m(I,S)) + sum max(0, margin + m(I',S) - m(I,S))
    cross-entropy:  -(2 sum log m(I,S) + sum log(1 - m(I,S')) + sum log(1 - m(I',S)))

S' and I' are the hardest negatives, or all. All negatives count as a sum in the hinge, as in the published code, and as
their mean in the cross-entropy, where the sum would drown the n own pairs. Losses are a pair's share.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

SHARPNESS = 20.0


@dataclass(frozen=True)
class Loss:
    """`name` of the two losses; `probability`: whether the score is a sigmoid."""

    name: str
    margin: float
    probability: bool

    def of_hardest(self, own: Tensor, captions: Tensor, images: Tensor, counts: Tensor) -> Tensor:
        """Values [n] of the own pairs, of each image with its hardest caption, of each caption with its hardest image.
        `counts` [2, n]: whether there is such a negative at all."""
        if self.name == "hinge":
            own, captions, images = (self._score(x) for x in (own, captions, images))
            costs = torch.stack((self.margin + captions - own, self.margin + images - own)).relu()
            return (costs * counts).sum() / len(own)
        costs = softplus(torch.stack((captions, images))) * counts
        return (2 * softplus(-own).sum() + costs.sum()) / len(own)

    def of_all(self, own: Tensor, others: Tensor, images: Tensor, captions: Tensor) -> Tensor:
        """Values [n] of the own pairs, and [P] of negatives with the numbers [P] of their images and captions. Each is
        a negative of both."""
        if self.name == "hinge":
            own, others = self._score(own), self._score(others)
            costs = (self.margin + others - own[images]).relu() + (self.margin + others - own[captions]).relu()
            return costs.sum() / len(own)
        return 2 * softplus(-own).mean() + 2 * softplus(others).sum() / max(1, len(others))

    def _score(self, values: Tensor) -> Tensor:
        return torch.sigmoid(values) if self.probability else values


def contrast(scores: Tensor, negatives: Tensor) -> Tensor:
    """Cross-entropy of the own pairs among cosines [n, n], in both directions. `negatives` [n, n]: which pairs are.

    Of heads that look for hard negatives it made three times as many right at rank 1 as a hinge with the hardest.
    """
    own = torch.arange(len(scores), device=scores.device)
    logits = (SHARPNESS * scores).masked_fill(~(negatives | torch.eye(len(own), dtype=torch.bool, device=own.device)),
                                              float("-inf"))
    return cross_entropy(logits, own) + cross_entropy(logits.t(), own)
