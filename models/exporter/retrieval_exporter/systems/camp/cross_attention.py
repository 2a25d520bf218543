"""Serving form of the authors' pre-training stages, `cross_attention` and `cross_attention_new`.

Without a gate and without a residual the first layer of a summary commutes with the attention as well, so no
map of the feature width is left per pair. Its bias travels inside `w_s` and `v_s`: attention rows sum to one.
"""

from collections.abc import Mapping

from torch import Tensor

from ...fields import WORDS, Field
from ...numbers.operations import l2, word_mask
from ...settings import Settings
from . import folding
from .published import PairScorer
from .serving import Folded, FoldedSummary, transposed


class ServingCrossAttention(Folded):
    """`fast` stores `v_s`, `w_s`: features mapped by the other side's summary; compact maps them on demand."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings)
        size, regions = self.embed_size, settings.regions
        self.refines = hasattr(scorer, "weighted_img_query_fc")
        self.summary_1 = FoldedSummary(scorer.reduce_layer_1, self.math)
        self.summary_2 = FoldedSummary(scorer.reduce_layer_2, self.math)
        # Messages to regions are made of words: the regions' summary acts on words, and the other way round.
        for name, summary in (("w_s", scorer.reduce_layer_1), ("v_s", scorer.reduce_layer_2)):
            self.keep("map_" + name, folding.matrix(summary.linear[0]))
            self.keep("bias_" + name, summary.linear[0].bias.detach())
        if self.fast:
            self.image_fields.append(Field("v_s", (regions, size), wide=True))
            self.caption_fields.append(Field("w_s", (WORDS, size), wide=True))
        if self.refines:
            gram_c, gram_g = folding.refinements(scorer)
            self.keep("gram_c", gram_c)
            self.keep("gram_g", gram_g)
            self.image_fields.append(Field("g", (regions, regions)))
            self.caption_fields.append(Field("c", (WORDS, settings.max_tokens)))

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        record = {"v": v}
        if self.fast:
            record["v_s"] = v @ self.exact_map_v_s + self.exact_bias_v_s
        if self.refines:
            record["g"] = (v @ self.exact_gram_g) @ transposed(v)
        return record

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        record = {"w": w}
        if self.fast:
            record["w_s"] = w @ self.exact_map_w_s + self.exact_bias_w_s
        if self.refines:
            record["c"] = self.padded_columns((w @ self.exact_gram_c) @ transposed(w))
        return record

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        derived = super().image_query(image)
        if not self.fast:
            derived["v_s"] = self.math.linear(image["v"], self.map_v_s, self.bias_v_s)
        return derived

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        derived = super().caption_query(caption)
        if not self.fast:
            derived["w_s"] = self.math.linear(caption["w"], self.map_w_s, self.bias_w_s)
        return derived

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor:
        m = self.math
        v, w = image["v"], caption["w"]
        mask = word_mask(lengths, w.shape[1])
        a_r, a_w, _ = self.attentions(image, caption, mask)
        if self.refines:
            a_r = self.refined(a_r, m.wide(caption["c"][:, :, :w.shape[1]]))
            a_w = self.refined(a_w, m.wide(image["g"]), mask)
        w_s = caption["w_s"] if "w_s" in caption else m.linear(w, self.map_w_s, self.bias_w_s)
        v_s = image["v_s"] if "v_s" in image else m.linear(v, self.map_v_s, self.bias_v_s)
        r = self.summarised(a_r, w, w_s, self.summary_1, None)
        t = self.summarised(a_w, v, v_s, self.summary_2, mask)
        return (l2(r) * l2(t)).sum(dim=-1)

    def summarised(self, attention: Tensor, x: Tensor, mapped: Tensor, summary: FoldedSummary,
                   mask: Tensor | None) -> Tensor:
        """Attention [P, A, B] over x [P, B, D] -> the summary [P, D] of its messages: the summary's weights
        meet the attention first, so that one row of messages is formed and not A."""
        hidden = self.math.relu(self.math.product(attention, mapped))
        weights = summary.hidden_weights(hidden, mask)
        return self.math.wide(self.math.product(weights @ attention, x)).squeeze(1)
