"""Which embedding a model gets: trained weights if there are any, else slots or what the system has of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExportError
from . import files, untrained
from .embedding import Coarse
from .entries import Entries
from .ranking import Ranking
from .slots import SlotEmbedding

if TYPE_CHECKING:
    from ..system import System

EMBEDDINGS = ("slots", "bilinear", "features")
SLOTS = 32
SLOT_WIDTH = 16


@dataclass(frozen=True)
class Choice:
    """What the user says of an embedding without trained weights, None where nothing: one of `EMBEDDINGS`, and how many
    slots of which width."""

    embedding: str | None = None
    slots: int | None = None
    slot_width: int | None = None

    def __post_init__(self) -> None:
        for option, value in self.sizes().items():
            if value < 1:
                raise ExportError(f"{option} must be at least 1")

    def sizes(self) -> dict[str, int]:
        """The sizes that are given, by option."""
        given = {"--slots": self.slots, "--slot-width": self.slot_width}
        return {option: value for option, value in given.items() if value is not None}

    def refuse(self, why: str, *, sizes_alone: bool = False) -> None:
        """An error if anything was said, for nothing of it would have an effect."""
        said = [*(["--embedding"] if self.embedding is not None and not sizes_alone else []), *self.sizes()]
        if said:
            raise ExportError(f"{said[0]} has no effect {why}")


@dataclass(frozen=True)
class Words:
    """A model's words in the order of their ids, and where they are from. `given`: they are a vocabulary's, and no
    placeholders."""

    words: list[str]
    where: Path | str
    given: bool


def chosen(system: "System", words: Words, choice: Choice = Choice(), file: Path | str | None = None,
           stored: Entries | None = None) -> tuple[Coarse, Ranking | None]:
    """The embedding, and a ranking where trained weights come with one. `stored` are trained weights in the checkpoint
    itself; those in `file` take precedence."""
    if file is not None:
        choice.refuse("with --coarse")
        return files.read(file, system)
    if stored is not None and choice.embedding is None:
        choice.refuse(f"beside trained weights ({stored.where}); --embedding slots leaves them aside")
        return files.embedding_of(stored, system)
    if choice.embedding == "slots" or choice.embedding is None and words.given and system.affinity() is not None:
        weights = untrained.make(system, words.words, choice.slots or SLOTS, choice.slot_width or SLOT_WIDTH,
                                 str(words.where))
        return SlotEmbedding(weights, *system.affinity()), None
    coarse = system.coarse()
    if choice.embedding not in (None, coarse.source):
        raise ExportError(
            f"--embedding {choice.embedding} is not for {system.name}, whose embedding is {coarse.source}")
    choice.refuse(f"on the embedding {coarse.source}; --embedding slots makes slots", sizes_alone=True)
    return coarse, None
