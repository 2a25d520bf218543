"""Coarse files, .npz: what `--coarse` reads, and what a fit writes."""

import os
import zipfile
import zlib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ExportError
from ..reading.arrays import fault
from ..runs.files import save_arrays
from .embedding import Coarse
from .entries import Entries
from .heads import heads_of
from .ranking import NAMES, Ranking, ranking_of
from .slots import SlotEmbedding, SlotWeights

if TYPE_CHECKING:
    from ..system import System

_SLOTS = tuple(field.name for field in fields(SlotWeights))


def read(path: Path | str, system: "System") -> tuple[Coarse, Ranking | None]:
    """The embedding of a file and its ranking, if it has one. Pickled arrays are refused."""
    return embedding_of(Entries(arrays_of(path), str(path)), system)


def read_slots(path: Path | str, system: "System") -> tuple[SlotWeights, Ranking | None]:
    """The same of a file that must hold slots, as weights to train on."""
    entries = Entries(arrays_of(path), str(path))
    weights = slots_of(entries, system)
    return weights, _finished(entries, system)


def embedding_of(entries: Entries, system: "System") -> tuple[Coarse, Ranking | None]:
    """Heads if there are any, else slots; every entry is checked and none is left over."""
    if "image_weight" in entries or "caption_weight" in entries:
        coarse: Coarse = heads_of(entries, system.embed_size)
    elif any(name in entries for name in _SLOTS):
        weights = slots_of(entries, system)
        coarse = SlotEmbedding(weights, *system.affinity())
    else:
        raise entries.error("neither image_weight (heads) nor slot_means (slots) in it")
    return coarse, _finished(entries, system)


def slots_of(entries: Entries, system: "System") -> SlotWeights:
    """The weights of slots, of the width in which the system's words attend to regions."""
    maps = system.affinity()
    if maps is None:
        raise entries.error(f"slots are not for {system.name}, whose words do not attend to regions")
    width = maps[0].shape[1]
    return SlotWeights(
        slot_means=entries.tensor("slot_means", "B", width),
        slot_centres=entries.tensor("slot_centres", "B", width),
        query_projection=entries.tensor("query_projection", "B", width, "p"),
        key_projection=entries.tensor("key_projection", "B", width, "p"),
        word_weight=entries.tensor("word_weight", width),
        unit=entries.flag("unit"))


def _finished(entries: Entries, system: "System") -> Ranking | None:
    ranking = ranking_of(entries, system.probability)
    entries.finish()
    return ranking


def write(path: Path | str, weights: SlotWeights, ranking: Ranking | None = None) -> None:
    """Writes slots, whole or not at all. The same weights give the same bytes."""
    arrays: dict[str, np.ndarray] = {
        name: np.asarray(getattr(weights, name)) for name in _SLOTS}
    if ranking is not None:
        arrays.update(zip(NAMES, (np.array(ranking.transform), np.array(ranking.coarse_weight, np.float64),
                                  np.array(ranking.shortlist, np.int64))))
    partial = Path(f"{path}.part")
    try:
        with open(partial, "wb") as file:
            save_arrays(file, arrays)
        os.replace(partial, path)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}")
    finally:
        partial.unlink(missing_ok=True)


def arrays_of(path: Path | str, what: str = "an .npz of plain arrays", advice: str = "") -> dict[str, np.ndarray]:
    """The arrays of an .npz by name. A file that is none, or is damaged or pickled, is an error that calls it no `what`."""
    try:
        if os.path.getsize(path) == 0:
            raise ExportError(f"{path}: not readable as {what}: the file is empty{advice}")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, AttributeError, EOFError, NotImplementedError, RuntimeError, TypeError,
            zipfile.BadZipFile, zlib.error) as error:
        raise ExportError(f"{path}: not readable as {what}: {fault(error)}{advice}")
