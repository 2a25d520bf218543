"""A pickle reader that imports nothing and calls nothing but what stands here.

A pickle is a program. What can be reached from it: dictionaries, the tensor rebuilders below, storage type names, and
inert stand-ins for the classes in which published checkpoints keep their options. Every other name is refused, or, in
a checkpoint, becomes a stand-in that does nothing.
"""

import math
import pickle
import pickletools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ..errors import ExportError
from .stand_ins import StandIn, full_name, is_stand_in, stand_in

_STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    # Of PyTorch 2: bytes, whatever the tensor makes of them.
    "UntypedStorage": torch.uint8,
}
_STORAGE_MODULES = ("torch", "torch.cuda", "torch.storage")

# Of what a checkpoint or a vocabulary holds: state dictionaries lie three deep, vocabularies have thousands of words.
_DEEPEST = 32
_MOST_ENTRIES = 10_000_000

# Each becomes a class, which takes a kilobyte: without a limit a small file could fill all memory.
_MOST_UNKNOWN_NAMES = 1000

_PUTS = {"BINPUT", "LONG_BINPUT"}


class Refused(pickle.UnpicklingError):
    """A name or a structure outside the list."""


class Sealed:
    """Holds a value that a pickle cannot change: without a `__dict__`, without attributes that can be set."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        object.__setattr__(self, "value", value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise Refused("a change to what is not a container")

    def __setstate__(self, state: Any) -> None:
        raise Refused("a change to what is not a container")


class StorageType(Sealed):
    """What a storage class's name becomes: its element type."""

    __slots__ = ()

    @property
    def dtype(self) -> torch.dtype:
        return self.value


class Storage(Sealed):
    """A flat tensor that tensors are views of."""

    __slots__ = ()


class Saved(Sealed):
    """A tensor."""

    __slots__ = ()


class Rebuild(Sealed):
    """An admitted function."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> Any:
        return self.value(*arguments)


class Entries(dict):
    """Stand-in for a dictionary of another class. Arguments and state are kept by reference and looked at by `plain`,
    which counts: a pickle can name the same large dictionary a million times."""

    __slots__ = ("arguments", "state")

    def __new__(cls, *arguments: Any) -> "Entries":
        made = dict.__new__(cls)
        made.arguments, made.state = arguments, None
        return made

    def __init__(self, *arguments: Any) -> None:
        # Not dict's own, which would copy.
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        # Of an ordered dictionary: attributes beside its entries, such as `_metadata`.
        pass


class Bag(Entries):
    """Stand-in for a class of which only the attributes are wanted: they are kept as entries, never executed."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise Refused("an object whose state is not a dictionary")
        self.state = state


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_ignored: Any) -> Saved | StandIn:
    """The view of a flat storage that a tensor was saved as, bounds checked."""
    if is_stand_in(storage):
        return storage
    if not isinstance(storage, Storage):
        raise Refused("a tensor whose storage is not one")
    flat = storage.value
    numbers = [offset, *size, *stride]
    if len(size) != len(stride) or not all(type(n) is int and n >= 0 for n in numbers):
        raise Refused("a tensor with a malformed shape")
    if all(size):
        if math.prod(size) > flat.shape[0]:
            raise Refused("a tensor larger than its storage")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride))
        if last >= flat.shape[0]:
            raise Refused("a tensor that reaches beyond its storage")
    return Saved(torch.as_strided(flat, tuple(size), tuple(stride), offset))


def _parameter(data: Any, *_ignored: Any) -> Saved | StandIn:
    if not isinstance(data, Saved) and not is_stand_in(data):
        raise Refused("a parameter that is not a tensor")
    return data


_REBUILD_TENSOR = Rebuild(_tensor)


def _of_type(function: Any, kind: Any, arguments: Any, *_state: Any) -> Saved | StandIn:
    """A tensor with attributes of its own, which are left out."""
    if function is not _REBUILD_TENSOR or not isinstance(arguments, tuple):
        return StandIn()
    return _tensor(*arguments)


_ADMITTED = {
    ("collections", "OrderedDict"): Entries,
    ("torch._utils", "_rebuild_tensor_v2"): _REBUILD_TENSOR,
    ("torch._utils", "_rebuild_tensor"): _REBUILD_TENSOR,
    ("torch._utils", "_rebuild_parameter"): Rebuild(_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): Rebuild(_parameter),
    ("torch._tensor", "_rebuild_from_type_v2"): Rebuild(_of_type),
    # Options of published code: attributes in a dictionary, no more.
    ("easydict", "EasyDict"): Bag,
    ("argparse", "Namespace"): Bag,
}

# A vocabulary's class by its name alone: published training scripts pickled a class of their own (`__main__.Vocabulary`), others
# one of a module of their own (`vocab.Vocabulary`, `data.vocab.Vocabulary`).
VOCABULARY = "Vocabulary"


class RestrictedUnpickler(pickle.Unpickler):
    """`storage(kind, key, count)` gives the flat tensor behind a persistent id; without it, ids are refused.

    `classes`: which classes of options or vocabularies this kind of file may hold, by module and name, or by the name
    alone for any module: what stands for one keeps attributes and does nothing. `skips`: whether other names become
    stand-ins instead of being refused.
    """

    def __init__(self, file: BinaryIO, storage: Callable | None = None, classes: Iterable[tuple[str, str] | str] = (),
                 skips: bool = False) -> None:
        # Files written by Python 2 hold byte strings; latin-1 reads any of them without failing.
        super().__init__(file, encoding="latin-1")
        self._storage = storage
        self._classes = frozenset(classes)
        self._skips = skips
        self._unknown: dict[tuple[str, str], type[StandIn]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if self._storage and module in _STORAGE_MODULES and name in _STORAGES:
            return StorageType(_STORAGES[name])
        if name in self._classes:
            return Bag
        found = _ADMITTED.get((module, name))
        if found is not None and (found is not Bag or (module, name) in self._classes) \
                and (self._storage or not isinstance(found, Rebuild)):
            return found
        if not self._skips:
            raise Refused(full_name(module, name))
        if (module, name) not in self._unknown:
            if len(self._unknown) == _MOST_UNKNOWN_NAMES:
                raise Refused(f"more than {_MOST_UNKNOWN_NAMES} names of classes and functions")
            self._unknown[module, name] = stand_in(module, name)
        return self._unknown[module, name]

    def persistent_load(self, identifier: Any) -> Storage | StandIn:
        if self._storage is None or not isinstance(identifier, tuple) or len(identifier) < 5 \
                or identifier[0] != "storage":
            raise Refused("a reference to outside the file")
        _, kind, key, _, count = identifier[:5]
        if not isinstance(kind, StorageType) and not is_stand_in(kind):
            raise Refused("a reference to outside the file")
        if len(identifier) > 5 and identifier[5] is not None:
            raise Refused("a view of a storage, as PyTorch saved before 0.4")
        if not isinstance(key, str) or type(count) is not int or count < 0:
            raise Refused("a malformed storage")
        made = self._storage(kind, key, count)
        return made if is_stand_in(made) else Storage(made)


def load(file: BinaryIO, path: Path | str, storage: Callable | None = None,
         classes: Iterable[tuple[str, str] | str] = (), skips: bool = False) -> Any:
    """One pickle from `file`; every failure becomes an `ExportError` that names `path`."""
    try:
        _check_memo(file)
        return RestrictedUnpickler(file, storage, classes, skips).load()
    except Refused as refused:
        raise ExportError(f"{path}: refused: the file holds {refused}, which is not among what a checkpoint or "
                          "vocabulary may hold")
    except ExportError:
        raise
    except EOFError:
        raise ExportError(f"{path}: the file is truncated")
    except Exception as error:  # A malformed pickle can fail in any way; none of them is a bug of ours.
        raise ExportError(f"{path}: not a readable pickle: {error}")


def _check_memo(file: BinaryIO) -> None:
    """Refuses a pickle that memorises an object under a larger number than it has operations: the unpickler reserves
    memory up to that number, 64 GB for ten bytes. Leaves the file where it was."""
    start, operations = file.tell(), 0
    while True:
        code = pickletools.code2op.get(file.read(1).decode("latin-1"))
        # At the end, or at what is no operation, the unpickler stops as well.
        if code is None or code.name == "STOP":
            break
        operations += 1
        size = code.arg.n if code.arg is not None else 0
        if size == pickletools.UP_TO_NEWLINE:
            line = file.readline()
            if code.arg.name == "stringnl_noescape_pair":
                file.readline()
            index = int(line) if code.name == "PUT" else 0
        elif code.name in _PUTS:
            index = int.from_bytes(file.read(size), "little")
        else:
            index = 0
            if size < 0:
                size = int.from_bytes(file.read(_LENGTHS[size]), "little")
            file.seek(size, 1)
        if index > operations:
            raise Refused("a memo of more objects than it has")
    file.seek(start)


# How many bytes say how long an argument is.
_LENGTHS = {pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT4: 4,
            pickletools.TAKEN_FROM_ARGUMENT4U: 4, pickletools.TAKEN_FROM_ARGUMENT8U: 8}


def plain(value: Any, path: Path | str) -> Any:
    """Dictionaries of every class as plain ones, and tensors as they are, recursively. Stand-ins stay.

    A pickle's containers may hold themselves, nest without end, or be shared so often that a copy would fill all
    memory: none of that is a checkpoint or a vocabulary, and all of it is an `ExportError` here.
    """
    entries = 0

    def copy(value, depth):
        nonlocal entries
        if isinstance(value, Saved):
            return value.value
        if not isinstance(value, (dict, list, tuple)):
            return value
        if depth > _DEEPEST:
            raise ExportError(f"{path}: refused: the file holds containers that hold themselves, or nest more than "
                              f"{_DEEPEST} deep")
        parts = [value]
        if isinstance(value, Entries):
            parts = [*value.arguments, value, *([] if value.state is None else [value.state])]
        entries += sum(map(len, parts))
        if entries > _MOST_ENTRIES:
            raise ExportError(f"{path}: refused: the file holds more than {_MOST_ENTRIES} entries")
        if isinstance(value, dict):
            made = {}
            for part in parts:
                # As Python 2 pickled ordered dictionaries: their argument is a list of pairs.
                for key, item in part.items() if isinstance(part, dict) else part:
                    made[key] = copy(item, depth + 1)
            return made
        items = [copy(item, depth + 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items

    try:
        return copy(value, 1)
    except (TypeError, ValueError):
        raise ExportError(f"{path}: not a readable pickle: a dictionary made of something else than pairs")
