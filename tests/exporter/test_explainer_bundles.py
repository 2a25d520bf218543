"""The explainer in a bundle: its graph, its entry in the manifest and its arrays in parity.npz, or none of them."""

import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto

import ranking_bundle
from conftest import HERE, MAX_TOKENS
from retrieval_exporter import registry
from retrieval_exporter.cli import main
from retrieval_exporter.writing import parity
from test_bundle import TYPES, signature
from vector_system import FIXTURE, VectorCosine

SMALL = ["--embed-size", "16", "--image-size", "24", "--word-size", "12", "--vocabulary-size", "30", "--regions", "5",
         "--max-tokens", "8"]
CASES = {"camp-gate-fusion-new-concat": [], "camp-paper": ["--records", "int8"], "rdan": ["--precision", "float16"],
         "scan-i2t-mean": ["--form", "published"], "sgraf-saf": [], "sgraf-sgr": ["--records", "int8"]}
# Of the records: what holds the features.
READ = {"rdan": {"v", "v_length", "w", "w_length"}}


def export(out, *arguments):
    assert main([*map(str, arguments), "--out", str(out)]) == 0
    return json.loads((out / "bundle.json").read_text())


def of_case(out, case, *arguments):
    return export(out, "--checkpoint", HERE / "fixtures" / case / "model_best.pth.tar", "--max-tokens", MAX_TOKENS,
                  *arguments)


@pytest.fixture(params=sorted(CASES))
def exported(request, tmp_path):
    return request.param, tmp_path / "bundle", of_case(tmp_path / "bundle", request.param, *CASES[request.param])


def test_the_graph_is_named_and_typed_as_the_contract_says(exported):
    case, folder, manifest = exported
    graph = onnx.load(str(folder / "explainer.onnx"))
    onnx.checker.check_model(graph, full_check=True)
    expected = {name: (TensorProto.INT64, ["P"]) for name in ("slots", "query_index")}
    expected.update({"caption." + name: (TensorProto.INT64, ["Q"]) for name in ("offset", "length")})
    read = READ.get(case, {"v", "w"})
    for side, lead in (("image", "N"), ("caption", "Q")):
        for field in manifest["records"][side]:
            if field["name"].removesuffix("_scale") in read:
                ragged = field["shape"][0] == "words"
                expected[f"{side}.{field['name']}"] = (TYPES[field["type"]],
                                                       ["W" if ragged else lead, *field["shape"][ragged:]])
    assert signature(graph.graph.input) == expected
    outputs = signature(graph.graph.output)
    assert outputs.pop("score") == (TensorProto.FLOAT, ["P"])
    listed = manifest["graphs"]["explainer"]["outputs"]
    axes = {"words": "L", "nodes": "L + 1", "regions": 36}
    assert outputs == {"explain." + output["name"]: (TensorProto.FLOAT, ["P", *(axes.get(a, a) for a in output["axes"])])
                       for output in listed}


def test_the_manifest_lists_what_parity_data_hold(exported):
    _, folder, manifest = exported
    entry = manifest["graphs"]["explainer"]
    assert list(entry) == ["file", "tolerance", "outputs"]
    assert entry["tolerance"] == parity.EXPLAINER_TOLERANCE[
        "int8" if manifest["records"]["image"][0]["type"] == "int8" else manifest["records"]["image"][0]["type"]]
    with np.load(folder / "parity.npz") as data:
        arrays = {name: data[name] for name in data.files}
    images, captions = arrays["scores"].shape
    sizes = {"words": MAX_TOKENS, "nodes": MAX_TOKENS + 1, "regions": 36}
    assert {name for name in arrays if name.startswith("explain.")} == {"explain." + o["name"] for o in entry["outputs"]}
    for output in entry["outputs"]:
        values = arrays["explain." + output["name"]]
        assert values.dtype == np.float32 and np.isfinite(values).all()
        assert values.shape == (images, captions, *(sizes.get(axis, axis) for axis in output["axes"]))
        for caption, length in enumerate(arrays["lengths"]):
            inside = [slice(0, {"words": length, "nodes": length + 1}.get(axis, sizes.get(axis, axis)))
                      for axis in output["axes"]]
            own = values[:, caption][(slice(None), *inside)]
            # Nothing behind the caption, and something in it.
            assert np.abs(own).sum() == pytest.approx(np.abs(values[:, caption]).sum()) and np.abs(own).sum() > 0
            if "distribution" in output:
                assert np.allclose(own.sum(axis=output["distribution"] + 1), 1, atol=1e-5)


def test_one_left_out_leaves_the_other_files_as_they_are(tmp_path):
    whole = of_case(tmp_path / "whole", "camp-gate-fusion-new-concat", "--name", "b")
    served = of_case(tmp_path / "served", "camp-gate-fusion-new-concat", "--name", "b", "--no-explainer")
    assert set(whole["files"]) - set(served["files"]) == {"explainer.onnx"} and "explainer" not in served["graphs"]
    for name in set(served["files"]) - {"parity.npz"}:
        assert whole["files"][name] == served["files"][name]
    with np.load(tmp_path / "whole" / "parity.npz") as more, np.load(tmp_path / "served" / "parity.npz") as less:
        assert not any(name.startswith("explain.") for name in less.files)
        for name in less.files:
            assert (more[name] == less[name]).all()


def test_a_system_without_one_has_a_bundle_of_four_graphs(tmp_path):
    manifest = export(tmp_path / "b", "--random", "--system", "vsepp", *SMALL)
    assert len(manifest["graphs"]) == 4 and "explainer.onnx" not in manifest["files"]


def test_where_scorers_give_logits_the_explainer_does(tmp_path):
    ranking_bundle.write(tmp_path / "b", explainer=True)
    graph = onnx.load(str(tmp_path / "b" / "explainer.onnx"))
    assert [value.name for value in graph.graph.output][0] == "logit"


def test_a_system_of_the_tests_alone_shows_what_it_says_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SYSTEMS", [*registry.SYSTEMS, VectorCosine])
    manifest = export(tmp_path / "b", *FIXTURE)
    assert manifest["graphs"]["explainer"]["outputs"] == [
        {"name": "channels", "title": "What each channel adds to the score", "kind": "relation", "axes": [16]}]
    graph = onnx.load(str(tmp_path / "b" / "explainer.onnx"))
    assert {value.name for value in graph.graph.input} == {"image.v", "slots", "caption.w", "query_index"}
    with np.load(tmp_path / "b" / "parity.npz") as data:
        assert np.allclose(data["explain.channels"].sum(axis=2), data["scores"], atol=1e-6)


def test_an_ensemble_shows_what_its_members_do_under_their_numbers(tmp_path):
    members = ["camp-paper", "vsepp", "scan-t2i-mean"]
    checkpoints = [part for name in members
                   for part in ("--checkpoint", HERE / "fixtures" / name / "model_best.pth.tar")]
    manifest = export(tmp_path / "b", *checkpoints, "--max-tokens", MAX_TOKENS)
    outputs = manifest["graphs"]["explainer"]["outputs"]
    assert [output["name"] for output in outputs] == [
        "m1_word_attention", "m1_word_gate", "m1_word_weight", "m1_region_attention", "m1_region_gate",
        "m1_region_weight", "m3_word_attention", "m3_word_relevance", "word_importance", "region_importance"]
    assert outputs[0]["title"].startswith("CAMP paper: ") and outputs[6]["title"].startswith("SCAN t2i: ")
    with np.load(tmp_path / "b" / "parity.npz") as data:
        # Each member's adds up to one, but that a cosine may be negative where another's is not.
        total = np.abs(data["explain.region_importance"]).sum(axis=2)
        assert (total <= 1 + 1e-5).all() and (total > 0.5).all()


def test_an_ensemble_of_members_without_one_has_none(tmp_path):
    first, second = HERE / "fixtures" / "vsepp" / "model_best.pth.tar", tmp_path / "second.pth.tar"
    shutil.copy(first, second)
    manifest = export(tmp_path / "b", "--checkpoint", first, "--checkpoint", second, "--max-tokens", MAX_TOKENS)
    assert "explainer" not in manifest["graphs"]
