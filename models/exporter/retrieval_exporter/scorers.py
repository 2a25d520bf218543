"""The two scorers of a bundle over any form: they gather the records of pairs, as docs/bundle.md lays down."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .form import Form

OFFSET = "caption.offset"
LENGTH = "caption.length"


def _word_rows(offset: Tensor, length: Tensor, positions: Tensor) -> Tensor:
    """[N] offsets and lengths -> [N, positions] rows of a ragged bank.

    Positions behind a caption's last word point at that word, so that nothing outside the caption is ever
    read: what lies there, even a NaN of memory never written, cannot reach the score.
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

    def caption_inputs(self) -> list[str]:
        """Names of the inputs of the caption side: offset and length only if a field has a row a word."""
        return [*self.stored("caption"), *((OFFSET, LENGTH) if self.form.ragged else ())]

    def tensors(self, given: Mapping[str, Tensor], side: str) -> dict[str, Tensor]:
        """The stored tensors of `side` by the names of their fields."""
        return {name[len(side) + 1:]: given[name] for name in self.stored(side)}

    def of_captions(self, tensors: Mapping[str, Tensor], items: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """Tensors of captions gathered: those with a row a caption by `items`, all else by `rows`. Without a ragged
        field the two are the same."""
        return {name: x[items if self.form.by_item(name) else rows] for name, x in tensors.items()}

    def pairs_of(self, queries: int, query_index: Tensor) -> Tensor:
        """[P] indices of queries; [1] if there is one query only.

        Fields of a lone query then have a leading 1 and are broadcast, which no gather has to copy and which
        makes its batched products single ones.
        """
        return query_index[:(queries - 1) * query_index.shape[0] + 1] if self.form.broadcasts else query_index


class TextToImageScorer(BankScorer):
    """Images in a bank, captions as queries."""

    def input_names(self) -> list[str]:
        return [*self.stored("image"), "slots", *self.caption_inputs(), "query_index"]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs in the order of `input_names` -> [P] scores, or logits."""
        given = dict(zip(self.input_names(), inputs))
        queries = given[LENGTH if self.form.ragged else self.stored("caption")[0]].shape[0]
        query = self.pairs_of(queries, given["query_index"])
        words = self.form.unpack("caption", self.tensors(given, "caption"))
        words.update(self.form.caption_query(words))
        length, rows = None, query
        if self.form.ragged:
            length = given[LENGTH]
            rows = _word_rows(given[OFFSET], length, length.max())[query]
        caption = self.of_captions(words, query, rows)
        # A bank's records are gathered first and widened then.
        image = {name: x[given["slots"]] for name, x in self.tensors(given, "image").items()}
        image = self.form.unpack("image", image)
        return self.form.score(image, caption, None if length is None else length[query])


class ImageToTextScorer(BankScorer):
    """Captions in a bank, images as queries."""

    def input_names(self) -> list[str]:
        return [*self.caption_inputs(), "slots", *self.stored("image"), "query_index"]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs in the order of `input_names` -> [P] scores, or logits."""
        given = dict(zip(self.input_names(), inputs))
        slots = given["slots"]
        length, rows = None, slots
        if self.form.ragged:
            length = given[LENGTH][slots]
            rows = _word_rows(given[OFFSET][slots], length, length.max())
        caption = self.form.unpack("caption", self.of_captions(self.tensors(given, "caption"), slots, rows))
        image = self.form.unpack("image", self.tensors(given, "image"))
        query = self.pairs_of(next(iter(image.values())).shape[0], given["query_index"])
        image.update(self.form.image_query(image))
        return self.form.score({name: value[query] for name, value in image.items()}, caption, length)
