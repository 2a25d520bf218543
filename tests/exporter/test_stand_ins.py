"""Checkpoints as they exist: what the exporter does not need is skipped and never executed, what it needs is strict."""

import collections
import io
import os
import pathlib
import struct
import tracemalloc

import numpy as np
import pytest
import torch

import pickles
from evil import Calls, Foreign, evil_objects
from pickles import NONE, called, data, filled, listed, made, mapping, named, number, sequence, text
from retrieval_exporter import model
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import checkpoints, unpickling
from retrieval_exporter.reading.stand_ins import StandIn, is_stand_in
from retrieval_exporter.reading.unpickling import load, plain

DTYPE = pickles.built(called(named("numpy", "dtype"), text("f8"), number(0), number(1)),
                      sequence(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)))
ARRAY = pickles.built(
    called(named("numpy.core.multiarray", "_reconstruct"), named("numpy", "ndarray"), sequence(number(0)), data(b"b")),
    sequence(number(1), sequence(number(1)), DTYPE, pickles.flag(False), data(bytes(8))))

USUAL = {
    "NumPy scalar": called(named("numpy.core.multiarray", "scalar"), DTYPE, data(struct.pack("<d", 0.5))),
    "NumPy 2 scalar": called(named("numpy._core.multiarray", "scalar"), DTYPE, data(struct.pack("<d", 0.5))),
    "NumPy array": ARRAY,
    "device": called(named("torch", "device"), text("cuda"), number(0)),
    "element type": named("torch", "float32"),
    "path": called(named("pathlib", "PosixPath"), text("/"), text("data")),
    "Windows path": called(named("pathlib", "WindowsPath"), text("C:\\"), text("data")),
    "defaultdict": filled(called(named("collections", "defaultdict"), named("builtins", "list")), {"a": listed()}),
    "Counter": called(named("collections", "Counter"), mapping({"a": number(2)})),
    "size": called(named("torch", "Size"), sequence(number(2), number(3))),
    "set": called(named("__builtin__", "set"), listed(number(1), number(2))),
    "set of protocol 4": b"\x8f(" + number(1) + b"\x90",
    "list of a class": pickles.appended(made(named("data", "Words")), number(1), number(2)),
    "object of the authors": pickles.built(made(named("__main__", "Options")), mapping({"embed_size": number(8)})),
    "object with slots": pickles.built(made(named("opts", "Slots")), sequence(NONE, mapping({"a": number(8)}))),
    "class": named("torch.optim.adam", "Adam"),
    "scheduler": filled(made(named("torch.optim.lr_scheduler", "StepLR")), {"step_size": number(15)}),
    "complex tensor": pickles.tensor("extra", (1,), named("torch", "ComplexFloatStorage")),
    "tensor of PyTorch 2": called(named("torch._utils", "_rebuild_tensor_v3"),
                                  pickles.storage("extra", 0, named("torch.storage", "UntypedStorage")), number(0),
                                  sequence(number(0)), sequence(number(1)), pickles.flag(False), NONE,
                                  named("torch", "float8_e4m3fn"), NONE),
    "sparse tensor": called(named("torch._utils", "_rebuild_sparse_tensor"), named("torch", "sparse_coo"), sequence()),
    "storage in a pickle": called(named("torch.storage", "_load_from_bytes"), data(b"anything")),
    "os.system": called(named("os", "system"), text("exit 1")),
}


@pytest.fixture(scope="module")
def content():
    return checkpoints.read(pathlib.Path(__file__).parent / "fixtures" / "camp-gate-fusion-new-concat"
                            / "model_best.pth.tar")


@pytest.fixture
def same(content, tmp_path):
    """Whether a file holds the weights of `content`."""
    def check(path):
        system = model.from_checkpoint(path).system
        states = checkpoints.Checkpoint("", content, {}).state_dicts()
        assert all(torch.equal(part[key], value) for part, state in zip(system.states(), states)
                   for key, value in state.items())
        assert system.name == "camp-gate-fusion-new"
        return True
    return check


@pytest.mark.parametrize("name", sorted(USUAL))
def test_what_nobody_needs_makes_no_file_unreadable(content, same, tmp_path, name):
    options = mapping({"unneeded": USUAL[name], **{key: pickles.plain(x) for key, x in content["opt"].items()}})
    path = pickles.saved(tmp_path / "c.pth", content, options=options, best_rsum=USUAL[name],
                         optimizer=mapping({"state": listed(USUAL[name])}))
    assert same(path)


@pytest.mark.parametrize("name", sorted(USUAL))
def test_what_is_needed_and_is_no_plain_value_is_refused_with_its_place(content, tmp_path, name):
    weights = dict(content["model"][1])
    path = pickles.saved(tmp_path / "c.pth", {**content, "model": [weights, {}, {}]}, wrap=lambda state: mapping(
        {**state, "module.rnn.bias": USUAL[name]}))
    with pytest.raises(ExportError, match=r"c\.pth: entry 'model'\[0\]\['module.rnn.bias'\] is a \w+.*, expected"):
        model.from_checkpoint(path)
    options = mapping({"measure": USUAL[name]})
    with pytest.raises(ExportError, match=r"c\.pth: entry 'opt'\['measure'\] is a \w+.*; --config can give the option"):
        model.from_checkpoint(pickles.saved(tmp_path / "c.pth", content, options=options))
    path = pickles.saved(tmp_path / "c.pth", content, coarse=mapping({"slot_means": USUAL[name]}))
    with pytest.raises(ExportError, match=r"c\.pth: entry 'coarse'\['slot_means'\] is a \w+"):
        model.from_checkpoint(path)


@pytest.mark.parametrize("name", sorted(set(USUAL) - {"set of protocol 4"}))
def test_options_of_a_class_that_is_not_known_can_be_given_as_a_config(content, tmp_path, name):
    path = pickles.saved(tmp_path / "c.pth", content, options=USUAL[name])
    with pytest.raises(ExportError, match=r"c\.pth: entry 'opt' is a \w+.*, expected an argparse.Namespace"):
        model.from_checkpoint(path)
    config = {"measure": "gate_fusion_new", "fusion_func": "concat"}
    assert model.from_checkpoint(path, config=config).system.name == "camp-gate-fusion-new"


def test_torch_saves_such_files_itself(content, tmp_path):
    """No assembler: NumPy, paths and containers of this very machine, in both formats."""
    everything = {"best": np.float64(0.5), "array": np.zeros(3), "path": pathlib.PurePosixPath("/data"), "set": {1, 2},
                  "counter": collections.Counter("abc"), "default": collections.defaultdict(list, a=[1]),
                  "size": torch.Size((1, 2)), "device": torch.device("cpu"), "type": torch.float16,
                  "foreign": Foreign()}
    optimizer = torch.optim.Adam([torch.zeros(2, requires_grad=True)])
    for zipped in (True, False):
        torch.save({**content, **everything, "optimizer": optimizer, "opt": {**content["opt"], **everything}},
                   tmp_path / "c.pth", _use_new_zipfile_serialization=zipped)
        assert model.from_checkpoint(tmp_path / "c.pth").system.name == "camp-gate-fusion-new"


@pytest.mark.parametrize("zipped", (True, False))
@pytest.mark.parametrize("index", range(len(evil_objects(""))))
def test_a_call_in_what_nobody_needs_never_runs(content, tmp_path, index, zipped):
    marker = tmp_path / "called"
    _, value, _ = evil_objects(marker)[index]
    torch.save({**content, "optimizer": value, "opt": {**content["opt"], "unneeded": [value]}}, tmp_path / "c.pth",
               _use_new_zipfile_serialization=zipped)
    assert model.from_checkpoint(tmp_path / "c.pth").system.name == "camp-gate-fusion-new"
    assert not marker.exists()
    # The same call does run where a pickle is simply loaded: it is no harmless example.
    if isinstance(value, Calls) and value.function is os.system:
        torch.load(tmp_path / "c.pth")
        assert marker.exists()


def torch_2(key, shape):
    return pickles.tensor(key, shape, named("torch", "FloatStorage"))


def parameter(key, shape):
    return called(named("torch._utils", "_rebuild_parameter"), torch_2(key, shape), pickles.flag(True),
                  called(named("collections", "OrderedDict")))


def parameter_with_state(key, shape):
    return called(named("torch._utils", "_rebuild_parameter_with_state"), torch_2(key, shape), pickles.flag(True),
                  called(named("collections", "OrderedDict")), mapping({"_marked": pickles.flag(True)}))


def with_attributes(key, shape):
    whole = torch_2(key, shape)
    arguments = whole[len(named("torch._utils", "_rebuild_tensor_v2")):-1]
    return called(named("torch._tensor", "_rebuild_from_type_v2"), named("torch._utils", "_rebuild_tensor_v2"),
                  named("torch.nn.parameter", "Parameter"), arguments, mapping({"note": text("x")}))


def ordered(entries):
    """An OrderedDict with the attribute that a module's state has."""
    return pickles.built(filled(called(named("collections", "OrderedDict")), entries),
                         mapping({"_metadata": filled(called(named("collections", "OrderedDict")),
                                                      {"": mapping({"version": number(1)})})}))


@pytest.mark.parametrize("state", (torch_2, parameter, parameter_with_state, with_attributes))
def test_what_pytorch_2_writes_is_read(content, same, tmp_path, state):
    records = [("version", b"3\n"), ("byteorder", b"little"), (".format_version", b"1"), (".storage_alignment", b"64"),
               (".data/serialization_id", b"0123456789")]
    assert same(pickles.saved(tmp_path / "c.pth", content, state, records=records, wrap=ordered))


def test_keys_may_have_the_prefix_of_dataparallel_or_not(content, same, tmp_path):
    bare = [{key.removeprefix("module."): x for key, x in state.items()} for state in content["model"]]
    for prefix in ("", "module."):
        states = [{prefix + key: x for key, x in state.items()} for state in bare]
        torch.save({**content, "model": states}, tmp_path / "c.pth")
        assert same(tmp_path / "c.pth")


def read(body, storages=None, **options):
    """A pickle of `body` as the reader of checkpoints sees it."""
    return load(io.BytesIO(b"\x80\x02" + body + b"."), "x", storages or (lambda kind, key, count: torch.zeros(count)),
                (("argparse", "Namespace"),), skips=True, **options)


def test_a_stand_in_keeps_nothing_and_cannot_be_changed():
    foreign = made(named("a", "B"), text("x" * 1000))
    changed = pickles.appended(filled(foreign, {"a": number(1)}), number(1))
    value = read(pickles.built(changed, mapping({"c": number(2)})))
    assert isinstance(value, StandIn) and value.origin == "a.B" and not hasattr(value, "__dict__")
    with pytest.raises(AttributeError):
        value.anything = 1
    assert is_stand_in(type(value)) and not hasattr(type(value), "c")


REBUILD = named("torch._utils", "_rebuild_tensor_v2")
ORDERED = named("collections", "OrderedDict")
HOSTILE_STATES = {"dictionary": mapping({"value": number(1), "items": number(1), "__call__": named("os", "system"),
                                         "dtype": number(1), "origin": text("x"), "arguments": number(3)})}
HOSTILE_STATES["slots"] = sequence(NONE, HOSTILE_STATES["dictionary"])
TARGETS = {
    "a stand-in's class": named("os", "system"), "a rebuilder": REBUILD,
    "a storage's type": named("torch", "FloatStorage"),
    "a storage": pickles.storage("0", 4), "a tensor": pickles.tensor("0", (2, 2)), "the options' class":
    named("argparse", "Namespace"), "the dictionary's class": ORDERED,
}


@pytest.mark.parametrize("state", sorted(HOSTILE_STATES))
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_nothing_of_ours_can_be_given_another_state(target, state):
    with pytest.raises(ExportError, match="^x: (refused|not a readable pickle)"):
        read(pickles.built(TARGETS[target], HOSTILE_STATES[state]))
    with pytest.raises(ExportError, match="^x: (refused|not a readable pickle)"):
        read(filled(TARGETS[target], {"value": number(1)}))
    with pytest.raises(ExportError, match="^x: (refused|not a readable pickle)"):
        read(pickles.appended(TARGETS[target], number(1)))


def test_attributes_of_a_dictionary_are_left_out_and_do_not_hide_its_entries():
    value = plain(read(pickles.built(filled(called(ORDERED), {"a": number(1)}), HOSTILE_STATES["dictionary"])), "x")
    assert type(value) is dict and value == {"a": 1}


def test_a_tensor_cannot_be_moved_to_another_storage_or_grown():
    """`Tensor.__setstate__` would take a storage, an offset, sizes and strides without looking at bounds."""
    grown = sequence(pickles.storage("0", 4), number(0), sequence(number(1 << 40)), sequence(number(1)))
    with pytest.raises(ExportError, match="x: refused: .*a change to what is not a container"):
        read(pickles.built(pickles.tensor("0", (2, 2)), grown))


def test_tensors_with_attributes_are_rebuilt_by_the_rebuilder_alone():
    for function in (named("os", "system"), named("torch._tensor", "_rebuild_from_type_v2")):
        body = called(named("torch._tensor", "_rebuild_from_type_v2"), function, NONE, sequence(text("exit 1")), NONE)
        assert is_stand_in(read(body))


def test_small_files_do_not_fill_the_memory(monkeypatch):
    """The same dictionary given to many objects, or many names: counted before anything is copied."""
    monkeypatch.setattr(unpickling, "_MOST_ENTRIES", 50_000)
    put, get = b"r" + struct.pack("<I", 1), b"j" + struct.pack("<I", 1)
    large = mapping({str(i): NONE for i in range(2000)}) + put
    bags = pickles.built(made(named("argparse", "Namespace")), get) * 2000
    dictionaries = (named("collections", "OrderedDict") + get + b"\x85R") * 2000
    names = b"".join(named("m", f"n{i}") for i in range(2000))
    for body in (sequence(large, bags), sequence(large, dictionaries), sequence(names)):
        tracemalloc.start()
        try:
            with pytest.raises(ExportError, match="refused: the file holds more than"):
                plain(read(body), "x")
            assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("put", [b"r\x00\x00\x00\xf0", b"p4000000000\n", b"r\x40\x00\x00\x00", b"p-7\n"])
def test_a_memo_without_end_is_refused_before_it_is_reserved(put):
    with pytest.raises(ExportError, match="^x: (refused: .* memo of more objects|not a readable pickle)"):
        read(NONE + put)


@pytest.mark.parametrize("name", ["a" * 100_000, "new\rline", "nul\0", "escape\x1b[31m"])
def test_a_message_shows_of_a_name_what_fits_a_line(content, tmp_path, name):
    path = pickles.saved(tmp_path / "c.pth", content, options=made(named("opts", name)))
    with pytest.raises(ExportError) as refused:
        model.from_checkpoint(path)
    assert len(str(refused.value)) < 400 and str(refused.value).isprintable()


def test_recursion_through_stand_ins_ends():
    depth = 100_000
    nest = named("a", "B") * depth + NONE + b"\x85R" * depth
    assert is_stand_in(plain(read(nest), "x"))
    built = (made(named("argparse", "Namespace")) + b"}" + text("a")) * depth + NONE + b"sb" * depth
    with pytest.raises(ExportError, match="nest more than 32 deep"):
        plain(read(built), "x")
