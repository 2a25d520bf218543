"""The two scorers of a bundle over any form: they gather the records of pairs, as docs/bundle.md lays down."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .form import Form

OFFSET = "offset"
LENGTH = "length"


def _rows(offset: Tensor, length: Tensor, positions: Tensor) -> Tensor:
    """[N] offsets and lengths -> [N, positions] rows of a ragged bank.

    Positions behind an item's last row point at that row, so that nothing outside the item is ever read: what lies
    there, even a NaN of memory never written, cannot reach the score.
    """
    last = (offset + length - 1).unsqueeze(1)
    return torch.minimum(offset.unsqueeze(1) + torch.arange(positions, device=offset.device).unsqueeze(0), last)


class BankScorer(nn.Module):
    """What the two directions share."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form

    def output_name(self) -> str:
        """Name of the output."""
        return "logit" if self.form.logits else "score"

    def stored(self, side: str) -> list[str]:
        """Names of the inputs that hold the records of `side`."""
        return [f"{side}.{field.name}" for field in self.form.stored_fields(side)]

    def inputs_of(self, side: str) -> list[str]:
        """Names of the inputs of `side`: offset and length only if a field has a row a word or a region."""
        lengths = (f"{side}.{OFFSET}", f"{side}.{LENGTH}") if self.form.is_ragged(side) else ()
        return [*self.stored(side), *lengths]

    def tensors(self, given: Mapping[str, Tensor], side: str) -> dict[str, Tensor]:
        """The stored tensors of `side` by the names of their fields."""
        return {name[len(side) + 1:]: given[name] for name in self.stored(side)}

    def of_items(self, side: str, tensors: Mapping[str, Tensor], items: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """Tensors of `side` gathered: those with a row an item by `items`, all else by `rows`. Without a ragged field
        the two are the same."""
        return {name: x[items if self.form.by_item(side, name) else rows] for name, x in tensors.items()}

    def of_bank(self, side: str, given: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Tensor | None]:
        """The records of a bank of `side` for the slots of P pairs, and their lengths [P], None without a ragged field.
        They are gathered first and widened then."""
        slots = given["slots"]
        length, rows = None, slots
        if self.form.is_ragged(side):
            length = given[f"{side}.{LENGTH}"][slots]
            rows = _rows(given[f"{side}.{OFFSET}"][slots], length, length.max())
        return self.form.unpack(side, self.of_items(side, self.tensors(given, side), slots, rows)), length

    def of_queries(self, side: str, records: Mapping[str, Tensor], given: Mapping[str, Tensor],
                   query: Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
        """Records of queries of `side`, and what they derived, by pair, and the lengths of all queries."""
        length, rows = None, query
        if self.form.is_ragged(side):
            length = given[f"{side}.{LENGTH}"]
            rows = _rows(given[f"{side}.{OFFSET}"], length, length.max())[query]
        return self.of_items(side, records, query, rows), length

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None) -> Tensor:
        """As of the form, which need not know of numbers of regions where all images have the same."""
        given = {} if counts is None else {"counts": counts}
        return self.form.score(image, caption, lengths, **given)

    def pairs_of(self, queries: int, query_index: Tensor) -> Tensor:
        """[P] indices of queries; [1] if there is one query only.

        Fields of a lone query then have a leading 1 and are broadcast, which no gather has to copy and which
        makes its batched products single ones.
        """
        return query_index[:(queries - 1) * query_index.shape[0] + 1] if self.form.broadcasts else query_index


class TextToImageScorer(BankScorer):
    """Images in a bank, captions as queries."""

    def input_names(self) -> list[str]:
        return [*self.inputs_of("image"), "slots", *self.inputs_of("caption"), "query_index"]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs in the order of `input_names` -> [P] scores, or logits."""
        given = dict(zip(self.input_names(), inputs))
        queries = given[f"caption.{LENGTH}" if self.form.is_ragged("caption") else self.stored("caption")[0]].shape[0]
        query = self.pairs_of(queries, given["query_index"])
        words = self.form.unpack("caption", self.tensors(given, "caption"))
        words.update(self.form.caption_query(words))
        caption, length = self.of_queries("caption", words, given, query)
        image, counts = self.of_bank("image", given)
        return self.score(image, caption, None if length is None else length[query], counts)


class ImageToTextScorer(BankScorer):
    """Captions in a bank, images as queries."""

    def input_names(self) -> list[str]:
        return [*self.inputs_of("caption"), "slots", *self.inputs_of("image"), "query_index"]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs in the order of `input_names` -> [P] scores, or logits."""
        given = dict(zip(self.input_names(), inputs))
        caption, length = self.of_bank("caption", given)
        regions = self.form.unpack("image", self.tensors(given, "image"))
        queries = given[f"image.{LENGTH}"] if self.form.is_ragged("image") else next(iter(regions.values()))
        query = self.pairs_of(queries.shape[0], given["query_index"])
        regions.update(self.form.image_query(regions))
        image, count = self.of_queries("image", regions, given, query)
        return self.score(image, caption, length, None if count is None else count[query])
