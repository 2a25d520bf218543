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

    def gathered(self, side: str, tensors: Mapping[str, Tensor], given: Mapping[str, Tensor],
                 items: Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
        """Tensors of `side` for `items` [P], those with a row an item as [P, ...], all others as [P, positions, ...],
        and the lengths [P], None if no field of the side is ragged."""
        length, rows = None, items
        if self.form.is_ragged(side):
            length = given[f"{side}.{LENGTH}"][items]
            rows = _rows(given[f"{side}.{OFFSET}"][items], length, length.max())
        return {name: x[items if self.form.by_item(side, name) else rows] for name, x in tensors.items()}, length

    def scored(self, given: Mapping[str, Tensor], bank: str, query: str) -> Tensor:
        """The pairs of slots of the side `bank` and of queries of the other."""
        # A bank's records are gathered first and widened then; what a query derives is derived once a query.
        stored, bank_length = self.gathered(bank, self.tensors(given, bank), given, given["slots"])
        queries = given[f"{query}.{LENGTH}" if self.form.is_ragged(query) else self.stored(query)[0]].shape[0]
        asked = self.form.unpack(query, self.tensors(given, query))
        asked.update(self.form.image_query(asked) if query == "image" else self.form.caption_query(asked))
        asked, query_length = self.gathered(query, asked, given, self.pairs_of(queries, given["query_index"]))
        records = {bank: self.form.unpack(bank, stored), query: asked}
        lengths = {bank: bank_length, query: query_length}
        counts = {} if lengths["image"] is None else {"counts": lengths["image"]}
        return self.form.score(records["image"], records["caption"], lengths["caption"], **counts)

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
        return self.scored(dict(zip(self.input_names(), inputs)), "image", "caption")


class ImageToTextScorer(BankScorer):
    """Captions in a bank, images as queries."""

    def input_names(self) -> list[str]:
        return [*self.inputs_of("caption"), "slots", *self.inputs_of("image"), "query_index"]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs in the order of `input_names` -> [P] scores, or logits."""
        return self.scored(dict(zip(self.input_names(), inputs)), "caption", "image")
