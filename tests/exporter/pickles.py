"""Writes pickles operation by operation, with names that need not exist here: what other versions of PyTorch, other
people's classes and attackers put into a checkpoint. Every function gives the bytes that leave one object."""

import struct
import zipfile

import torch

NONE = b"N"


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    return b"\x8a" + bytes([8]) + value.to_bytes(8, "little", signed=True)


def flag(value):
    return b"\x88" if value else b"\x89"


def data(value):
    return b"B" + struct.pack("<I", len(value)) + value


def sequence(*items):
    return b"(" + b"".join(items) + b"t"


def listed(*items):
    return b"](" + b"".join(items) + b"e"


def mapping(entries):
    return b"}(" + b"".join(text(key) + item for key, item in entries.items()) + b"u"


def named(module, name):
    """A class or a function."""
    return f"c{module}\n{name}\n".encode()


def called(function, *arguments):
    return function + sequence(*arguments) + b"R"


def made(kind, *arguments):
    """An object of a class, by `__new__`."""
    return kind + sequence(*arguments) + b"\x81"


def built(item, state):
    """An object that is given its state."""
    return item + state + b"b"


def filled(item, entries):
    """An object that is given entries."""
    return item + b"(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def appended(item, *items):
    return item + b"(" + b"".join(items) + b"e"


def storage(key, count, kind=named("torch", "FloatStorage")):
    return sequence(text("storage"), kind, text(key), text("cpu"), number(count)) + b"Q"


def tensor(key, shape, kind=named("torch", "FloatStorage"), function=named("torch._utils", "_rebuild_tensor_v2")):
    """A tensor of a storage that it fills."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    return called(function, storage(key, torch.Size(shape).numel(), kind), number(0),
                  sequence(*map(number, shape)), sequence(*map(number, strides[:len(shape)])), flag(False),
                  called(named("collections", "OrderedDict")))


def archive(path, body, storages=(), records=()):
    """A checkpoint in the zip format: `body` is the pickle without its first and last operation, `storages` are bytes,
    `records` what else lies in the archive."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02" + body + b".")
        for name, content in records:
            file.writestr("archive/" + name, content)
        for index, content in enumerate(storages):
            file.writestr(f"archive/data/{index}", content)
    return path


def saved(path, checkpoint, state=tensor, options=None, records=(), wrap=lambda entries: mapping(entries), **entries):
    """The checkpoint file `checkpoint` again, with other `entries`. `state(key, shape)` pickles a tensor, `wrap` a
    state dictionary."""
    storages = []

    def kept(value):
        storages.append(value.float().contiguous().numpy().tobytes())
        return state(str(len(storages) - 1), tuple(value.shape))

    model = listed(*[wrap({key: kept(value) for key, value in part.items()}) for part in checkpoint["model"]])
    if options is None:
        options = mapping({name: plain(value) for name, value in checkpoint["opt"].items()})
    return archive(path, mapping({"model": model, "opt": options, **entries}), storages, records)


def plain(value):
    """Text, a number, true or false, None."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return flag(value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    return text(value) if isinstance(value, str) else number(value)
