"""Serving form of SCAN: after the inner products of words and regions nothing is left of the feature width.

A relevance is a cosine with what is attended to, which the Gram matrix of the attended side gives
(`attention.attended_cosine`). It is stored with that side. `fast` and `compact` are the same: a Gram matrix takes a
thirtieth of the features' room at D = 1024, and saves a product as large as the inner products themselves.
"""

from collections.abc import Mapping

from torch import Tensor

from ...attention import CrossAttention, attended_cosine, gram
from ...features_form import FeaturesForm
from ...fields import WORDS, Field
from ...numbers.operations import region_mask
from ...settings import Settings
from .aggregation import aggregated
from .variant import Variant


class ServingCrossAttention(FeaturesForm):
    """`normalised`: whether the features of (regions, words) have unit length. The lengths of features that have not
    are stored where they attend, and their Gram matrix is divided by D, so that float16 has room for it."""

    def __init__(self, variant: Variant, embed_size: int, normalised: tuple[bool, bool], settings: Settings) -> None:
        super().__init__(embed_size, settings)
        self.variant = variant
        self.attention = CrossAttention(variant.raw_feature_norm, variant.lambda_softmax)
        self.words_attend = variant.direction == "t2i"
        regions, words = normalised
        self.measures = not (words if self.words_attend else regions)
        self.scale = 1.0 if (regions if self.words_attend else words) else 1.0 / embed_size
        if self.words_attend:
            self.image_fields.append(Field("vv", (settings.region_rows, settings.regions)))
        else:
            self.caption_fields.append(Field("ww", (WORDS, settings.max_tokens)))
        if self.measures and self.words_attend:
            self.caption_fields.append(Field("w_length", (WORDS, 1)))
        elif self.measures:
            self.image_fields.append(Field("v_length", (settings.region_rows, 1)))

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        if self.words_attend:
            return {"v": v, "vv": self.padded_region_columns(self.scale * gram(v))}
        return {"v": v, "v_length": v.norm(dim=-1, keepdim=True)} if self.measures else {"v": v}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        if not self.words_attend:
            return {"w": w, "ww": self.padded_columns(self.scale * gram(w))}
        return {"w": w, "w_length": w.norm(dim=-1, keepdim=True)} if self.measures else {"w": w}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        words, regions = self.words_of(caption, lengths), region_mask(counts, image["v"])
        inner = self.inner_products(image, caption)
        if self.words_attend:
            inner, attending, attended = inner.transpose(1, 2), words, regions
            of_attended, length = self.region_columns(image["vv"], image["v"].shape[1]), caption.get("w_length")
        else:
            attending, attended = regions, words
            of_attended, length = self.columns(caption["ww"], caption), image.get("v_length")
        if self.scale != 1.0:
            of_attended = of_attended / self.scale
        length = 1.0 if length is None else self.math.wide(length).squeeze(-1)
        weights = self.attention(inner, attending, attended)
        relevance = attended_cosine(weights, inner, of_attended, length)
        return aggregated(relevance, self.variant.agg_func, self.variant.lambda_lse, attending)
