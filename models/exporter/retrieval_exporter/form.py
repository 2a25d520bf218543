"""What an exported form of a model provides: which fields a record has, how records are made, how pairs score."""

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from .fields import Field, StoredField
from .numbers.arithmetic import Arithmetic, halve_products
from .numbers.operations import Product
from .numbers.storage import Storage
from .settings import Settings


class Form(nn.Module):
    """One exportable form of a scorer. `image_fields` and `caption_fields` list what a record holds; `stored_fields`
    says how that is stored, `pack` and `unpack` convert."""

    image_fields: Sequence[Field] = ()
    caption_fields: Sequence[Field] = ()

    # Whether the pairs of a lone query share its fields, instead of having a copy each.
    broadcasts = True

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.logits = settings.logits
        self.math = Arithmetic(settings.precision)
        self.storage = Storage(settings.records, self.math)
        self.most_regions = settings.regions

    @property
    def ragged(self) -> bool:
        """Whether captions have fields with a row a word."""
        return self.is_ragged("caption")

    def is_ragged(self, side: str) -> bool:
        """Whether items of `side` have fields with a row a word or a region, and different numbers of them."""
        return any(field.ragged for field in self.fields(side))

    def fields(self, side: str) -> Sequence[Field]:
        """The fields of `side`, "image" or "caption"."""
        return self.image_fields if side == "image" else self.caption_fields

    def padded_region_columns(self, gram: Tensor) -> Tensor:
        """[B, R, R] -> [B, R, most regions], the width in which a Gram matrix of regions is stored."""
        return pad(gram, (0, self.most_regions - gram.shape[2])) if self.is_ragged("image") else gram

    def region_columns(self, field: Tensor, regions: int | Tensor) -> Tensor:
        """A Gram matrix of regions as it is stored [P, R, most regions] -> [P, R, R] float32, R being `regions`."""
        return self.math.wide(field[:, :, :regions] if self.is_ragged("image") else field)

    def by_item(self, side: str, name: str) -> bool:
        """Whether a stored tensor of `side`, or one that a query derived, has a row an item, not a row a word or a
        region."""
        stored = {field.name: not field.ragged for field in self.stored_fields(side)}
        return stored.get(name, not self.is_ragged(side))

    def stored_fields(self, side: str) -> list[StoredField]:
        """What a record of `side` is stored as."""
        return self.storage.fields(self.fields(side))

    def pack(self, side: str, record: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A record's fields -> the stored tensors by name."""
        return self.storage.pack(record, self.fields(side))

    def unpack(self, side: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Stored tensors -> fields as the scorer computes with them."""
        return self.storage.unpack(tensors, self.fields(side))

    def feature_fields(self, side: str) -> Sequence[Field]:
        """The fields of `side` that `features` reads. A record begins with the features, where they are stored as they
        are."""
        return self.fields(side)[:1]

    def features(self, side: str, record: Mapping[str, Tensor]) -> Tensor:
        """Gathered fields of `side` -> its features in float32, as the published scorer takes them."""
        return self.math.wide(record[self.fields(side)[0].name])

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        """Features of B images -> the record's fields, each [B, ...]. Where images have different numbers of regions,
        features behind an image's own are zeros."""
        raise NotImplementedError

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        """Features of B captions -> the record's fields, each [B, ...], ragged ones [B, T, ...]."""
        raise NotImplementedError

    def caption_record_of(self, w: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """The same with the lengths [B] of the captions, behind which features are zeros: for records that need them,
        and the one of the two that is called."""
        return self.caption_record(w)

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Fields of Q images, ragged ones flat as [rows, ...] -> what is derived once a query: each [rows, ...], or
        [Q, ...] if no field is ragged."""
        return {}

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Fields of Q captions, ragged ones flat as [W, ...] -> what is derived of them once a query: each [W, ...],
        or [Q, ...] if no field is ragged."""
        return {}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        """Gathered fields, each [P, ...], [P] lengths of captions and [P] numbers of regions -> [P] scores, or what
        `outcome` makes of their logits. Positions from a caption's length on hold its last word again, and those from
        an image's number of regions on its last region: they must weigh nothing. `lengths` and `counts` are None if no
        field of the side is ragged."""
        raise NotImplementedError

    def outcome(self, logits: Tensor) -> Tensor:
        """The value before a sigmoid -> what the scorer's graph gives: the score, or that value itself where a bundle
        orders by it. In float32 a score near 1 has lost what still orders logits."""
        return logits if self.logits else torch.sigmoid(logits)


class PublishedForm(Form):
    """Records are the encoded features, the graph is the authors' computation as it stands. It is what serving forms
    are measured against, so a query's work is repeated for every pair as there."""

    broadcasts = False

    def __init__(self, scorer: nn.Module, image: Field, caption: Field, settings: Settings) -> None:
        super().__init__(settings)
        self.scorer = halve_products(copy.deepcopy(scorer), Product) if self.math.half else scorer
        self.image_fields = [image]
        self.caption_fields = [caption]

    def image_record(self, v: Tensor) -> dict[str, Tensor]:
        return {self.image_fields[0].name: v}

    def caption_record(self, w: Tensor) -> dict[str, Tensor]:
        return {self.caption_fields[0].name: w}

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        v, w = image[self.image_fields[0].name], caption[self.caption_fields[0].name]
        features = self.math.wide(v), self.math.wide(w), lengths, *(() if counts is None else (counts,))
        return self.scorer.logits(*features) if self.logits else self.scorer(*features)
