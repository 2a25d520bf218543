"""A pickle reader that admits a short list of names and refuses every other one, before anything is called.

A pickle is a program. What can be reached from it here: `OrderedDict`, the tensor rebuilders below, storage
type names, and inert stand-ins for the classes in which published checkpoints keep their options.
"""

import collections
import math
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ..errors import ExportError

_STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

# Of what a checkpoint or a vocabulary holds: state dictionaries lie three deep, vocabularies have thousands of words.
_DEEPEST = 32
_MOST_ENTRIES = 10_000_000


class Refused(pickle.UnpicklingError):
    """A name or a structure outside the list."""


class StorageType:
    """What a storage class's name in a pickle becomes: its element type, nothing callable."""

    __slots__ = ("dtype",)

    def __init__(self, dtype):
        self.dtype = dtype


class Bag(dict):
    """Stand-in for a class of which only the data is wanted: state is kept as entries, never executed."""

    __slots__ = ()

    def __setstate__(self, state):
        if not isinstance(state, dict):
            raise Refused("an object whose state is not a dictionary")
        self.update(state)


class _Rebuild:
    """An admitted function. An instance without a `__dict__`, so that a pickle cannot alter it."""

    __slots__ = ("_function",)

    def __init__(self, function):
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments):
        return self._function(*arguments)

    def __setattr__(self, name, value):
        raise Refused("a change to a function")

    def __setstate__(self, state):
        raise Refused("a change to a function")


def _tensor(storage, offset, size, stride, *_ignored):
    """The view of a flat storage that a tensor was saved as, bounds checked."""
    if not isinstance(storage, torch.Tensor) or storage.dim() != 1:
        raise Refused("a tensor whose storage is not one")
    numbers = [offset, *size, *stride]
    if len(size) != len(stride) or not all(type(n) is int and n >= 0 for n in numbers):
        raise Refused("a tensor with a malformed shape")
    if all(size):
        if math.prod(size) > storage.shape[0]:
            raise Refused("a tensor larger than its storage")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride))
        if last >= storage.shape[0]:
            raise Refused("a tensor that reaches beyond its storage")
    return torch.as_strided(storage, tuple(size), tuple(stride), offset)


def _parameter(data, *_ignored):
    if not isinstance(data, torch.Tensor):
        raise Refused("a parameter that is not a tensor")
    return data


_ADMITTED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(_tensor),
    ("torch._utils", "_rebuild_tensor"): _Rebuild(_tensor),
    ("torch._utils", "_rebuild_parameter"): _Rebuild(_parameter),
    # Options and vocabularies of published code: attributes in a dictionary, no more.
    ("easydict", "EasyDict"): Bag,
    ("argparse", "Namespace"): Bag,
    ("vocab", "Vocabulary"): Bag,
}


class RestrictedUnpickler(pickle.Unpickler):
    """`storage(kind, key, count)` gives the flat tensor behind a persistent id; without it, ids are refused.

    `classes`: which option and vocabulary classes this kind of file may hold.
    """

    def __init__(self, file, storage=None, classes=()):
        # Files written by Python 2 hold byte strings; latin-1 reads any of them without failing.
        super().__init__(file, encoding="latin-1")
        self._storage = storage
        self._classes = frozenset(classes)

    def find_class(self, module, name):
        if module in ("torch", "torch.cuda") and name in _STORAGES and self._storage:
            return StorageType(_STORAGES[name])
        found = _ADMITTED.get((module, name))
        if found is None or (found is Bag and (module, name) not in self._classes) \
                or (isinstance(found, _Rebuild) and not self._storage):
            raise Refused(f"{module}.{name}")
        return found

    def persistent_load(self, identifier):
        if self._storage is None or not isinstance(identifier, tuple) or len(identifier) < 5 \
                or identifier[0] != "storage" or not isinstance(identifier[1], StorageType):
            raise Refused("a reference to outside the file")
        if len(identifier) > 5 and identifier[5] is not None:
            raise Refused("a view of a storage, as PyTorch saved before 0.4")
        _, kind, key, _, count = identifier[:5]
        if not isinstance(key, str) or type(count) is not int or count < 0:
            raise Refused("a malformed storage")
        return self._storage(kind, key, count)


def load(file: BinaryIO, path: Path | str, storage: Callable | None = None,
         classes: Iterable[tuple[str, str]] = ()) -> Any:
    """One pickle from `file`; every failure becomes an `ExportError` that names `path`."""
    try:
        return RestrictedUnpickler(file, storage, classes).load()
    except Refused as refused:
        raise ExportError(f"{path}: refused: the file holds {refused}, which is not among what a checkpoint or "
                          "vocabulary may hold")
    except ExportError:
        raise
    except EOFError:
        raise ExportError(f"{path}: the file is truncated")
    except Exception as error:  # A malformed pickle can fail in any way; none of them is a bug of ours.
        raise ExportError(f"{path}: not a readable pickle: {error}")


def plain(value: Any, path: Path | str) -> Any:
    """Stand-ins and ordered dictionaries as plain dictionaries, recursively.

    A pickle's containers may hold themselves, nest without end, or be shared so often that a copy would fill all
    memory: none of that is a checkpoint or a vocabulary, and all of it is an `ExportError` here.
    """
    entries = 0

    def copy(value, depth):
        nonlocal entries
        if not isinstance(value, (dict, list, tuple)):
            return value
        if depth > _DEEPEST:
            raise ExportError(f"{path}: refused: the file holds containers that hold themselves, or nest more than "
                              f"{_DEEPEST} deep")
        entries += len(value)
        if entries > _MOST_ENTRIES:
            raise ExportError(f"{path}: refused: the file holds more than {_MOST_ENTRIES} entries")
        if isinstance(value, dict):
            return {key: copy(item, depth + 1) for key, item in value.items()}
        items = [copy(item, depth + 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items

    return copy(value, 1)
