"""What a bundle is made of: a system, its coarse embedding and its vocabulary, read or with random weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from . import registry
from .coarse import Coarse, ForeignEmbedding, Ranking
from .coarse.choice import Choice, Words, chosen
from .coarse.entries import Entries
from .ensemble import Member, MemberEmbedding, ensemble_of
from .errors import ExportError
from .reading import vocabulary
from .reading.checkpoints import Checkpoint, is_checkpoint, open_checkpoint
from .statistics import FeatureStatistics, of_entries
from .system import Sizes, System


@dataclass(frozen=True)
class Model:
    """Everything of a bundle that does not depend on the settings it is exported with. `trained_with`: the digest of the
    vocabulary that the checkpoint names."""

    system: System
    coarse: Coarse
    vocabulary: list[str]
    ranking: Ranking | None = None
    features: FeatureStatistics | None = None
    trained_with: str | None = None


def from_checkpoint(path: Path | str, config: Mapping[str, Any] | None = None,
                    vocabulary_path: Path | str | None = None, coarse_path: Path | str | None = None,
                    choice: Choice = Choice(), recognised: Callable[[System], None] | None = None) -> Model:
    """Reads a checkpoint. `config` overrides its options; without a vocabulary, words are placeholders. `recognised` is
    told the system as soon as it is read, before an embedding is made."""
    checkpoint = open_checkpoint(path, config)
    system = registry.read(checkpoint)
    if recognised:
        recognised(system)
    checkpoint.options.warn_of(config)
    rows = system.vocabulary_size
    if vocabulary_path is None:
        listed = vocabulary.placeholders(rows)
    else:
        listed = vocabulary.read(vocabulary_path)
        vocabulary.check_size(listed, rows, vocabulary_path)
        vocabulary.check_digest(listed, vocabulary_path, checkpoint)
    if len(listed) < len(vocabulary.SPECIAL):
        raise ExportError(f"{path}: an embedding table of {rows} rows has no room for the special words")
    trained, learned = _entries(checkpoint, "coarse"), _entries(checkpoint, "features")
    words = Words(listed, vocabulary_path or path, vocabulary_path is not None)
    known = vocabulary.digest(listed) if words.given else vocabulary.digest_of(checkpoint)
    coarse, ranking = _embedding(system, path, words, choice, coarse_path, trained, known)
    return Model(system, coarse, listed, ranking, of_entries(learned, system.region_width) if learned else None,
                 vocabulary.digest_of(checkpoint))


def from_checkpoints(paths: Sequence[Path | str], weights: Sequence[float] | None = None,
                     vocabulary_path: Path | str | None = None, coarse_path: Path | str | None = None,
                     choice: Choice = Choice()) -> Model:
    """The ensemble of two checkpoints or more. Vocabulary and coarse embedding are those of the first."""
    first = from_checkpoint(paths[0], None, vocabulary_path, coarse_path, choice)
    members = [Member(paths[0], first.system, first.trained_with)]
    for path in paths[1:]:
        checkpoint = open_checkpoint(path)
        members.append(Member(path, registry.read(checkpoint), vocabulary.digest_of(checkpoint)))
    ensemble = ensemble_of(members, weights)
    if first.ranking is not None and first.ranking.transform == "logit" and not ensemble.probability:
        other = next(member for member in members if not member.system.probability)
        raise ExportError(f"{coarse_path or paths[0]}: ranking_transform is 'logit', but the score of {other.path} is "
                          "no probability")
    return Model(ensemble, MemberEmbedding(first.coarse), first.vocabulary, first.ranking, first.features)


def random(name: str, sizes: Sizes, options: Mapping[str, Any] | None = None, seed: int = 0,
           coarse_path: Path | str | None = None, choice: Choice = Choice()) -> Model:
    """Weights drawn from `seed`: for measurements and for trying the service out, not for retrieval."""
    for option, size in (("embed-size", sizes.embed_size), ("image-size", sizes.image_size),
                         ("word-size", sizes.word_size)):
        if size < 1:
            raise ExportError(f"--{option} must be at least 1")
    if sizes.vocabulary_size < len(vocabulary.SPECIAL):
        raise ExportError(f"--vocabulary-size must be at least {len(vocabulary.SPECIAL)}")
    made = registry.named(name)
    for given in options or {}:
        if given not in {option.name for option in made.options}:
            raise ExportError(f"--{given.replace('_', '-')} is not for {name}")
    torch.manual_seed(seed)
    system = made.random(name, sizes, options or {})
    words = vocabulary.placeholders(sizes.vocabulary_size)
    coarse, ranking = _embedding(system, "--random", Words(words, "--vocabulary-size", False), choice, coarse_path)
    return Model(system, coarse, words, ranking)


def _entries(checkpoint: Checkpoint, name: str) -> Entries | None:
    """An entry of arrays that a checkpoint may have."""
    stored = checkpoint.entry(name)
    if not isinstance(stored, dict | None):
        raise ExportError(f"{checkpoint.path}: entry {name!r} is a {type(stored).__name__}, expected a dictionary")
    return None if stored is None else Entries(stored, f"{checkpoint.path}, entry {name!r}")


def _embedding(system: System, where: Path | str, words: Words, choice: Choice, coarse_path: Path | str | None,
               stored: Entries | None = None, known: str | None = None) -> tuple[Coarse, Ranking | None]:
    """As `coarse.choice.chosen`, but that the coarse file may be the checkpoint of another model. `where` is what the
    system came from, `known` the digest of its words where there is one."""
    if coarse_path is None or not is_checkpoint(coarse_path):
        return chosen(system, words, choice, coarse_path, stored)
    choice.refuse("with --coarse")
    checkpoint = open_checkpoint(coarse_path)
    other = registry.read(checkpoint)
    for what, own, theirs in (("regions of", system.region_width, other.region_width),
                              ("a vocabulary of", system.vocabulary_size, other.vocabulary_size)):
        if own != theirs:
            raise ExportError(f"{coarse_path}: the coarse model has {what} {theirs}, but {where} {what} {own}")
    theirs = vocabulary.digest_of(checkpoint)
    if known is not None and theirs is not None and known != theirs:
        raise ExportError(f"{coarse_path}: the coarse model was trained with the vocabulary of SHA-256 {theirs}, but {where} "
                          f"has the words of {known}")
    if not other.coarse().standalone:
        raise ExportError(f"{coarse_path}: {other.title or other.name} has no embedding that was trained to find items "
                          f"by itself (its own is {other.coarse().source}), and cannot be the coarse model")
    return ForeignEmbedding(other, coarse_path), None


def _system_of(path: Path | str, config: Mapping[str, Any] | None = None) -> System:
    return registry.read(open_checkpoint(path, config))
