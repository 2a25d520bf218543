"""Serving form of both gate fusions.

Left per pair at the feature width D: the first layer of the two summaries, 2 (R + T) D^2. Gates and norms are
folded into the small attention matrices or applied as one scalar a row.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ...fields import WORDS, Field
from ...numbers.integers import fine_product, narrowed
from ...numbers.operations import EPSILON, l2, region_mask, word_mask
from ...settings import Settings
from . import folding
from .published import PairScorer
from .serving import Folded, FoldedSummary, transposed


class ServingGateFusion(Folded):
    """`fast` stores `v_a`, `v_b`, `w_a`, `w_b`, the fusion layers' maps of either side; compact makes them
    from `v` and `w`: once a query on the query's side, once a pair on the bank's."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings, inner=True)
        self.refines = hasattr(scorer, "final_reduce_1")
        self.concat = scorer.concat
        for layer, own, message in ((scorer.fc_1[0], "v_a", "w_b"), (scorer.fc_2[0], "w_a", "v_b")):
            of_own, of_message = folding.halves(layer, scorer.concat)
            self.keep("map_" + own, of_own)
            self.keep("map_" + message, of_message)
            # The fusion layers' biases stay outside the gate.
            self.register_buffer("bias_" + own,
                                 None if layer.bias is None else folding.rounded(layer.bias.detach(), self.math.half))
        prefix = "final_reduce_" if self.refines else "reduce_layer_"
        self.summary_1 = FoldedSummary(getattr(scorer, prefix + "1"), self.math)
        self.summary_2 = FoldedSummary(getattr(scorer, prefix + "2"), self.math)
        hidden, out = scorer.fc_out[0], scorer.fc_out[3]
        matrix, bias, after = folding.matrix(hidden), hidden.bias.detach().double(), folding.matrix(out)
        if self.math.bytes:
            matrix, scale = narrowed(matrix)
            bias, after = bias / scale, after * scale.unsqueeze(1)
            self.register_buffer("out_hidden", matrix)
        else:
            self.keep("out_hidden", matrix)
        self.keep("out_hidden_bias", bias)
        self.keep("out", after)
        self.keep("out_bias", out.bias.detach())
        self.parts = self.fast and self.math.bytes
        maps = [*("ab" if self.fast else ""), *("s" if self.parts else "")]
        self.image_fields += [Field(f"v_{part}", (settings.region_rows, self.embed_size), wide=True) for part in maps]
        self.caption_fields += [Field(f"w_{part}", (WORDS, self.embed_size), wide=True) for part in maps]
        if self.refines:
            gram_c, gram_g = folding.refinements(scorer)
            self.keep("gram_c", gram_c)
            self.keep("gram_g", gram_g)
            self.image_fields += [Field(name, (settings.region_rows, settings.regions)) for name in ("g", "vv")]
            self.caption_fields += [Field(name, (WORDS, settings.max_tokens)) for name in ("c", "ww")]

    # Records

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        record = {"v": v}
        if self.fast:
            record.update(v_a=v @ self.exact_map_v_a, v_b=v @ self.exact_map_v_b)
        if self.parts:
            record["v_s"] = v @ self.summary_1.own + self.summary_1.own_bias
        if self.refines:
            record["g"] = self.padded_region_columns((v @ self.exact_gram_g) @ transposed(v))
            record["vv"] = self.padded_region_columns(self.gram(v))
        return record

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        record = {"w": w}
        if self.fast:
            record.update(w_a=w @ self.exact_map_w_a, w_b=w @ self.exact_map_w_b)
        if self.parts:
            record["w_s"] = w @ self.summary_2.own + self.summary_2.own_bias
        if self.refines:
            record["c"] = self.padded_columns((w @ self.exact_gram_c) @ transposed(w))
            record["ww"] = self.padded_columns(self.gram(w))
        return record

    def gram(self, x: Tensor) -> Tensor:
        """x x^T / D, for the norms of weighted sums of x; divided so that float16 has room for it."""
        return x @ transposed(x) / self.embed_size

    # Queries

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        derived = super().image_query(image)
        if not self.fast:
            derived["v_a"] = self.math.linear(image["v"], self.map_v_a)
            derived["v_b"] = self.math.linear(image["v"], self.map_v_b)
        return derived

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        derived = super().caption_query(caption)
        if not self.fast:
            derived["w_a"] = self.math.linear(caption["w"], self.map_w_a)
            derived["w_b"] = self.math.linear(caption["w"], self.map_w_b)
        return derived

    # Pairs

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        m = self.math
        v, w = image["v"], caption["w"]
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        a_r, a_w, affinity = self.attentions(image, caption, mask, regions)
        if self.refines:
            a_r = self.normalised(self.refined(a_r, self.columns(caption["c"], w), regions), self.columns(caption["ww"], w))
            a_w = self.refined(a_w, self.region_columns(image["g"], v.shape[1]), mask)
            a_w = self.normalised(a_w, self.region_columns(image["vv"], v.shape[1]))
        # sum_channels v_r f_r = sum_t p[r, t] S[r, t]: gates need S = v w^T, not the messages.
        g_r = torch.sigmoid((a_r * affinity).sum(dim=-1, keepdim=True))
        g_w = torch.sigmoid((a_w * transposed(affinity)).sum(dim=-1, keepdim=True))
        v_a = image["v_a"] if "v_a" in image else m.linear(v, self.map_v_a)
        w_a = caption["w_a"] if "w_a" in caption else m.linear(w, self.map_w_a)
        w_b = caption["w_b"] if "w_b" in caption else m.linear(w, self.map_w_b)
        if "v_b" in image:
            to_words = m.product(a_w, image["v_b"])
        else:
            # Mapping T messages is cheaper than mapping R regions.
            to_words = m.linear(m.product(a_w, v), self.map_v_b)
        to_regions = m.product(a_r, w_b)
        if self.parts:
            r = self.summary_1.of_parts(*self.fused(v_a, to_regions, g_r, self.bias_v_a), v, image["v_s"], regions)
            t = self.summary_2.of_parts(*self.fused(w_a, to_words, g_w, self.bias_w_a), w, caption["w_s"], mask)
        else:
            r = self.summary_1(self.gated(v, v_a, to_regions, g_r, self.bias_v_a), regions)
            t = self.summary_2(self.gated(w, w_a, to_words, g_w, self.bias_w_a), mask)
        return self.head(r, t)

    def columns(self, field: Tensor, w: Tensor) -> Tensor:
        """A stored Gram matrix of words [P, T, max_tokens] -> [P, T, T] float32."""
        return self.math.wide(field[:, :, :w.shape[1]])

    def normalised(self, attention: Tensor, gram: Tensor) -> Tensor:
        """[P, A, B] attention over rows x, x x^T / D -> the attention for which a x has unit length: the l2
        of every message, without forming one."""
        squares = ((attention @ gram) * attention).sum(dim=-1, keepdim=True)
        # Rounding may leave nothing of a short message's square; in float16 the quotient must not overflow.
        squares = squares.clamp(min=1e-8 if self.math.half else 0.0)
        return attention / (torch.sqrt(squares) * math.sqrt(self.embed_size) + EPSILON)

    def gated(self, x: Tensor, own: Tensor, message: Tensor, gate: Tensor, bias: Tensor | None) -> Tensor:
        """ReLU(g (own + message) + bias) + x."""
        fused, factor = self.fused(own, message, self.math.narrow(gate), bias)
        return (fused * factor if bias is None else fused) + x

    def fused(self, own: Tensor, message: Tensor, gate: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        """ReLU(g (own + message) + bias) as a product [P, N, D] and a factor [P, N, 1]. Without a bias the gate,
        being positive, leaves the ReLU."""
        if bias is None:
            return self.math.relu(own + message), gate
        return self.math.relu((own + message) * gate + bias), torch.ones_like(gate)

    def head(self, r: Tensor, t: Tensor) -> Tensor:
        m = self.math
        if self.refines:
            r, t = l2(r), l2(t)
        both = m.narrow(torch.cat((r, t), dim=-1) if self.concat else r + t)
        mapped = fine_product(both, self.out_hidden) + self.out_hidden_bias if m.bytes \
            else m.linear(both, self.out_hidden, self.out_hidden_bias)
        hidden = m.relu(mapped)
        return self.outcome(m.wide(m.linear(hidden, self.out, self.out_bias))).squeeze(-1)
