"""Serving form of the authors' pre-training stages, `cross_attention` and `cross_attention_new`.

Without a gate and without a residual the first layer of a summary commutes with the attention as well, so no
map of the feature width is left per pair. Its bias travels inside `w_s` and `v_s`: attention rows sum to one.
"""

from collections.abc import Mapping

from torch import Tensor

from ...fields import WORDS, Field
from ...numbers.operations import l2, region_mask, word_mask
from ...settings import Settings
from . import folding
from .published import PairScorer
from .serving import Folded, FoldedSummary, transposed


class Messages(Folded):
    """Attended features of the other side, in the `_new` variant with a self-attention among them, for which records
    have a Gram matrix."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings)
        self.refines = hasattr(scorer, "weighted_img_query_fc")
        if self.refines:
            gram_c, gram_g = folding.refinements(scorer)
            self.keep("gram_c", gram_c)
            self.keep("gram_g", gram_g)
            self.image_fields.append(Field("g", (settings.region_rows, settings.regions)))
            self.caption_fields.append(Field("c", (WORDS, settings.max_tokens)))

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {"v": v, **({"g": self.padded_region_columns((v @ self.exact_gram_g) @ transposed(v))} if self.refines else {})}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        gram = {"c": self.padded_columns((w @ self.exact_gram_c) @ transposed(w))} if self.refines else {}
        return {"w": w, **gram}

    def refined_pair(self, a_r: Tensor, a_w: Tensor, image: Mapping[str, Tensor], caption: Mapping[str, Tensor],
                     mask: Tensor, regions: Tensor | None) -> tuple[Tensor, Tensor]:
        """The attentions [P, R, T] and [P, T, R] composed with those among messages, where there are any."""
        if not self.refines:
            return a_r, a_w
        m = self.math
        return (self.refined(a_r, m.wide(caption["c"][:, :, :a_r.shape[2]]), regions),
                self.refined(a_w, self.region_columns(image["g"], a_w.shape[2]), mask))


class ServingCrossAttention(Messages):
    """`fast` stores `v_s`, `w_s`: features mapped by the other side's summary; compact maps them on demand."""

    def __init__(self, scorer: PairScorer, settings: Settings) -> None:
        super().__init__(scorer, settings)
        size, regions = self.embed_size, settings.region_rows
        self.summary_1 = FoldedSummary(scorer.reduce_layer_1, self.math)
        self.summary_2 = FoldedSummary(scorer.reduce_layer_2, self.math)
        # Messages to regions are made of words: the regions' summary acts on words, and the other way round.
        for name, summary in (("w_s", scorer.reduce_layer_1), ("v_s", scorer.reduce_layer_2)):
            self.keep("map_" + name, folding.matrix(summary.linear[0]))
            self.keep("bias_" + name, summary.linear[0].bias.detach())
        if self.fast:
            self.image_fields.insert(1, Field("v_s", (regions, size), wide=True))
            self.caption_fields.insert(1, Field("w_s", (WORDS, size), wide=True))

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        record = super().image_record(v)
        if self.fast:
            record["v_s"] = v @ self.exact_map_v_s + self.exact_bias_v_s
        return record

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        record = super().caption_record(w)
        if self.fast:
            record["w_s"] = w @ self.exact_map_w_s + self.exact_bias_w_s
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

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        m = self.math
        v, w = image["v"], caption["w"]
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        a_r, a_w, _ = self.attentions(image, caption, mask, regions)
        a_r, a_w = self.refined_pair(a_r, a_w, image, caption, mask, regions)
        w_s = caption["w_s"] if "w_s" in caption else m.linear(w, self.map_w_s, self.bias_w_s)
        v_s = image["v_s"] if "v_s" in image else m.linear(v, self.map_v_s, self.bias_v_s)
        r = self.summarised(a_r, w, w_s, self.summary_1, regions)
        t = self.summarised(a_w, v, v_s, self.summary_2, mask)
        return (l2(r) * l2(t)).sum(dim=-1)

    def summarised(self, attention: Tensor, x: Tensor, mapped: Tensor, summary: FoldedSummary,
                   mask: Tensor | None) -> Tensor:
        """Attention [P, A, B] over x [P, B, D] -> the summary [P, D] of its messages: the summary's weights
        meet the attention first, so that one row of messages is formed and not A."""
        hidden = self.math.relu(self.math.product(attention, mapped))
        weights = summary.hidden_weights(hidden, mask)
        return self.math.wide(self.math.product(weights @ attention, x)).squeeze(1)
