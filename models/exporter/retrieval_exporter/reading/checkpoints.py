"""Reads files of `torch.save`, the zip format and the one before it, without running what a pickle asks for."""

import io
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ExportError
from .options import Options, options_of
from .stand_ins import foreign, is_stand_in
from .unpickling import load, plain

_LEGACY_MAGIC = 0x1950a86a20f9469cfc6c
_LEGACY_PROTOCOL = 1001
_OPTIONS = (("easydict", "EasyDict"), ("argparse", "Namespace"))


class KeysDiffer(ExportError):
    """A state dictionary has other keys than the module that it is loaded into."""


@dataclass(frozen=True)
class Checkpoint:
    """A file's content, and its options with those that override them.

    Of what the content holds beside tensors, plain containers, numbers and text, stand-ins are left. They are no fault
    where nobody needs them: `entry` and `options` refuse them where somebody does.
    """

    path: Path | str
    content: Mapping[str, Any]
    options: Options

    def entry(self, name: str) -> Any:
        """An entry that is needed, None if there is none. It must be plain all through."""
        value = self.content.get(name)
        found = foreign(value, f"entry {name!r}")
        if found:
            raise ExportError(f"{self.path}: {found}, expected tensors, plain containers, numbers and text")
        return value

    def states(self) -> Sequence[Any] | None:
        """The entry `model` if it is a list of dictionaries."""
        model = self.entry("model")
        listed = isinstance(model, (list, tuple)) and all(isinstance(state, dict) for state in model)
        return model if listed else None

    def state_dicts(self) -> list[dict[str, Tensor]]:
        """The state dictionaries of the entry `model`, keys without DataParallel's `module.`."""
        stripped = []
        for index, state in enumerate(self.states() or ()):
            named = {}
            for key, tensor in state.items():
                if not isinstance(key, str) or not isinstance(tensor, Tensor):
                    raise ExportError(f"{self.path}: entry 'model'[{index}] holds something else than named tensors: "
                                      f"{key!r} is a {type(tensor).__name__}")
                named[key.removeprefix("module.")] = tensor
            stripped.append(named)
        return stripped


def open_checkpoint(path: Path | str, config: Mapping[str, Any] | None = None) -> Checkpoint:
    """Reads a checkpoint; `config` overrides its options."""
    content = read(path)
    return Checkpoint(path, content, options_of(content.get("opt"), config, path))


def read(path: Path | str) -> dict[str, Any]:
    """The dictionary a checkpoint holds: tensors, plain containers, numbers and text, and stand-ins for the rest."""
    try:
        with open(path, "rb") as file:
            head = file.read(4)
            file.seek(0)
            if head == b"PK\x03\x04":
                value = _read_zip(file, path)
            elif head[:1] == b"\x80":
                value = _read_legacy(file, path)
            else:
                raise ExportError(f"{path}: not a checkpoint: neither format of torch.save starts like this")
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}")
    value = plain(value, path)
    if not isinstance(value, dict):
        what = foreign(value, "it") or f"it is a {type(value).__name__}"
        raise ExportError(f"{path}: not a checkpoint: {what}, expected a dictionary with an entry 'model'")
    return value


def is_checkpoint(path: Path | str) -> bool:
    """Whether a file looks like one of `torch.save`, by its first bytes or by what its zip archive holds. A file that
    cannot be opened does not."""
    try:
        with open(path, "rb") as file:
            if file.read(1) == b"\x80":
                return True
            return zipfile.is_zipfile(file) and any(
                name.rpartition("/")[2] == "data.pkl" for name in zipfile.ZipFile(file).namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        return False


def load_state(module: nn.Module, state: Mapping[str, Tensor], path: Path | str, part: str) -> nn.Module:
    """Loads `state` into `module`; says which keys are missing, unknown or of the wrong shape."""
    expected = module.state_dict()
    for problem, keys in (("has no", sorted(set(expected) - set(state))),
                          ("has an unknown", sorted(set(state) - set(expected)))):
        if keys:
            more = f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""
            raise KeysDiffer(f"{path}: the {part} {problem} {keys[0]}{more}")
    for key, tensor in expected.items():
        if state[key].shape != tensor.shape:
            raise ExportError(f"{path}: the {part}'s {key} has shape {list(state[key].shape)}, "
                              f"expected {list(tensor.shape)}")
        if tensor.is_floating_point() and not (state[key].is_floating_point() or state[key].is_complex()):
            kind = str(state[key].dtype).removeprefix("torch.")
            raise ExportError(f"{path}: the {part}'s {key} holds numbers of {kind}, expected floating point")
        if state[key].is_complex():
            raise ExportError(f"{path}: the {part}'s {key} holds complex numbers")
        if not torch.isfinite(state[key].float()).all():
            raise ExportError(f"{path}: the {part}'s {key} holds values that are not finite")
    module.load_state_dict({key: state[key].float() for key in expected})
    return module.eval()


def _elements(data, dtype):
    """Little-endian bytes to a flat tensor of `dtype`."""
    if dtype == torch.bfloat16:
        return torch.from_numpy(np.frombuffer(data, "<i2").copy()).view(torch.bfloat16)
    name = str(torch.empty(0, dtype=dtype).numpy().dtype)
    return torch.from_numpy(np.frombuffer(data, np.dtype(name).newbyteorder("<")).astype(name))


def _width(dtype):
    return torch.empty(0, dtype=dtype).element_size()


def _read_zip(file, path):
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise ExportError(f"{path}: not a checkpoint: a zip archive without one data.pkl")
            # torch.save never compresses: a small file cannot then unpack into a large one.
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ExportError(f"{path}: not a checkpoint: a compressed zip archive")
            root = pickles[0][:-len("data.pkl")]
            if root + "byteorder" in names and archive.read(root + "byteorder").strip() != b"little":
                raise ExportError(f"{path}: saved on a big-endian machine, which is not supported")
            known = {}

            def storage(kind, key, count):
                if is_stand_in(kind):
                    return kind()
                if key not in known:
                    name = root + "data/" + key
                    data = archive.read(name) if name in names else b""
                    if len(data) < count * _width(kind.dtype):
                        raise ExportError(f"{path}: the file is truncated: storage {key} is short")
                    known[key] = _elements(data[:count * _width(kind.dtype)], kind.dtype)
                return known[key]

            return load(io.BytesIO(archive.read(pickles[0])), path, storage, _OPTIONS, skips=True)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ExportError(f"{path}: the file is truncated or damaged: {error}")


def _read_legacy(file, path):
    """Five pickles (magic number, protocol, system, the object, storage keys), then the storages."""
    if load(file, path) != _LEGACY_MAGIC:
        raise ExportError(f"{path}: not a checkpoint: a pickle that torch.save did not write")
    if load(file, path) != _LEGACY_PROTOCOL:
        raise ExportError(f"{path}: an unknown version of the legacy checkpoint format")
    system = load(file, path)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ExportError(f"{path}: saved on a big-endian machine, which is not supported")
    room = os.fstat(file.fileno()).st_size
    known = {}

    def storage(kind, key, count):
        # Storages follow the object that refers to them: reserve now, fill below. Together they cannot be
        # larger than the file, so that forged counts cannot reserve all memory.
        nonlocal room
        if is_stand_in(kind):
            raise ExportError(f"{path}: storage {key} is a {kind.origin}, whose size is not known")
        if key not in known:
            room -= count * _width(kind.dtype)
            if room < 0:
                raise ExportError(f"{path}: the file is truncated: storage {key} is short")
            known[key] = torch.zeros(count, dtype=kind.dtype)
        return known[key]

    value = load(file, path, storage, _OPTIONS, skips=True)
    keys = load(file, path)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or set(keys) != set(known):
        raise ExportError(f"{path}: the list of storages does not match the tensors")
    for key in keys:
        target = known[key]
        header = file.read(8)
        data = file.read(target.numel() * target.element_size())
        if len(header) < 8 or struct.unpack("<q", header)[0] != target.numel() \
                or len(data) < target.numel() * target.element_size():
            raise ExportError(f"{path}: the file is truncated: storage {key} is short")
        target.copy_(_elements(data, target.dtype))
    return value
