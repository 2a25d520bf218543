"""Serving form of the pre-training stages whose messages are averaged, as the authors' own recipe trains them."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import pad

from ...numbers.operations import l2, word_mask
from ...settings import Settings
from .cross_attention import Messages
from .published import PairScorer, mean_weights


class ServingMean(Messages):
    """A mean of messages is a mean of attention rows, so that one message a side is formed. `fast` and `compact` are
    the same."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings)
        self.regions = settings.regions

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor:
        v, w = image["v"], caption["w"]
        a_r, a_w, _ = self.attentions(image, caption, word_mask(lengths, w.shape[1]))
        # A padded word, whose feature is zero, attends to every region alike. It is the last row.
        a_w = pad(a_w, (0, 0, 0, 1), value=1.0 / self.regions)
        a_r, a_w = self.refined_pair(a_r, a_w, image, caption, word_mask(lengths, w.shape[1] + 1))
        r = self.math.product(a_r.mean(dim=1, keepdim=True), w)
        t = self.math.product(mean_weights(lengths, w.shape[1]).unsqueeze(1) @ a_w, v)
        return (l2(self.math.wide(r)) * l2(self.math.wide(t))).sum(dim=-1).squeeze(1)
