"""A ranking by both stages: what the manifest says of it, and scorers that give logits."""

import json
import math

import numpy as np
import onnx
import pytest
import torch

from conftest import CASES, HERE, MAX_TOKENS, ROOT, loaded
from retrieval_exporter import model
from retrieval_exporter.cli import main
from retrieval_exporter.coarse import Ranking
from retrieval_exporter.settings import Settings
from scoring import DIRECTIONS, form_of, pairs, tensors

GRAPHS = ("scorer_text_to_image.onnx", "scorer_image_to_text.onnx")
FORMS = {"fast": {}, "compact": {"profile": "compact"}, "published": {"form": "published"},
         "float16": {"precision": "float16"}, "published float16": {"form": "published", "precision": "float16"},
         "int8 records": {"records": "int8"}}
PROBABILITIES = [name for name in CASES if loaded(name).model.system.probability]


def coarse_file(path, transform, width=8, **change):
    random = np.random.default_rng(5)
    entries = {name: random.normal(size=(width, 32)).astype(np.float32) for name in ("image_weight", "caption_weight")}
    entries.update(ranking_transform=np.array(transform), ranking_coarse_weight=np.array([3.0, 0.0]),
                   ranking_shortlist=np.array([4, 1048576]), **change)
    np.savez(path, **entries)
    return str(path)


def exported(tmp_path, transform, *options, case="camp-gate-fusion-new-concat"):
    coarse = ["--coarse", coarse_file(tmp_path / "c.npz", transform)] if transform else []
    assert main(["--checkpoint", str(HERE / "fixtures" / case / "model_best.pth.tar"), "--max-tokens", str(MAX_TOKENS),
                 *coarse, "--out", str(tmp_path / "b"), *options]) == 0
    return tmp_path / "b"


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("settings", FORMS)
@pytest.mark.parametrize("name", PROBABILITIES)
def test_a_logit_is_what_the_score_is_the_sigmoid_of(name, settings, direction):
    case, settings = loaded(name), FORMS[settings]
    v, w, n = case.features()
    image, caption = pairs(len(v), len(w))
    form = form_of(case, **settings)
    given = tensors(form, v, w, n)
    logits, scores = (DIRECTIONS[direction](form_of(case, **settings, logits=flag), given, image, caption)
                      for flag in (True, False))
    assert logits.dtype == torch.float32 and logits.shape == scores.shape
    assert torch.equal(torch.sigmoid(logits), scores) and not torch.equal(logits, scores)


def test_int8_arithmetic_gives_logits_as_well():
    case = loaded("camp-gate-fusion-new-concat")
    v, w, n = case.features()
    image, caption = pairs(3, 4)
    logits, scores = (DIRECTIONS["text-to-image"](form, tensors(form, v, w, n), image, caption)
                      for form in (form_of(case, precision="int8", logits=flag) for flag in (True, False)))
    assert torch.equal(torch.sigmoid(logits), scores)


@pytest.mark.parametrize("transform, output", [("logit", "logit"), ("identity", "score"), (None, "score")])
def test_the_manifest_says_the_ranking_and_the_graphs_give_what_it_needs(tmp_path, transform, output):
    folder = exported(tmp_path, transform)
    manifest = json.loads((folder / "bundle.json").read_text())
    if transform is None:
        assert "ranking" not in manifest
    else:
        assert list(manifest)[list(manifest).index("embedding") + 1] == "ranking"
        assert manifest["ranking"] == {"transform": transform,
                                       "textToImage": {"coarseWeight": 3.0, "shortlist": 4},
                                       "imageToText": {"coarseWeight": 0.0, "shortlist": 1048576}}
    for file in GRAPHS:
        graph = onnx.load(str(folder / file))
        onnx.checker.check_model(graph, full_check=True)
        assert [(out.name, [d.dim_param for d in out.type.tensor_type.shape.dim]) for out in graph.graph.output] \
            == [(output, ["P"])]
    with np.load(folder / "parity.npz") as parity:
        assert ((parity["scores"] > 0) & (parity["scores"] < 1)).all()


def test_the_manifest_of_a_ranking_satisfies_the_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    manifest = json.loads((exported(tmp_path, "logit") / "bundle.json").read_text())
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "bundle.schema.json").read_text()))
    validator.validate(manifest)
    for direction, member, value in (("textToImage", "shortlist", 0), ("imageToText", "coarseWeight", -1),
                                     ("textToImage", "shortlist", 1.5)):
        bad = json.loads(json.dumps(manifest))
        bad["ranking"][direction][member] = value
        assert not validator.is_valid(bad)
    del manifest["ranking"]["imageToText"]
    assert not validator.is_valid(manifest)


def test_the_services_bundle_has_scores_of_1_whose_logits_differ():
    import ranking_bundle
    built = ranking_bundle.built()
    with np.load(ROOT / "tests" / "Fixtures" / "bundles" / "ranking-logit" / "parity.npz") as parity:
        data = {name: torch.from_numpy(parity[name]) for name in parity.files}
    with torch.no_grad():
        v, w = built.system.regions(data["regions"]), built.system.words(data["token_ids"], data["lengths"])
        form = built.system.form(Settings(logits=True)).eval()
        image, caption = pairs(len(v), len(w))
        logits = DIRECTIONS["text-to-image"](form, tensors(form, v, w, data["lengths"]), image, caption)
    saturated = logits[data["scores"].reshape(-1) == 1]
    assert 2 <= len(saturated) < len(logits) and len(set(saturated.tolist())) == len(saturated)


@pytest.mark.parametrize("transform, weights, shortlists", [
    ("sigmoid", (1.0, 1.0), (1, 1)), ("logit", (math.nan, 1.0), (1, 1)), ("logit", (1.0, -1.0), (1, 1)),
    ("logit", (1.0, 1.0), (1, 0))])
def test_a_ranking_that_no_manifest_may_hold_cannot_be_made(transform, weights, shortlists):
    with pytest.raises(ValueError):
        Ranking(transform, weights, shortlists)


def test_a_ranking_by_logits_of_a_score_without_sigmoid_is_one_line_and_exit_code_2(tmp_path, capsys):
    coarse = coarse_file(tmp_path / "c.npz", "logit")
    assert main(["--checkpoint", str(HERE / "fixtures" / "camp-cross-attention" / "model_best.pth.tar"),
                 "--coarse", coarse, "--out", str(tmp_path / "b")]) == 2
    error = capsys.readouterr().err
    assert "c.npz: ranking_transform is 'logit'" in error and error.count("\n") == 1
    assert not (tmp_path / "b").exists()
    assert model.from_checkpoint(HERE / "fixtures" / "camp-cross-attention" / "model_best.pth.tar").ranking is None
