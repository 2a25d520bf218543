"""Serving form of RDAN: attended vectors are never formed.

With u = l2(w), n = |w| and q_ij = p_ij n_j, what region i attends to is a_i = sum_j q_ij u_j. Its cosine with v_i needs
S and the Gram matrix u u^T alone; so does b_j, the other way round. Left per pair at the feature width is S; the
convolutions, which nothing folds, are most of the rest.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...attention import attended_cosine, gram
from ...fields import WORDS, Field
from ...form import Form
from ...numbers.operations import l2, word_mask
from ...settings import Settings
from .published import PairScorer


class ServingRdan(Form):
    """Records are unit vectors `v`, `w`, their Gram matrices `vv`, `ww` and the lengths `vn`, `wn` they had. Small
    beside the vectors, these are stored in both profiles. The convolutions are in float32 in every precision."""

    def __init__(self, scorer: PairScorer, embed_size: int, settings: Settings) -> None:
        super().__init__(settings)
        self.scorer = scorer
        self.max_tokens = settings.max_tokens
        self.image_fields = [Field("v", (settings.regions, embed_size), wide=True),
                             Field("vv", (settings.regions, settings.regions)), Field("vn", (settings.regions, 1))]
        self.caption_fields = [Field("w", (WORDS, embed_size), wide=True), Field("ww", (WORDS, settings.max_tokens)),
                               Field("wn", (WORDS, 1))]

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        unit = l2(v)
        return {"v": unit, "vv": gram(unit), "vn": v.norm(dim=-1, keepdim=True)}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        unit = l2(w)
        padded = torch.nn.functional.pad(gram(unit), (0, self.max_tokens - w.shape[1]))
        return {"w": unit, "ww": padded, "wn": w.norm(dim=-1, keepdim=True)}

    # What a query derives of itself tells on which side it stands.

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"key": image["v"]}

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"key": caption["w"]}

    def affinity(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor]) -> Tensor:
        """S [P, R, T]; the bank's side stands on the left, so that one product covers the rows of all pairs."""
        if "key" in caption:
            return self.math.wide(self.math.product(image["v"], caption["key"].transpose(1, 2)))
        return self.math.wide(self.math.product(caption["w"], image["key"].transpose(1, 2))).transpose(1, 2)

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor:
        wide = self.math.wide
        affinity = self.affinity(image, caption)
        words = affinity.shape[2]
        mask = word_mask(lengths, words)
        to_regions, to_words = self.scorer.attentions(affinity, mask)
        to_regions = to_regions * wide(caption["wn"]).transpose(1, 2)
        to_words = to_words * wide(image["vn"]).transpose(1, 2)
        of_regions = attended_cosine(to_regions, affinity, wide(caption["ww"])[:, :, :words])
        of_words = attended_cosine(to_words, affinity.transpose(1, 2), wide(image["vv"]))
        return self.scorer.mean(of_regions, of_words, mask, lengths)
