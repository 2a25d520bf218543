"""What a checkpoint could be that no system recognises: the nearest system, and what is missing from it or left over.

Every system is asked for the keys of its smallest model, under each of its names and options; nothing here knows one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from .errors import ExportError
from .reading.checkpoints import Checkpoint
from .reading.encoders import ENCODER_OPTIONS
from .system import Sizes, System

_SMALLEST = Sizes(embed_size=2, image_size=2, word_size=2, vocabulary_size=4)
_PARTS = ("image encoder", "text encoder", "scorer")
_LAYOUT = "expected a list of two or three state dictionaries: image encoder, text encoder and, where it has weights, " \
          "scorer"

# How many keys and names a line shows.
_KEYS = 3
_NAMES = 3


@dataclass(frozen=True)
class Known:
    """The keys of a system's state dictionaries under one of its names, and the options of its checkpoints."""

    system: type[System]
    name: str
    parts: tuple[frozenset[str], ...]
    options: frozenset[str]


def known(systems: Iterable[type[System]]) -> Iterator[Known]:
    """Every system under each of its names, as it is by default and with each option changed."""
    for system in systems:
        yield from _known(system)


@lru_cache
def _known(system: type[System]) -> tuple[Known, ...]:
    found = []
    # Random numbers drawn on the way are not missed later.
    with torch.random.fork_rng(devices=[]):
        changed = [{option.name: choice} for option in system.options for choice in option.choices or ()]
        for name in system.names:
            for options in [{}, *changed]:
                try:
                    made = system.untrained(name, _SMALLEST, options)
                except ExportError:  # An option that this name does not have.
                    continue
                found.append(Known(system, name, tuple(frozenset(state) for state in made.states()),
                                   frozenset(made.checkpoint_options()) - ENCODER_OPTIONS))
    return tuple(found)


def layout_fault(checkpoint: Checkpoint) -> str | None:
    """Why the entry `model` is no list of two or three state dictionaries, None if it is one."""
    if "model" not in checkpoint.content:
        tensors = [key for key, value in checkpoint.content.items() if isinstance(value, Tensor)]
        if tensors:
            return f"the file is one state dictionary ({shown(tensors)}), expected an entry 'model', a list of them"
        return f"no entry 'model', only {shown(checkpoint.content)}; {_LAYOUT}"
    model = checkpoint.entry("model")
    if isinstance(model, dict):
        return f"entry 'model' is one dictionary ({shown(model)}), {_LAYOUT}"
    if checkpoint.states() is None:
        other = next((item for item in model if not isinstance(item, dict)), None) if isinstance(model, list) else model
        return f"entry 'model' {'is' if other is model else 'holds'} a {type(other).__name__}, {_LAYOUT}"
    if len(model) not in (2, 3):
        return f"entry 'model' is a list of {len(model)}, {_LAYOUT}"
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
        owners = list(dict.fromkeys(entry.system for entry in same))
        stranger = foreign_options(checkpoint, owners, systems)
        if stranger:
            return stranger
        reasons = dict.fromkeys(filter(None, (system.refusal(checkpoint) for system in owners)))
        return f"the weights are those of {named(same)}, the options are not: {'; '.join(reasons)}"
    mixed = mixture(found, candidates)
    if mixed:
        return mixed
    nearest = max(candidates, key=lambda entry: likeness(found, entry.parts))
    if not likeness(found, nearest.parts):
        return f"no system has any of its weights ({shown(sorted(key for keys in found for key in keys))})"
    alike = [entry for entry in candidates if entry.parts == nearest.parts]
    return f"no system recognises it. The nearest is {named(alike)}: {difference(found, nearest.parts)}"


def contradiction(checkpoint: Checkpoint, systems: Sequence[type[System]]) -> str | None:
    """Whose weights they are that the system named by the options could not load, None if nobody's."""
    found = keys_of(checkpoint)
    candidates = list(known(systems))
    same = [entry for entry in candidates if entry.parts == found]
    return f"the weights are those of {named(same)}" if same else mixture(found, candidates)


def foreign_options(checkpoint: Checkpoint, owners: Sequence[type[System]],
                    systems: Sequence[type[System]]) -> str | None:
    """Why a checkpoint with the weights of `owners` was trained as something else: its options are all another
    system's. None where one is an owner's own, or none is anybody's."""
    given, candidates = set(checkpoint.options), list(known(owners))
    own = {option for entry in candidates for option in entry.options}
    if given & own:
        return None
    others = [(len(given & entry.options), entry) for entry in known(systems) if entry.system not in owners]
    most, nearest = max(others, key=lambda counted: counted[0], default=(0, None))
    if not most:
        return None
    theirs = [entry for count, entry in others if count == most and entry.system is nearest.system]
    found = keys_of(checkpoint)
    alike = max(likeness(found, entry.parts) for entry in candidates)
    ours = [entry for entry in candidates if likeness(found, entry.parts) == alike]
    return f"the weights are those of {named(ours)}, but the options ({shown(sorted(given & nearest.options))}) are " \
           f"those of {named(theirs)}; --config can give one of the former ({shown(sorted(own))})"


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
    told = [f"entry 'model' has {len(found)} parts, expected {len(expected)}"] if len(found) != len(expected) else []
    for index, part in enumerate(_PARTS):
        have, want = (parts[index] if index < len(parts) else frozenset() for parts in (found, expected))
        told += [f"the {part} {verb} {shown(sorted(keys))}"
                 for verb, keys in (("lacks", want - have), ("has besides", have - want)) if keys]
    return ", ".join(told)


def shown(keys: Iterable[Any] | Mapping[Any, Any]) -> str:
    """The first few, and how many more."""
    listed = [str(key)[:80] for key in keys]
    more = f" and {len(listed) - _KEYS} more" if len(listed) > _KEYS else ""
    return (", ".join(listed[:_KEYS]) or "nothing") + more


def named(entries: Iterable[Known]) -> str:
    """The names of systems, each once, the first few."""
    names = list(dict.fromkeys(entry.name for entry in entries))
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return " or ".join(names[:_NAMES]) + more
