"""What a checkpoint could be that no system recognises: the nearest system, and what is missing from it or left over.

Every system is asked for the keys of its smallest model, under each of its names and options; nothing here knows one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .errors import ExportError
from .reading.checkpoints import Checkpoint
from .system import Sizes, System

_SMALLEST = Sizes(embed_size=2, image_size=2, word_size=2, vocabulary_size=4)
_PARTS = ("image encoder", "text encoder", "scorer")
_LAYOUT = "expected a list of state dictionaries: image encoder, text encoder and, where it has weights, scorer"

# How many keys and names a line shows.
_KEYS = 3
_NAMES = 3


@dataclass(frozen=True)
class Known:
    """The keys of a system's state dictionaries under one of its names."""

    system: type[System]
    name: str
    parts: tuple[frozenset[str], ...]


def known(systems: Iterable[type[System]]) -> Iterator[Known]:
    """Every system under each of its names, as it is by default and with each option changed. Random numbers drawn
    on the way are not missed later."""
    with torch.random.fork_rng(devices=[]):
        for system in systems:
            for name in system.names:
                default = {option.name: option.default for option in system.options}
                changed = [{**default, option.name: choice} for option in system.options
                           for choice in option.choices if choice != option.default]
                for options in [default, *changed]:
                    try:
                        states = system.untrained(name, _SMALLEST, options).states()
                    except ExportError:  # An option that this name does not have.
                        continue
                    yield Known(system, name, tuple(frozenset(state) for state in states))


def layout_fault(checkpoint: Checkpoint) -> str | None:
    """Why the entry `model` is no list of two or three state dictionaries, None if it is one."""
    if "model" not in checkpoint.content:
        tensors = [key for key, value in checkpoint.content.items() if isinstance(value, Tensor)]
        if tensors:
            return f"a state dictionary by itself ({shown(tensors)}), expected an entry 'model' that is a list of them"
        return f"no entry 'model' among {shown(checkpoint.content)}; {_LAYOUT}"
    model = checkpoint.entry("model")
    if isinstance(model, dict):
        return f"entry 'model' is one dictionary ({shown(model)}), {_LAYOUT}"
    if checkpoint.states() is None:
        return f"entry 'model' is a {type(model).__name__}, {_LAYOUT}"
    if len(model) not in (2, 3):
        return f"entry 'model' has {len(model)} state dictionaries, {_LAYOUT}"
    return None


def explained(checkpoint: Checkpoint, systems: Sequence[type[System]]) -> str:
    """Why no system recognises a checkpoint, in one line without its path."""
    fault = layout_fault(checkpoint)
    if fault:
        return fault
    found = keys_of(checkpoint)
    candidates = list(known(systems))
    same = [entry for entry in candidates if entry.parts == found]
    if same:
        reasons = dict.fromkeys(filter(None, (entry.system.refusal(checkpoint) for entry in same)))
        return f"the weights are those of {named(same)}, the options are not: {'; '.join(reasons)}"
    mixed = mixture(found, candidates)
    if mixed:
        return mixed
    nearest = max(candidates, key=lambda entry: likeness(found, entry.parts))
    return f"no system recognises it. The nearest is {nearest.name}: {difference(found, nearest.parts)}"


def contradiction(checkpoint: Checkpoint, systems: Sequence[type[System]]) -> str | None:
    """Whose weights they are that the system named by the options could not load, None if nobody's."""
    found = keys_of(checkpoint)
    candidates = list(known(systems))
    same = [entry for entry in candidates if entry.parts == found]
    return f"the weights are those of {named(same)}" if same else mixture(found, candidates)


def mixture(found: tuple[frozenset[str], ...], candidates: Sequence[Known]) -> str | None:
    """Which part is of which system, where each is of some and all are of none. Parts that any system could have are
    left out."""
    owners = []
    for index, keys in enumerate(found):
        owners.append([entry for entry in candidates if index < len(entry.parts) and entry.parts[index] == keys])
        if not owners[-1]:
            return None
    everyone = {entry.name for entry in candidates}
    told = [f"the {part} is of {named(entries)}" for part, entries in zip(_PARTS, owners)
            if {entry.name for entry in entries} != everyone]
    return f"parts of different systems: {', '.join(told)}" if len(told) > 1 else None


def keys_of(checkpoint: Checkpoint) -> tuple[frozenset[str], ...]:
    """The keys of the entry `model`, a set for each part."""
    return tuple(frozenset(state) for state in checkpoint.state_dicts())


def likeness(left: Sequence[frozenset[str]], right: Sequence[frozenset[str]]) -> float:
    """Shared keys among all keys."""
    a, b = ({(index, key) for index, keys in enumerate(parts) for key in keys} for parts in (left, right))
    return len(a & b) / max(1, len(a | b))


def difference(found: Sequence[frozenset[str]], expected: Sequence[frozenset[str]]) -> str:
    """Which keys are missing and which are left over, by part."""
    told = []
    for index, part in enumerate(_PARTS):
        have, want = (parts[index] if index < len(parts) else frozenset() for parts in (found, expected))
        told += [f"the {part} {verb} {shown(sorted(keys))}"
                 for verb, keys in (("lacks", want - have), ("has besides", have - want)) if keys]
    return ", ".join(told)


def shown(keys: Iterable[Any] | Mapping[Any, Any]) -> str:
    """The first few, and how many more."""
    listed = [str(key)[:80] for key in keys]
    more = f" (and {len(listed) - _KEYS} more)" if len(listed) > _KEYS else ""
    return (", ".join(listed[:_KEYS]) or "nothing") + more


def named(entries: Iterable[Known]) -> str:
    """The names of systems, each once, the first few."""
    names = list(dict.fromkeys(entry.name for entry in entries))
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return " or ".join(names[:_NAMES]) + more
