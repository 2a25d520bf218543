"""Captions to token ids as the service does it: lower case, sentences and words of NLTK, `<unk>`, clipped to the longest caption."""

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import ExportError
from .punkt import sentence_tokenizer
from .vocabulary import SPECIAL


def tokenizer() -> Callable[[str], list[str]]:
    """NLTK's `word_tokenize` over lower-cased text: sentences first, then the words of each."""
    try:
        from nltk.tokenize.destructive import NLTKWordTokenizer
    except ImportError:
        raise ExportError("captions need NLTK's tokenizer, which the service's equals (Debian: python3-nltk)")
    sentences, words = sentence_tokenizer(), NLTKWordTokenizer()
    return lambda caption: [word for sentence in sentences.tokenize(caption.lower()) for word in words.tokenize(sentence)]


def encode(captions: Sequence[str], vocabulary: Sequence[str], max_tokens: int) -> list[np.ndarray]:
    """Int64 ids of each caption, both markers included, at most `max_tokens`."""
    known = {word: index for index, word in enumerate(vocabulary)}
    start, end, unknown = (known[SPECIAL[name]] for name in ("start", "end", "unknown"))
    words = tokenizer()
    return [np.array([start, *(known.get(word, unknown) for word in words(caption)[:max_tokens - 2]), end], np.int64)
            for caption in captions]


def padded(ids: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Ids of B captions -> [B, T], zero behind a caption's last word, and lengths [B]."""
    lengths = np.array([len(row) for row in ids], np.int64)
    table = np.zeros((len(ids), lengths.max()), np.int64)
    for row, tokens in zip(table, ids):
        row[:len(tokens)] = tokens
    return table, lengths
