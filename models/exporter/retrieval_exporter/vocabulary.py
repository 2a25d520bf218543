"""Vocabularies: JSON (`word2idx`), a pickled `vocab.Vocabulary`, or placeholders. All become a list of words."""

import json

from .errors import ExportError
from .unpickling import load, plain

SPECIAL = {"pad": "<pad>", "start": "<start>", "end": "<end>", "unknown": "<unk>"}


def read(path):
    """The words of a vocabulary file, in the order of their ids."""
    try:
        with open(path, "rb") as file:
            first = file.read(1)
            file.seek(0)
            if first == b"{":
                entries = json.loads(file.read().decode("utf-8"))
            else:
                entries = plain(load(file, path, classes=(("vocab", "Vocabulary"),)), path)
    except OSError as error:
        raise ExportError("%s: %s" % (path, error.strerror or error))
    except (ValueError, RecursionError) as error:
        raise ExportError("%s: not readable as JSON: %s" % (path, error))
    if isinstance(entries, dict) and isinstance(entries.get("words"), list):
        return _checked(entries["words"], path)
    if not isinstance(entries, dict) or not isinstance(entries.get("word2idx"), dict):
        raise ExportError("%s: not a vocabulary: no word2idx" % path)
    return _checked(_in_order(entries["word2idx"], path), path)


def placeholders(size):
    """Words for a checkpoint that came without a vocabulary: `w7` stands for id 7, so that token ids can
    still be written as text."""
    special = list(SPECIAL.values())
    return (special + ["w%d" % i for i in range(len(special), size)])[:size]


def check_size(words, rows, path):
    """A vocabulary of another size than the embedding table belongs to another checkpoint."""
    if len(words) != rows:
        raise ExportError("%s: the vocabulary has %d words, the checkpoint's embedding table %d rows"
                          % (path, len(words), rows))


def _in_order(word2idx, path):
    words = [None] * len(word2idx)
    for word, index in word2idx.items():
        if type(index) is not int or not 0 <= index < len(words) or words[index] is not None:
            raise ExportError("%s: ids are not 0 to %d, each once (%r has %r)"
                              % (path, len(words) - 1, word, index))
        words[index] = word
    return words


def _checked(words, path):
    if not all(isinstance(word, str) for word in words) or len(set(words)) != len(words):
        raise ExportError("%s: the words are not distinct strings" % path)
    for word in SPECIAL.values():
        if word not in words:
            raise ExportError("%s: the vocabulary has no %s" % (path, word))
    if words[0] != SPECIAL["pad"]:
        raise ExportError("%s: %s must have id 0, because token ids are padded with zeros"
                          % (path, SPECIAL["pad"]))
    return words
