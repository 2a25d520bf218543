"""How far a run has come: what it is resumed from after it was stopped, whenever that was."""

import fcntl
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..coarse.files import arrays_of
from ..errors import ExportError
from .files import replace_file, save_arrays

_STAMP = "stamp"


def discard(folder: Path, what: str) -> None:
    """Removes the state of a run that was stopped. One that is running is left alone: an `ExportError`."""
    if folder.is_dir():
        with _held(folder, what):
            shutil.rmtree(folder)


def _held(folder: Path, what: str) -> BinaryIO:
    """The folder of a run's state, for this process alone until it ends, however it does: two runs would take each
    other's state for their own."""
    lock = open(folder / "lock", "wb")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        lock.close()
        raise ExportError(f"{folder}: another {what} is running here")
    return lock


class State:
    """Named arrays in one .npz, written whole or not at all. A name begins with the part of the run that owns it, as in
    `round 1/step`. `stamp` tells runs apart: arguments, checkpoint and data. `what` the run is called, for messages."""

    def __init__(self, path: Path, stamp: str, what: str) -> None:
        self.path = path
        self._stamp = stamp
        self._what = what
        # A run that is refused before it keeps anything leaves no folder.
        self._lock = _held(path.parent, what) if path.parent.is_dir() else None
        self._arrays = self._read()
        self.resumed = bool(self._arrays)

    def part(self, name: str) -> dict[str, np.ndarray]:
        """What is kept of a part, by the rest of the names; empty if nothing is."""
        prefix = name + "/"
        return {key[len(prefix):]: array for key, array in self._arrays.items() if key.startswith(prefix)}

    def keep(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Puts copies of `arrays` in the place of a part and writes the file."""
        kept = {key: array for key, array in self._arrays.items() if not key.startswith(name + "/")}
        self._arrays = {**kept, **{f"{name}/{key}": np.array(array) for key, array in arrays.items()}}
        if self._lock is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _held(self.path.parent, self._what)
        replace_file(self.path, lambda file: save_arrays(file, {_STAMP: np.array(self._stamp), **self._arrays}))

    def _read(self) -> dict[str, np.ndarray]:
        if not self.path.exists():
            return {}
        arrays = arrays_of(self.path, f"the state of a {self._what}", "; --restart begins anew")
        if str(arrays.pop(_STAMP, "")) != self._stamp:
            raise ExportError(f"{self.path}: the state of a {self._what} with other options, another checkpoint or "
                              "other data; --restart begins anew")
        return arrays
