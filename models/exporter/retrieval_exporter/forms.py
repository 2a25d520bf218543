"""What an exported form of a model provides, and the scorer graphs made of it.

A form says which fields a record has, makes records from encoded features, and scores gathered pairs. The two
scorers below do the gathering, the same for every form, as docs/bundle.md lays down.
"""

import torch
from torch import nn

from .arithmetic import Arithmetic

WORDS = "words"


class Form(nn.Module):
    """One exportable form of a scorer. `image_fields` and `caption_fields` list (name, shape) of a record;
    a shape that starts with "words" is ragged: the field has one row a word."""

    image_fields = ()
    caption_fields = ()

    def __init__(self, half=False):
        super().__init__()
        self.math = Arithmetic(half)

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


def _pairs_of(queries, query_index):
    """[P] indices of queries; [1] if there is one query only.

    Fields of a lone query then have a leading 1 and are broadcast, which no gather has to copy and which makes
    its batched products single ones.
    """
    return query_index[:(queries - 1) * query_index.shape[0] + 1]


class TextToImageScorer(nn.Module):
    """Images in a bank, captions as queries."""

    def __init__(self, form):
        super().__init__()
        self.form = form

    def input_names(self):
        return (["image." + name for name, _ in self.form.image_fields] + ["slots"]
                + ["caption." + name for name, _ in self.form.caption_fields]
                + ["caption.offset", "caption.length", "query_index"])

    def forward(self, *inputs):
        """Inputs in the order of `input_names` -> [P] scores."""
        given = dict(zip(self.input_names(), inputs))
        offset, length = given["caption.offset"], given["caption.length"]
        query = _pairs_of(length.shape[0], given["query_index"])
        words = {name: given["caption." + name] for name, _ in self.form.caption_fields}
        words.update(self.form.caption_query(words))
        rows = _word_rows(offset, length, length.max())[query]
        caption = {name: bank[rows] for name, bank in words.items()}
        slots = given["slots"]
        image = {name: given["image." + name][slots] for name, _ in self.form.image_fields}
        return self.form.score(image, caption, length[query])


class ImageToTextScorer(nn.Module):
    """Captions in a bank, images as queries."""

    def __init__(self, form):
        super().__init__()
        self.form = form

    def input_names(self):
        return (["caption." + name for name, _ in self.form.caption_fields]
                + ["caption.offset", "caption.length", "slots"]
                + ["image." + name for name, _ in self.form.image_fields] + ["query_index"])

    def forward(self, *inputs):
        """Inputs in the order of `input_names` -> [P] scores."""
        given = dict(zip(self.input_names(), inputs))
        slots = given["slots"]
        length = given["caption.length"][slots]
        rows = _word_rows(given["caption.offset"][slots], length, length.max())
        caption = {name: given["caption." + name][rows] for name, _ in self.form.caption_fields}
        image = {name: given["image." + name] for name, _ in self.form.image_fields}
        query = _pairs_of(image["v"].shape[0], given["query_index"])
        image.update(self.form.image_query(image))
        return self.form.score({name: value[query] for name, value in image.items()}, caption, length)
