"""Serving form of the paper's model (equations 1 to 13) and of its ablations.

Its gates act on single channels, so nothing after them commutes with the attention: the affinity folds and
the rest is computed per pair. `fast` and `compact` are the same here.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ...numbers.operations import l2, masked_softmax, region_mask, word_mask
from ...settings import Settings
from . import folding
from .published import PairScorer
from .serving import Folded


class ServingPaper(Folded):
    """Records are `v` and `w`; the two projections of the affinity are one matrix on the query's side."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings)
        self.steps = scorer.steps
        root = math.sqrt(self.embed_size)
        for name, layer in scorer.named_children():
            if name.startswith(("fuse_", "mlp_")):
                self.keep(name, folding.matrix(layer))
                self.keep(name + "_bias", layer.bias.detach())
            elif name.startswith("agg_"):
                # The bias is the same for every position, and a softmax does not see it.
                self.keep(name, folding.matrix(layer) / root)

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {"v": v}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        return {"w": w}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        v, w = image["v"], caption["w"]
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        m_r, m_w = self.messages(image, caption, mask, regions)
        r = self.pooled(self.fused(v, m_r, "fuse_img"), "agg_img", regions)
        t = self.pooled(self.fused(w, m_w, "fuse_txt"), "agg_txt", mask)
        if not self.steps.scorer:
            return (l2(r) * l2(t)).sum(dim=-1)
        m = self.math
        hidden = m.relu(m.linear(m.narrow(r + t), self.mlp_hidden, self.mlp_hidden_bias))
        return self.outcome(m.wide(m.linear(hidden, self.mlp_out, self.mlp_out_bias))).squeeze(-1)

    def messages(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor],
                 mask: Tensor, regions: Tensor | None) -> tuple[Tensor, Tensor]:
        """Equations 1 to 4: messages to regions [P, R, D] and to words [P, T, D], or one for all of them."""
        v, w = image["v"], caption["w"]
        if not self.steps.attention:
            return self.mean(w, mask), self.mean(v, regions)
        a_r, a_w, _ = self.attentions(image, caption, mask, regions)
        return self.math.product(a_r, w), self.math.product(a_w, v)

    def fused(self, x: Tensor, message: Tensor, layer: str) -> Tensor:
        """Equations 5 to 8: [P, N, D] -> [P, N, D]."""
        m, steps = self.math, self.steps
        if not steps.fusion:
            return message
        gate = m.narrow(torch.sigmoid(m.wide(x * message))) if steps.gate else 1.0
        if steps.fusion == "concat":
            z = torch.cat((gate * x, gate * message.expand_as(x)), dim=-1)
        else:
            z = gate * (x + message if steps.fusion == "sum" else x * message)
        fused = m.relu(m.linear(z, getattr(self, layer), getattr(self, layer + "_bias")))
        return fused + x if steps.residual else fused

    def pooled(self, x: Tensor, layer: str, mask: Tensor | None = None) -> Tensor:
        """Equations 9 and 10: [P, N, D] -> [P, D]."""
        m = self.math
        if not self.steps.pooling:
            return m.wide(self.mean(x, mask)).squeeze(1)
        e = m.wide(m.linear(x, getattr(self, layer))).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return m.wide(m.product(weights, x)).squeeze(1)

    def mean(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """[P, N, D] -> [P, 1, D]: over the positions where `mask` is true, as a product."""
        weights = torch.ones(x.shape[:2], device=x.device) if mask is None else mask.float()
        return self.math.product((weights / weights.sum(dim=1, keepdim=True)).unsqueeze(1), x)
