"""The options of a checkpoint, as systems read them."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ExportError
from .stand_ins import foreign

KINDS = "argparse.Namespace, EasyDict or dictionary"


class Options(Mapping):
    """Options by name. One that holds an object of an unknown class is an `ExportError` for whoever reads it, and
    nothing to anybody else. It keeps which names were asked for."""

    def __init__(self, path: Path | str, entries: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> None:
        self._path, self._stored, self._asked = path, dict(entries), set()
        self._entries = {**entries, **(config or {})}

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        value = self._entries[name]
        found = foreign(value, f"entry 'opt'[{name!r}]")
        if found:
            raise ExportError(f"{self._path}: {found}, which is not read; --config can give the option instead")
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def warn_of(self, config: Mapping[str, Any] | None) -> None:
        """Names on standard error what a config file says against the checkpoint, and what it has and nothing asked for,
        such as a misspelt option. No error: a file may hold all options that a model was trained with, and may be there
        to put a checkpoint right."""
        for name, given in (config or {}).items():
            own = self._stored.get(name, given)
            if name in self._asked and not foreign(own, name) and own != given:
                print(f"note: --config gives {name} = {repr(given)[:40]}, the checkpoint {repr(own)[:40]}: --config is taken",
                      file=sys.stderr)
        unread = [name for name in config or {} if name not in self._asked]
        if unread:
            more = f" and {len(unread) - 3} more" if len(unread) > 3 else ""
            print(f"note: nothing reads {', '.join(unread[:3])}{more} of --config", file=sys.stderr)


def options_of(stored: Any, config: Mapping[str, Any] | None, path: Path | str) -> Options:
    """The entry `opt`, overridden by `config`. Without a config it must be of a kind that is read, or missing."""
    if not isinstance(stored, dict):
        if stored is not None and config is None:
            found = foreign(stored, "entry 'opt'") or f"entry 'opt' is a {type(stored).__name__}"
            raise ExportError(f"{path}: {found}, expected an {KINDS}; --config can give the options instead")
        stored = {}
    return Options(path, stored, config)


def number(options: Mapping[str, Any], name: str, where: Path | str, bounds: tuple[float, float], expected: str,
           default: float | None = None) -> float:
    """An option that is a number within `bounds`, which `expected` says in words; `where` names its source."""
    value = options.get(name, default)
    # Compared before it is converted: whole numbers have no largest.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not bounds[0] <= value <= bounds[1]:
        raise ExportError(f"{where}: option {name} is {repr(value)[:40]}, expected {expected}")
    return float(value)


def truth(options: Mapping[str, Any], name: str, where: Path | str, default: bool) -> bool:
    """An option that is true or false. A text such as 'False' is neither."""
    value = options.get(name, default)
    if not isinstance(value, (bool, int)) or value not in (0, 1):
        raise ExportError(f"{where}: option {name} is {repr(value)[:40]}, expected true or false")
    return bool(value)
