"""Ensembles: a pair's score is the weighted mean of what the members say of it, as published, in any form."""

import argparse
import json
import re

import numpy as np
import onnx
import pytest
import torch

from conftest import HERE, MAX_TOKENS, ROOT, TOLERANCE
from retrieval_exporter import model, registry
from retrieval_exporter.cli import main
from retrieval_exporter.ensemble import Member, ensemble_of
from retrieval_exporter.ensemble.mean import mean_logit
from retrieval_exporter.errors import ExportError
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.vsepp import Vsepp
from scoring import DIRECTIONS, pairs, tensors

NEW, FIRST, PAPER, CROSS, VECTORS, CONVOLVED, GRAPH, FILTERED, STACKED = (
    HERE / "fixtures" / name / "model_best.pth.tar" for name in (
        "camp-gate-fusion-new-concat", "camp-gate-fusion-sum", "camp-paper", "camp-cross-attention", "vsepp", "rdan",
        "sgraf-sgr", "sgraf-saf", "scan-t2i-mean"))
ENSEMBLES = {"two of a kind": ([NEW, FIRST], None), "words beside one vector": ([NEW, VECTORS], [3, 1]),
             "one vector first": ([VECTORS, NEW], [0.5, 0.5]), "the same twice": ([VECTORS, VECTORS], [1, 2]),
             "three": ([PAPER, VECTORS, CONVOLVED], [2, 1, 1]), "graph and filtration": ([GRAPH, FILTERED], None),
             "of other sums": ([STACKED, GRAPH], [1, 4])}
FORMS = {"fast": {}, "compact": {"profile": "compact"}, "published": {"form": "published"}}


@pytest.fixture(scope="module")
def inputs():
    with np.load(NEW.parent / "golden.npz") as golden:
        return [torch.from_numpy(golden[name]) for name in ("regions", "token_ids", "lengths")]


@pytest.fixture(params=sorted(DIRECTIONS))
def direction(request):
    return DIRECTIONS[request.param]


def expected(paths, weights, inputs):
    """The weighted mean of the members' own published scores, in float64."""
    regions, ids, lengths = inputs
    total = 0.0
    weights = np.array(weights or [1] * len(paths), np.float64)
    for path, weight in zip(paths, weights / weights.sum()):
        system = model.from_checkpoint(path).system
        with torch.no_grad():
            total = total + weight * system.scores(system.regions(regions), system.words(ids, lengths),
                                                   lengths).double()
    return total


def features(system, inputs):
    regions, ids, lengths = inputs
    with torch.no_grad():
        return system.regions(regions), system.words(ids, lengths), lengths


def given_of(form, system, inputs, filler=float("nan")):
    """As `scoring.tensors`, of features that are tuples."""
    v, w, lengths = features(system, inputs)
    given = {}
    for number, (member, x, y) in enumerate(zip(form.members, v, w), start=1):
        for name, tensor in tensors(member, x, y, lengths, gap=2, filler=filler).items():
            side, own = name.split(".")
            given[name if own in ("offset", "length") else f"{side}.m{number}_{own}"] = tensor
    return given


@pytest.mark.parametrize("name", sorted(FORMS))
@pytest.mark.parametrize("kind", sorted(ENSEMBLES))
def test_a_pair_scores_the_weighted_mean_of_its_members(direction, inputs, name, kind):
    paths, weights = ENSEMBLES[kind]
    system = model.from_checkpoints(paths, weights).system
    form = system.form(Settings(**FORMS[name], max_tokens=MAX_TOKENS)).eval()
    scores = direction(form, given_of(form, system, inputs), *pairs(len(inputs[0]), len(inputs[1])))
    wanted = expected(paths, weights, inputs)
    assert (scores - wanted.reshape(-1)).abs().max() < TOLERANCE
    assert (system.scores(*features(system, inputs)) - wanted).abs().max() < TOLERANCE


@pytest.mark.parametrize("kind", ["words beside one vector", "three"])
def test_a_pair_scores_the_same_alone_as_among_others(direction, inputs, kind):
    system = model.from_checkpoints(*ENSEMBLES[kind]).system
    form = system.form(Settings(max_tokens=MAX_TOKENS)).eval()
    regions, ids, lengths = inputs
    wanted = expected(*ENSEMBLES[kind], inputs)
    for i, c in ((0, 0), (5, 19), (11, 7)):
        alone = given_of(form, system, (regions[i:i + 1], ids[c:c + 1], lengths[c:c + 1]))
        score = direction(form, alone, torch.tensor([0]), torch.tensor([0]))
        assert (score - wanted[i, c]).abs() < TOLERANCE


@pytest.mark.parametrize("kind, settings, allowed", [
    ("words beside one vector", {"precision": "float16"}, 2e-3), ("three", {"precision": "float16"}, 3e-3),
    ("words beside one vector", {"records": "int8"}, 1e-2), ("two of a kind", {"precision": "int8"}, 5e-3)])
def test_narrow_forms_stay_within_their_tolerance(direction, inputs, kind, settings, allowed):
    system = model.from_checkpoints(*ENSEMBLES[kind]).system
    form = system.form(Settings(**settings, max_tokens=MAX_TOKENS)).eval()
    scores = direction(form, given_of(form, system, inputs, 1e4), *pairs(len(inputs[0]), len(inputs[1])))
    assert (scores - expected(*ENSEMBLES[kind], inputs).reshape(-1)).abs().max() < allowed


def test_the_score_is_a_probability_where_every_members_is_and_its_logit_is_exact(direction, inputs):
    system = model.from_checkpoints([NEW, FIRST, PAPER], [1, 2, 5]).system
    assert system.probability and not model.from_checkpoints([NEW, CROSS]).system.probability
    form = system.form(Settings(max_tokens=MAX_TOKENS, logits=True)).eval()
    logits = direction(form, given_of(form, system, inputs), *pairs(len(inputs[0]), len(inputs[1])))
    wanted = expected([NEW, FIRST, PAPER], [1, 2, 5], inputs).reshape(-1)
    assert (logits - torch.logit(wanted)).abs().max() < 1e-4
    v, w, n = features(system, inputs)
    some = [tuple(x[:3] for x in side) for side in (v, w)]
    assert torch.allclose(torch.sigmoid(system.scorer.logits(*some, n[:3])), system.scorer(*some, n[:3]), atol=1e-6)


def test_the_logit_of_a_mean_orders_what_float32_calls_certain():
    x = torch.tensor([[30.0, 31.0, -40.0, 0.0, 200.0], [29.0, 35.0, -41.0, 2.0, -200.0]])
    weights = [0.25, 0.75]
    p = sum(weight * torch.sigmoid(row.double()) for weight, row in zip(weights, x))
    q = sum(weight * torch.sigmoid(-row.double()) for weight, row in zip(weights, x))
    found = mean_logit(list(x), weights)
    assert torch.allclose(found.double(), p.log() - q.log(), rtol=1e-5) and found[1] > found[0]
    assert (torch.sigmoid(x[:, :2]) == 1).all()


def test_encoders_that_are_equal_bit_for_bit_run_once(tmp_path):
    first, second = model.from_checkpoint(NEW).system, model.from_checkpoint(NEW).system
    both = ensemble_of([Member("a", first), Member("b", second)])
    assert len(both.regions.distinct) == len(both.words.distinct) == 1
    with torch.no_grad():
        second.words.embed.weight[3, 2] *= 1 + 2**-23
        second.regions.normalise = not first.regions.normalise
    both = ensemble_of([Member("a", first), Member("b", second)])
    assert len(both.regions.distinct) == len(both.words.distinct) == 2
    assert main(["--checkpoint", str(NEW), "--checkpoint", str(NEW), "--out", str(tmp_path / "b")]) == 0
    nodes = onnx.load(str(tmp_path / "b" / "text_encoder.onnx")).graph.node
    assert [node.op_type for node in nodes].count("GRU") == 1


def test_the_manifest_names_members_and_weights_and_satisfies_the_schema(tmp_path, capsys):
    assert main(["--checkpoint", str(NEW), "--checkpoint", str(VECTORS), "--weights", "3,1", "--max-tokens",
                 str(MAX_TOKENS), "--out", str(tmp_path / "b")]) == 0
    said = capsys.readouterr().out
    assert "ensemble of CAMP gate-fusion-new concat (0.75), VSE++ cosine (0.25)" in said
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["system"] == "ensemble"
    assert manifest["variant"] == {
        "member1": "camp-gate-fusion-new", "weight1": 0.75, "member1.fusion": "concat",
        "member2": "vsepp", "weight2": 0.25, "member2.measure": "cosine"}
    assert manifest["embedding"] == {"width": 32, "source": "bilinear"}
    fields = {field["name"]: field["shape"] for field in manifest["records"]["caption"]}
    assert fields["m1_w"] == ["words", 32] and fields["m2_w"] == [32]
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "bundle.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(manifest)


def test_the_coarse_embedding_is_the_first_members_or_another_models(inputs):
    first = model.from_checkpoint(NEW)
    built = model.from_checkpoints([NEW, PAPER])
    v, w, n = features(built.system, inputs)
    assert torch.equal(built.coarse.of_regions(inputs[0], v), first.coarse.image(v[0]))
    assert torch.equal(built.coarse.of_tokens(inputs[1], w, n), first.coarse.caption(w[0], n))
    built, other = model.from_checkpoints([NEW, PAPER], coarse_path=VECTORS), model.from_checkpoint(VECTORS).system
    assert built.coarse.source == "model"
    with torch.no_grad():
        assert torch.equal(built.coarse.of_regions(inputs[0], v), other.regions(inputs[0]))


def coarse_file(path, transform):
    eye = np.eye(8, 32, dtype=np.float32)
    np.savez(path, image_weight=eye, caption_weight=eye, ranking_transform=np.array(transform),
             ranking_coarse_weight=np.array([1.0, 2.0]), ranking_shortlist=np.array([10, 20]))
    return path


def test_a_ranking_by_logits_needs_members_that_are_all_probabilities(tmp_path):
    path = coarse_file(tmp_path / "coarse.npz", "logit")
    built = model.from_checkpoints([NEW, PAPER], coarse_path=path)
    assert built.ranking.transform == "logit" and built.coarse.width == 8
    with pytest.raises(ExportError, match=r"coarse\.npz: ranking_transform is 'logit', but .*vsepp.* is no prob"):
        model.from_checkpoints([NEW, VECTORS], coarse_path=path)
    built = model.from_checkpoints([NEW, VECTORS], coarse_path=coarse_file(path, "identity"))
    assert built.ranking.shortlist == (10, 20)


@pytest.mark.parametrize("weights, message", [
    ("1,nan", "--weights gives .*camp-paper.* the weight nan, expected a finite number above 0"),
    ("inf,1", "--weights gives .*fusion-new.* the weight inf"), ("1,0", "the weight 0,"), ("-1,1", "the weight -1,"),
    ("1", "--weights has 1 number, expected one for each of the 2 checkpoints"),
    ("1,2,3", "--weights has 3 numbers"), ("1e-300,1e300", "--weights spans too wide a range")])
def test_weights_that_make_no_mean_are_refused(tmp_path, capsys, weights, message):
    assert main(["--checkpoint", str(NEW), "--checkpoint", str(PAPER), f"--weights={weights}", "--out",
                 str(tmp_path / "b")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(message, error), error


def test_large_weights_are_normalised_without_overflow():
    assert model.from_checkpoints([NEW, PAPER], [1e308, 1e308]).system.weights == (0.5, 0.5)


@pytest.mark.parametrize("arguments, message", [
    (["--checkpoint", str(NEW), "--weights", "1"], "--weights has no effect without a second --checkpoint beside"),
    (["--random", "--weights", "1,1"], "--weights has no effect without a second --checkpoint"),
    (["--checkpoint", str(NEW), "--checkpoint", str(PAPER), "--config", "c.json"], "c.json: --config is for one"),
    (["--checkpoint", str(NEW), "--checkpoint", str(PAPER), "--precision", "int8"], "--precision int8 is for the"),
    (["--checkpoint", str(NEW), "--checkpoint", "none.pth"], "none.pth: No such file")])
def test_options_without_effect_are_refused(tmp_path, capsys, arguments, message):
    assert main([*arguments, "--out", str(tmp_path / "b")]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "b").exists()


@pytest.mark.parametrize("sizes, message", [
    (Sizes(16, 65, 12, 60), "regions of 65, but .*camp-paper.* regions of 64"),
    (Sizes(16, 64, 12, 61), "a vocabulary of 61, but .*camp-paper.* a vocabulary of 60")])
def test_members_of_other_inputs_are_refused_with_both_files(tmp_path, sizes, message):
    made = Vsepp.random("vsepp", sizes, {})
    torch.save({"model": made.states(), "opt": argparse.Namespace(**made.checkpoint_options())}, tmp_path / "c.pth")
    with pytest.raises(ExportError, match=r"c\.pth: has " + message):
        model.from_checkpoints([PAPER, tmp_path / "c.pth"])


def of_regions(path, regions):
    """The checkpoint of a model that takes so many regions and no other number."""
    made = registry.named("sgraf-saf").random("sgraf-saf", Sizes(16, 64, 12, 60, regions), {})
    torch.save({"model": made.states(), "opt": argparse.Namespace(**made.checkpoint_options())}, path)
    return path


def test_members_that_fix_other_numbers_of_regions_are_refused_with_both_files(tmp_path, capsys):
    path = of_regions(tmp_path / "c.pth", 5)
    with pytest.raises(ExportError, match=r"c\.pth: takes 5 regions an image, but .*sgraf-sgr.* 36"):
        model.from_checkpoints([PAPER, GRAPH, path])
    built = model.from_checkpoints([PAPER, path])
    assert built.system.region_count == 5
    assert main(["--checkpoint", str(PAPER), "--checkpoint", str(path), "--out", str(tmp_path / "b")]) == 2
    assert "SGRAF SAF: images of 36 regions are not for this model" in capsys.readouterr().err
    assert main(["--checkpoint", str(PAPER), "--checkpoint", str(path), "--regions", "5", "--out",
                 str(tmp_path / "b")]) == 0


@pytest.mark.parametrize("second, noted", [(VECTORS, True), (FIRST, False)])
def test_a_mean_of_scores_of_different_ranges_is_noted(tmp_path, capsys, second, noted):
    assert main(["--checkpoint", str(NEW), "--checkpoint", str(second), "--out", str(tmp_path / "bundle"), "--regions",
                 "5", "--slots", "4", "--slot-width", "3"][:6]) == 0
    told = capsys.readouterr().err
    assert ("their weighted mean is no probability" in told) == noted
