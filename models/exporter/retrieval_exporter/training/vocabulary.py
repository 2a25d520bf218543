"""A vocabulary made of captions, and its file."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import ExportError
from ..reading.captions import tokenizer
from ..reading.splits import Split
from ..reading.vocabulary import SPECIAL
from ..runs.files import replace_file


def make(split: Split, least_count: int) -> list[str]:
    """The special words, then every word that the captions of a split hold at least so often, frequent ones first."""
    words = tokenizer()
    counts = Counter(word for caption in split.captions for word in words(caption))
    special = list(SPECIAL.values())
    kept = sorted((word for word, count in counts.items() if count >= least_count and word not in special),
                  key=lambda word: (-counts[word], word))
    if not kept:
        raise ExportError(f"{split.caption_file}: no word occurs {least_count} times, which leaves no vocabulary; try "
                          "a smaller --least-count")
    return special + kept


def check(words: Sequence[str], path: Path | str, split: Split) -> None:
    """A vocabulary that has no word of a split's captions is of another language, or of another tokenizer."""
    known, tokens = set(words), tokenizer()
    if not any(word in known for caption in split.captions for word in tokens(caption)):
        raise ExportError(f"{path}: the vocabulary has no word of {split.caption_file}")


def write(path: Path, words: Sequence[str]) -> None:
    """In the layout of the published JSON vocabularies."""
    content = {"word2idx": {word: index for index, word in enumerate(words)},
               "idx2word": {str(index): word for index, word in enumerate(words)}, "idx": len(words)}
    replace_file(path, lambda file: file.write(json.dumps(content, indent=0).encode()))
