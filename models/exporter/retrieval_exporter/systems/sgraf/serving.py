"""Serving form of SGRAF. Pooling, the largest part of what is published, is done once an image and once a caption.

Left per pair: the inner products of words and regions, what every word attends to, one map D -> S of every word, and
what is done with the similarity vectors, of width S. What a word attends to comes out at unit length: its length is
known from the Gram matrix `vv`, and its weights are divided by it. `fast` and `compact` are the same.

    (c - w)^2 W = (c c) W - 2 (c w) W + (w w) W: of the three only the last is one side's alone, and the first two cost
    as much together as the whole, so that the difference is formed.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...attention import attended_length, gram
from ...features_form import FeaturesForm
from ...fields import Field
from ...numbers.operations import EPSILON, l2
from ...settings import Settings
from .pooling import Wholes
from .published import GraphScorer, SimilarityScorer, cross_attention
from .vectors import Filtration, Reasoning


class ServingSimilarity(FeaturesForm):
    """Images: `v`, `vv` their Gram matrix, `v_glo` the whole. Captions: `w`, and `w_glo`, a field of fixed size."""

    def __init__(self, scorer: SimilarityScorer, normalised: bool, settings: Settings) -> None:
        super().__init__(scorer.embed_size, settings)
        self.wholes = Wholes(scorer)
        self.attention = cross_attention()
        # Features of any length: divided, so that float16 has room for their Gram matrix.
        self.scale = 1.0 if normalised else 1.0 / scorer.embed_size
        self.keep("local", scorer.sim_tranloc_w)
        self.keep("whole", scorer.sim_tranglo_w)
        self.vectors = Reasoning(scorer, self.math) if isinstance(scorer, GraphScorer) else Filtration(scorer)
        self.image_fields += [Field("vv", (settings.regions, settings.regions)),
                              Field("v_glo", (scorer.embed_size,), wide=True)]
        self.caption_fields.append(Field("w_glo", (scorer.embed_size,), wide=True))

    def keep(self, name: str, linear: nn.Linear) -> None:
        """Registers a map of the feature width in the scorer's type."""
        matrix = linear.weight.detach().t().contiguous()
        self.register_buffer(name + "_matrix", matrix.half() if self.math.half else matrix)
        self.register_buffer(name + "_bias", linear.bias.detach())

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {"v": v, "vv": self.scale * gram(v), "v_glo": self.wholes.image(v)}

    def caption_record_of(self, w: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        return {"w": w, "w_glo": self.wholes.caption(w, lengths)}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor:
        m = self.math
        mask = self.words_of(caption, lengths)
        weights = self.attention(self.inner_products(image, caption).transpose(1, 2), mask)
        of_regions = m.wide(image["vv"])
        length = attended_length(weights, of_regions if self.scale == 1.0 else of_regions / self.scale)
        attended = m.product(weights / (length + EPSILON), image["v"])
        words = self.similarity(attended - caption["w"], self.local_matrix, self.local_bias)
        whole = self.similarity(image["v_glo"] - caption["w_glo"], self.whole_matrix, self.whole_bias)
        # One more node than words, the first, which is always there.
        nodes = torch.nn.functional.pad(mask, (1, 0), value=True)
        return self.outcome(self.vectors(torch.cat((whole.unsqueeze(1), words), dim=1), nodes))

    def similarity(self, difference: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
        """[..., D] -> [..., S]: l2(difference^2 W + b) in float32."""
        mapped = self.math.wide(self.math.linear(difference * difference, matrix))
        return l2(mapped + bias)
