"""By how much a pair's score falls when one region or one word is hidden."""

import torch
from torch import Tensor

from .pairs import Corpus


def regions_hidden(corpus: Corpus, image: int, w: Tensor, length: Tensor) -> Tensor:
    """[R] scores without one region each: it is taken away, or, of a system that wants all of them, replaced by the
    corpus' mean region. w [1, T, D], length [1]."""
    v = corpus.v[image]
    count = len(v)
    if corpus.model.system.region_count is None:
        rest = torch.arange(count).repeat(count, 1)[~torch.eye(count, dtype=torch.bool)].view(count, count - 1)
        hidden = v[rest]
    else:
        hidden = v.repeat(count, 1, 1)
        hidden[torch.arange(count), torch.arange(count)] = corpus.mean_region
    return corpus.scores(hidden, w.expand(count, -1, -1), length.expand(count))


def words_unknown(corpus: Corpus, image: int, caption: list[int]) -> Tensor:
    """[T - 2] scores with one word each replaced by <unk>, before the caption is encoded. The markers stay."""
    unknown = corpus.model.vocabulary.index("<unk>")
    return _of_captions(corpus, image, [[*caption[:i], unknown, *caption[i + 1:]] for i in range(1, len(caption) - 1)])


def words_removed(corpus: Corpus, image: int, caption: list[int]) -> Tensor:
    """The same without the word."""
    return _of_captions(corpus, image, [[*caption[:i], *caption[i + 1:]] for i in range(1, len(caption) - 1)])


def _of_captions(corpus: Corpus, image: int, rows: list[list[int]]) -> Tensor:
    w, lengths = corpus.encoded(rows)
    return corpus.scores(corpus.v[image].expand(len(w), -1, -1), w, lengths)
