"""What an exported form of a model provides, and the scorer graphs made of it.

A form says which fields a record has, makes records from encoded features, and scores gathered pairs. The two
scorers below do the gathering, the same for every form, as docs/bundle.md lays down.
"""

import torch
from torch import nn

from .storage import Storage

WORDS = "words"


class Form(nn.Module):
    """One exportable form of a scorer. `image_fields` and `caption_fields` list (name, shape) of a record;
    a shape that starts with "words" is ragged: the field has one row a word. `stored_fields` says how they are
    stored, `pack` and `unpack` convert."""

    image_fields = ()
    caption_fields = ()

    # Whether the pairs of a lone query share its fields, instead of having a copy each.
    broadcasts = True

    def __init__(self, math, records, embed_size):
        super().__init__()
        self.math = math
        self.storage = Storage(records, math)
        self.embed_size = embed_size

    def fields(self, side):
        """(name, shape) of the fields of `side`, "image" or "caption"."""
        return self.image_fields if side == "image" else self.caption_fields

    def stored_fields(self, side):
        """(name, type, shape) of what a record of `side` is stored as."""
        return self.storage.fields(self.fields(side), self.embed_size)

    def pack(self, side, record):
        """A record's fields -> the stored tensors by name."""
        return self.storage.pack(record, self.fields(side), self.embed_size)

    def unpack(self, side, tensors):
        """Stored tensors -> fields as the scorer computes with them."""
        return self.storage.unpack(tensors, self.fields(side), self.embed_size)

    def image_record(self, v):
        """[B, R, D] -> the record's fields, each [B, ...]."""
        raise NotImplementedError

    def caption_record(self, w):
        """[B, T, D] -> the record's fields, ragged ones as [B, T, ...]."""
        raise NotImplementedError

    def image_query(self, image):
        """Fields of Q images -> what is derived once a query, each [Q, ...]."""
        return {}

    def caption_query(self, caption):
        """Flat ragged fields [W, ...] of Q captions -> what is derived once a query's word, each [W, ...]."""
        return {}

    def score(self, image, caption, lengths):
        """Gathered fields, each [P, ...], and [P] lengths -> [P] scores. Positions from a caption's length on
        hold its last word again: they must weigh nothing."""
        raise NotImplementedError


def _word_rows(offset, length, positions):
    """[N] offsets and lengths -> [N, positions] rows of a ragged bank.

    Positions behind a caption's last word point at that word, so that nothing outside the caption is ever
    read: what lies there, even a NaN of memory never written, cannot reach the score.
    """
    last = (offset + length - 1).unsqueeze(1)
    return torch.minimum(offset.unsqueeze(1) + torch.arange(positions, device=offset.device).unsqueeze(0), last)


class _PairScorer(nn.Module):
    """What the two directions share."""

    def __init__(self, form):
        super().__init__()
        self.form = form

    def stored(self, side):
        """Names of the inputs that hold the records of `side`."""
        return [side + "." + name for name, _, _ in self.form.stored_fields(side)]

    def unpacked(self, given, side, rows=None):
        """The fields of `side`, of all items or of those in `rows`. Gathered first, widened then."""
        tensors = {name[len(side) + 1:]: given[name] for name in self.stored(side)}
        if rows is not None:
            tensors = {name: x[rows] for name, x in tensors.items()}
        return self.form.unpack(side, tensors)

    def pairs_of(self, queries, query_index):
        """[P] indices of queries; [1] if there is one query only.

        Fields of a lone query then have a leading 1 and are broadcast, which no gather has to copy and which
        makes its batched products single ones.
        """
        return query_index[:(queries - 1) * query_index.shape[0] + 1] if self.form.broadcasts else query_index


class TextToImageScorer(_PairScorer):
    """Images in a bank, captions as queries."""

    def input_names(self):
        return [*self.stored("image"), "slots", *self.stored("caption"),
                "caption.offset", "caption.length", "query_index"]

    def forward(self, *inputs):
        """Inputs in the order of `input_names` -> [P] scores."""
        given = dict(zip(self.input_names(), inputs))
        offset, length = given["caption.offset"], given["caption.length"]
        query = self.pairs_of(length.shape[0], given["query_index"])
        words = self.unpacked(given, "caption")
        words.update(self.form.caption_query(words))
        rows = _word_rows(offset, length, length.max())[query]
        caption = {name: x[rows] for name, x in words.items()}
        return self.form.score(self.unpacked(given, "image", given["slots"]), caption, length[query])


class ImageToTextScorer(_PairScorer):
    """Captions in a bank, images as queries."""

    def input_names(self):
        return [*self.stored("caption"), "caption.offset", "caption.length", "slots",
                *self.stored("image"), "query_index"]

    def forward(self, *inputs):
        """Inputs in the order of `input_names` -> [P] scores."""
        given = dict(zip(self.input_names(), inputs))
        slots = given["slots"]
        length = given["caption.length"][slots]
        rows = _word_rows(given["caption.offset"][slots], length, length.max())
        caption = self.unpacked(given, "caption", rows)
        image = self.unpacked(given, "image")
        query = self.pairs_of(image["v"].shape[0], given["query_index"])
        image.update(self.form.image_query(image))
        return self.form.score({name: value[query] for name, value in image.items()}, caption, length)
