"""Serving form of the pre-training stages whose messages are averaged, as the authors' own recipe trains them."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import pad

from ...numbers.operations import l2, mean_of, region_mask, word_mask
from .cross_attention import Messages
from .published import mean_weights


class ServingMean(Messages):
    """A mean of messages is a mean of attention rows, so that one message a side is formed. `fast` and `compact` are
    the same."""

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        v, w = image["v"], caption["w"]
        regions = region_mask(counts, v)
        a_r, a_w, _ = self.attentions(image, caption, word_mask(lengths, w.shape[1]), regions)
        # A padded word, whose feature is zero, attends to every region alike. It is the last row.
        if regions is None:
            a_w = pad(a_w, (0, 0, 0, 1), value=1.0 / self.most_regions)
        else:
            alike = regions / counts.unsqueeze(1)
            a_w = torch.cat((a_w, alike.unsqueeze(1).expand(a_w.shape[0], 1, a_w.shape[2])), dim=1)
        a_r, a_w = self.refined_pair(a_r, a_w, image, caption, word_mask(lengths, w.shape[1] + 1), regions)
        r = self.math.product(mean_of(a_r, regions, keepdim=True), w)
        t = self.math.product(mean_weights(lengths, w.shape[1]).unsqueeze(1) @ a_w, v)
        return (l2(self.math.wide(r)) * l2(self.math.wide(t))).sum(dim=-1).squeeze(1)
