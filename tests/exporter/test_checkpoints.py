"""The checkpoint reader: reads what torch.save writes, calls nothing, refuses the rest by name."""

import argparse
import io
import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch

from evil import evil_objects
from retrieval_exporter import model
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import checkpoints

FORMATS = {"legacy": False, "zip": True}


@pytest.fixture(params=sorted(FORMATS))
def save(request, tmp_path):
    """Saves an object in one of the two formats, gives the path."""
    def write(value, name="checkpoint.pth.tar"):
        torch.save(value, tmp_path / name, _use_new_zipfile_serialization=FORMATS[request.param])
        return tmp_path / name
    return write


def test_tensors_of_every_kind_come_back_as_saved(save):
    base = torch.arange(24.0).reshape(4, 6)
    saved = {"view": base[1:3, ::2], "transposed": base.t(), "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4),
             "parameter": torch.nn.Parameter(torch.ones(2)),
             **{str(kind): torch.tensor([0, 1, 3]).to(kind) for kind in (
                 torch.float16, torch.float64, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
                 torch.uint8, torch.bool)}}
    read = checkpoints.read(save(saved))
    assert set(read) == set(saved)
    for name, tensor in saved.items():
        assert read[name].dtype == tensor.dtype and torch.equal(read[name], tensor), name


def test_options_become_plain_dictionaries(save):
    read = checkpoints.read(save({"opt": argparse.Namespace(embed_size=8, nested=OrderedDict(a=[1, (2.5, None)]))}))
    assert type(read["opt"]) is dict and type(read["opt"]["nested"]) is dict
    assert read["opt"] == {"embed_size": 8, "nested": {"a": [1, (2.5, None)]}}


def test_the_reference_options_are_read_without_easydict_installed(case):
    options = checkpoints.read(case.path)["opt"]
    assert type(options) is dict and options["embed_size"] == case.options["embed_size"]


@pytest.mark.parametrize("index", range(len(evil_objects(""))))
def test_foreign_names_are_refused_where_they_are_needed_and_never_called(save, tmp_path, index):
    marker = tmp_path / "called"
    _, value, named = evil_objects(marker)[index]
    for place, content in (("'opt'", {"model": [], "opt": value}), (r"'model'\[0\]\['a'\]", {"model": [{"a": value}]})):
        with pytest.raises(ExportError, match=rf"checkpoint\.pth\.tar: entry {place} is a \S*{named}"):
            checkpoints.open_checkpoint(save(content)).states()
    assert not marker.exists()


def test_an_admitted_class_cannot_be_made_to_call_anything():
    from retrieval_exporter.reading.unpickling import load
    # BUILD on a stand-in class itself, on a rebuilder, and a state that is not a dictionary.
    for body in (b"cargparse\nNamespace\n}S'keys'\nI1\nsb.", b"cargparse\nNamespace\n)\x81I1\nb.",
                 b"ctorch._utils\n_rebuild_tensor_v2\n}S'a'\nI1\nsb."):
        with pytest.raises(ExportError):
            load(io.BytesIO(b"\x80\x02" + body), "x", lambda *_: None, (("argparse", "Namespace"),))


def test_a_tensor_reaching_beyond_its_storage_is_refused(tmp_path):
    class Reaching(pickle.Pickler):
        def persistent_id(self, value):
            return ("storage", torch.FloatStorage, "0", "cpu", 2) if value is Ellipsis else None

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (..., 1, (2,), (1,), False, OrderedDict())

    data = io.BytesIO()
    Reaching(data, 2).dump({"x": Tensor()})
    with zipfile.ZipFile(tmp_path / "c.pth", "w") as archive:
        archive.writestr("archive/data.pkl", data.getvalue())
        archive.writestr("archive/data/0", bytes(8))
    with pytest.raises(ExportError, match="reaches beyond its storage"):
        checkpoints.read(tmp_path / "c.pth")


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_says_so_and_never_loads(case, tmp_path, share):
    whole = case.path.read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[:int(len(whole) * share)])
    with pytest.raises(ExportError, match=r"cut\.pth: .*(truncated|damaged|not a)"):
        model.from_checkpoint(tmp_path / "cut.pth")


@pytest.mark.parametrize("content, message", [
    (b"", "not a checkpoint"),
    (b"hello, this is no checkpoint", "not a checkpoint"),
    (pickle.dumps({"model": []}, 2), "not a checkpoint: a pickle that torch.save did not write"),
    (b"PK\x03\x04 and nothing more", "the file is truncated or damaged"),
])
def test_what_is_not_a_checkpoint_is_refused(tmp_path, content, message):
    (tmp_path / "no.pth").write_bytes(content)
    with pytest.raises(ExportError, match=r"no\.pth: " + message):
        checkpoints.read(tmp_path / "no.pth")


def holding_itself():
    container = []
    container.append({"again": (container,)})
    return container


def nested(depth, value=None):
    for _ in range(depth):
        value = [value]
    return value


def shared(times):
    value = [0] * 100
    for _ in range(times):
        value = [value] * 100
    return value


@pytest.mark.parametrize("value, message", [
    (holding_itself(), "hold themselves, or nest more than 32 deep"),
    (nested(40), "hold themselves, or nest more than 32 deep"),
    (shared(5), "more than 10000000 entries"),
])
def test_containers_without_end_are_refused(save, value, message):
    with pytest.raises(ExportError, match=r"checkpoint\.pth\.tar: refused: .*" + message):
        checkpoints.read(save({"model": [], "opt": value}))


@pytest.mark.parametrize("head, value", [(b"", ()), (b"K\x07", [7])])
def test_nesting_deeper_than_the_stack_is_refused(head, value):
    from retrieval_exporter.reading.unpickling import load, plain
    depth = 200_000
    read = load(io.BytesIO(b"\x80\x02" + b"]" * depth + head + b"a" * (depth - 1 + len(value)) + b"."), "x")
    with pytest.raises(ExportError, match="x: refused"):
        plain(read, "x")


def test_a_compressed_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "c.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"x": "y" * 1000}, 2))
    with pytest.raises(ExportError, match="compressed"):
        checkpoints.read(tmp_path / "c.pth")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ExportError, match="none.pth: No such file"):
        checkpoints.read(tmp_path / "none.pth")


def changed(reference, save, change):
    content = checkpoints.read(reference)
    change(content)
    return save(content)


@pytest.mark.parametrize("change, message", [
    (lambda c: c.pop("model"), "no entry 'model', only epoch, .*; expected a list of"),
    (lambda c: c["model"].pop(),
     r"the options \(fusion_func, measure\) are those of camp-gate-fusion-new or camp-gate-fusion"),
    (lambda c: c["model"].__setitem__(0, {"module.fc.bias": torch.zeros(32)}), "the image encoder has no fc.weight"),
    (lambda c: c["model"][2].pop("module.fc_1.0.weight"),
     r"the scorer \(camp-gate-fusion-new, concat\) has no fc_1.0.weight"),
    (lambda c: c["model"][1].update({"module.rnn.weight_ih_l1": torch.zeros(1)}), "unknown rnn.weight_ih_l1"),
    (lambda c: c["model"][2].update({"module.fc_2.0.weight": torch.zeros(32, 32)}), r"fc_2.0.weight has shape \[32, 32\]"),
    (lambda c: c["model"][0].update({"module.fc.bias": torch.full((32,), float("nan"))}), "not finite"),
    (lambda c: c["model"][0].update({"module.fc.bias": "text"}), "something else than named tensors"),
    (lambda c: c["opt"].update(measure="cosine"), "option measure is 'cosine'"),
    (lambda c: c["opt"].update(fusion_func="mul"), "option fusion_func is 'mul'"),
    (lambda c: c["opt"].update(embed_size=64), "option embed_size is 64, but the weights say 32"),
    (lambda c: c["opt"].update(num_layers=2), "option num_layers is 2, expected 1"),
    (lambda c: c["opt"].update(no_imgnorm="False"), "option no_imgnorm is 'False', expected true or false"),
    (lambda c: c["model"][0].update({"module.fc.bias": torch.ones(32, dtype=torch.int64)}),
     "fc.bias holds numbers of int64, expected floating point"),
    (lambda c: c["model"][0].update({"module.fc.bias": torch.ones(32, dtype=torch.bool)}),
     "fc.bias holds numbers of bool, expected floating point"),
    (lambda c: c.pop("opt"), "option measure is None"),
])
def test_a_checkpoint_that_does_not_add_up_is_refused(reference, save, change, message):
    with pytest.raises(ExportError, match=r"checkpoint\.pth\.tar: .*" + message):
        model.from_checkpoint(changed(reference, save, change))


def test_weights_that_give_no_finite_score_make_no_bundle(reference, save, tmp_path, capsys):
    path = changed(reference, save, lambda c: c["model"][0]["module.fc.weight"].mul_(1e38))
    assert main(["--checkpoint", str(path), "--out", str(tmp_path / "b")]) == 2
    assert "error: CAMP gate-fusion-new concat: scores of random inputs are not finite" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_config_overrides_the_options(reference, save):
    path = changed(reference, save, lambda content: content.pop("opt"))
    built = model.from_checkpoint(path, config={"measure": "gate_fusion_new", "fusion_func": "concat"})
    assert built.system.name == "camp-gate-fusion-new"
