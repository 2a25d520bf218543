"""Serving form of the paper's model (equations 1 to 13).

Its gates act on single channels, so nothing after them commutes with the attention: the affinity folds and
the rest is computed per pair. `fast` and `compact` are the same here.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ...numbers.operations import masked_softmax, word_mask
from ...settings import Settings
from . import folding
from .published import PairScorer
from .serving import Folded


class ServingPaper(Folded):
    """Records are `v` and `w`; the two projections of the affinity are one matrix on the query's side."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings)
        root = math.sqrt(self.embed_size)
        for name in ("fuse_img", "fuse_txt", "mlp_hidden", "mlp_out"):
            layer = getattr(scorer, name)
            self.keep(name, folding.matrix(layer))
            self.keep(name + "_bias", layer.bias.detach())
        for name in ("agg_img", "agg_txt"):
            layer = getattr(scorer, name)
            # The bias is the same for every position, and a softmax does not see it.
            self.keep(name, folding.matrix(layer) / root)

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {"v": v}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        return {"w": w}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor:
        m = self.math
        v, w = image["v"], caption["w"]
        mask = word_mask(lengths, w.shape[1])
        a_r, a_w, _ = self.attentions(image, caption, mask)
        r = self.pooled(self.fused(v, m.product(a_r, w), self.fuse_img, self.fuse_img_bias), self.agg_img)
        t = self.pooled(self.fused(w, m.product(a_w, v), self.fuse_txt, self.fuse_txt_bias), self.agg_txt, mask)
        hidden = m.relu(m.linear(m.narrow(r + t), self.mlp_hidden, self.mlp_hidden_bias))
        return self.outcome(m.wide(m.linear(hidden, self.mlp_out, self.mlp_out_bias))).squeeze(-1)

    def fused(self, x: Tensor, message: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
        """Equations 5 to 8: [P, N, D] -> [P, N, D]."""
        m = self.math
        gate = m.narrow(torch.sigmoid(m.wide(x * message)))
        return m.relu(m.linear(gate * (x + message), matrix, bias)) + x

    def pooled(self, x: Tensor, matrix: Tensor, mask: Tensor | None = None) -> Tensor:
        """Equations 9 and 10: [P, N, D] -> [P, D]."""
        m = self.math
        e = m.wide(m.linear(x, matrix)).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return m.wide(m.product(weights, x)).squeeze(1)
