"""What serving forms share whose records hold the features of regions and of words."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import pad

from .fields import WORDS, Field
from .form import Form
from .numbers.operations import word_mask
from .settings import Settings

# The query's features again, under a name of their own: it says which side is the query.
_KEY = "key"


class FeaturesForm(Form):
    """Records hold `v` [R, D] and `w` [T, D]; subclasses append to the lists of fields and extend the records."""

    def __init__(self, embed_size: int, settings: Settings) -> None:
        super().__init__(settings)
        self.embed_size = embed_size
        self.max_tokens = settings.max_tokens
        self.image_fields = [Field("v", (settings.region_rows, embed_size), wide=True)]
        self.caption_fields = [Field("w", (WORDS, embed_size), wide=True)]

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {"v": v}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        return {"w": w}

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {_KEY: image["v"]}

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {_KEY: caption["w"]}

    def inner_products(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor]) -> Tensor:
        """v w^T [P, R, T] in float32.

        The bank's features stand on the left: against one query, which is broadcast, a batched product is then a
        single one of P * R or P * T rows.
        """
        v, w = image["v"], caption["w"]
        if _KEY in caption:
            return self.math.wide(self.math.product(v, w.transpose(1, 2)))
        return self.math.wide(self.math.product(w, v.transpose(1, 2))).transpose(1, 2)

    def words_of(self, caption: Mapping[str, Tensor], lengths: Tensor) -> Tensor:
        """[P, T], true where there is a word."""
        return word_mask(lengths, caption["w"].shape[1])

    def padded_columns(self, gram: Tensor) -> Tensor:
        """[B, T, T] -> [B, T, max_tokens], the width in which a Gram matrix of words is stored."""
        return pad(gram, (0, self.max_tokens - gram.shape[2]))

    def columns(self, field: Tensor, caption: Mapping[str, Tensor]) -> Tensor:
        """A Gram matrix of words as it is stored [P, T, max_tokens] -> [P, T, T] float32."""
        return self.math.wide(field[:, :, :caption["w"].shape[1]])
