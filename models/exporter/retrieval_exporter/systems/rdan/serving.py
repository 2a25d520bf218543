"""Serving form of RDAN: attended vectors are never formed.

With u = l2(w), n = |w| and q_ij = p_ij n_j, what region i attends to is a_i = sum_j q_ij u_j. Its cosine with v_i needs
S and the Gram matrix u u^T alone; so does b_j, the other way round. Left per pair at the feature width is S; the
convolutions, which nothing folds, are most of the rest.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor

from ...attention import attended_cosine, gram
from ...features_form import FeaturesForm
from ...fields import WORDS, Field
from ...numbers.operations import l2, region_mask
from ...settings import Settings
from .published import PairScorer


class ServingRdan(FeaturesForm):
    """Records are unit vectors `v`, `w`, their Gram matrices `vv`, `ww` and the lengths that they had. Small beside the
    vectors, these are stored in both profiles. The convolutions are in float32 in every precision."""

    def __init__(self, scorer: PairScorer, embed_size: int, settings: Settings) -> None:
        super().__init__(embed_size, settings)
        self.scorer = scorer
        self.image_fields += [Field("vv", (settings.region_rows, settings.regions)),
                              Field("v_length", (settings.region_rows, 1))]
        self.caption_fields += [Field("ww", (WORDS, settings.max_tokens)), Field("w_length", (WORDS, 1))]

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        unit = l2(v)
        return {"v": unit, "vv": self.padded_region_columns(gram(unit)), "v_length": v.norm(dim=-1, keepdim=True)}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        unit = l2(w)
        return {"w": unit, "ww": self.padded_columns(gram(unit)), "w_length": w.norm(dim=-1, keepdim=True)}

    def feature_fields(self, side: str) -> Sequence[Field]:
        return [field for field in self.fields(side) if field.name in ("v", "v_length", "w", "w_length")]

    def features(self, side: str, record: Mapping[str, Tensor]) -> Tensor:
        name = "v" if side == "image" else "w"
        return self.math.wide(record[name]) * self.math.wide(record[name + "_length"])

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        affinity, mask = self.inner_products(image, caption), self.words_of(caption, lengths)
        regions = region_mask(counts, image["v"])
        to_regions, to_words = self.scorer.attentions(self.scorer.relations(affinity, mask, regions), mask, regions)
        to_regions = to_regions * self.math.wide(caption["w_length"]).transpose(1, 2)
        to_words = to_words * self.math.wide(image["v_length"]).transpose(1, 2)
        of_regions = attended_cosine(to_regions, affinity, self.columns(caption["ww"], caption))
        of_words = attended_cosine(to_words, affinity.transpose(1, 2), self.region_columns(image["vv"], image["v"].shape[1]))
        return self.scorer.mean(of_regions, of_words, mask, lengths, regions)
