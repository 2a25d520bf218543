"""Vocabularies: JSON (`word2idx`, or a list of words), a pickled `Vocabulary`, or placeholders. All become a list of words."""

import hashlib
import json
from pathlib import Path

from ..errors import ExportError
from .checkpoints import Checkpoint
from .unpickling import VOCABULARY, load, plain

SPECIAL = {"pad": "<pad>", "start": "<start>", "end": "<end>", "unknown": "<unk>"}

# Of a checkpoint: the digest of the words that it was trained with.
ENTRY = "vocabulary_sha256"


def read(path: Path | str) -> list[str]:
    """The words of a vocabulary file, in the order of their ids."""
    try:
        with open(path, "rb") as file:
            first = file.read(1)
            file.seek(0)
            if first in (b"{", b"["):
                entries = json.loads(file.read().decode("utf-8"))
            else:
                entries = _pickled(file, path)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}")
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path}: not readable as JSON: {error}")
    if isinstance(entries, list):
        return _checked(entries, path)
    if isinstance(entries, dict) and isinstance(entries.get("words"), list):
        return _checked(entries["words"], path)
    if not isinstance(entries, dict) or not isinstance(entries.get("word2idx"), dict):
        raise ExportError(f"{path}: not a vocabulary: no word2idx")
    return _checked(_in_order(entries["word2idx"], path), path)


def placeholders(size: int) -> list[str]:
    """Words for a checkpoint that came without a vocabulary: `w7` stands for id 7, so that token ids can
    still be written as text."""
    special = list(SPECIAL.values())
    return (special + [f"w{i}" for i in range(len(special), size)])[:size]


def check_size(words: list[str], rows: int, path: Path | str) -> None:
    """A vocabulary of another size than the embedding table belongs to another checkpoint."""
    if len(words) != rows:
        raise ExportError(f"{path}: the vocabulary has {len(words)} words, the checkpoint's embedding table {rows} "
                          "rows")


def digest(words: list[str]) -> str:
    """The SHA-256 of the words in the order of their ids, in hexadecimal."""
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def digest_of(checkpoint: Checkpoint) -> str | None:
    """The digest of the words that a checkpoint was trained with, None where it does not say, as published ones."""
    stored = checkpoint.entry(ENTRY)
    if not isinstance(stored, str | None):
        raise ExportError(f"{checkpoint.path}: entry {ENTRY!r} is a {type(stored).__name__}, expected text")
    return stored


def check_digest(words: list[str], path: Path | str, checkpoint: Checkpoint) -> None:
    """Words of the right number in another order give every caption another meaning."""
    trained, given = digest_of(checkpoint), digest(words)
    if trained is not None and trained != given:
        raise ExportError(f"{path}: not the vocabulary that {checkpoint.path} was trained with: its words have the SHA-256 "
                          f"{given}, expected {trained}")


def _pickled(file, path):
    try:
        return plain(load(file, path, classes=(VOCABULARY,)), path)
    except ExportError as error:
        raise ExportError(f"{error}; expected JSON (an object with word2idx, or a list of words) or a pickled Vocabulary")


def _in_order(word2idx, path):
    words = [None] * len(word2idx)
    for word, index in word2idx.items():
        if type(index) is not int or not 0 <= index < len(words) or words[index] is not None:
            raise ExportError(f"{path}: ids are not 0 to {len(words) - 1}, each once ({word!r} has {index!r})")
        words[index] = word
    return words


def _checked(words, path):
    if not all(isinstance(word, str) for word in words) or len(set(words)) != len(words):
        raise ExportError(f"{path}: the words are not distinct strings")
    for index, word in enumerate(words):
        if not word:
            raise ExportError(f"{path}: the word with id {index} is empty")
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise ExportError(f"{path}: the word with id {index} is {word!r}, which is not valid Unicode")
    for word in SPECIAL.values():
        if word not in words:
            raise ExportError(f"{path}: the vocabulary has no {word}")
    if words[0] != SPECIAL["pad"]:
        raise ExportError(f"{path}: {SPECIAL['pad']} must have id 0, because token ids are padded with zeros")
    return words
