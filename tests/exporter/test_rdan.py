"""RDAN: its published numbers, padding, the options its checkpoints have, and what it is refused for."""

import argparse

import numpy as np
import pytest
import torch

from conftest import HERE, MAX_TOKENS, TOLERANCE
from retrieval_exporter import model
from retrieval_exporter.errors import ExportError
from retrieval_exporter.numbers.operations import l2
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.rdan import Rdan
from scoring import DIRECTIONS, pairs, tensors

CASE = HERE / "fixtures" / "rdan"
CHECKPOINT = CASE / "model_best.pth.tar"
FORMS = {"serving": {}, "compact": {"profile": "compact"}, "published": {"form": "published"}}


@pytest.fixture(scope="module")
def golden():
    with np.load(CASE / "golden.npz") as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


@pytest.fixture(scope="module")
def system():
    return model.from_checkpoint(CHECKPOINT).system


@pytest.fixture(params=sorted(DIRECTIONS))
def direction(request):
    return DIRECTIONS[request.param]


def features(system, golden):
    with torch.no_grad():
        return system.regions(golden["regions"]), system.words(golden["token_ids"], golden["lengths"])


def saved(path, system, **options):
    torch.save({"model": system.states(),
                "opt": argparse.Namespace(**{**system.checkpoint_options(), **options})}, path)
    return path


def difference(left, right):
    return (left - right).abs().max().item()


def random(seed=1):
    torch.manual_seed(seed)
    return Rdan.random("rdan", Sizes(16, 64, 12, 60), {})


def test_features_and_scores_match_the_equations(system, golden):
    v, w = features(system, golden)
    assert difference(v, golden["region_features"]) < TOLERANCE
    assert difference(w, golden["word_features"]) < TOLERANCE
    assert difference(system.scores(v, w, golden["lengths"]), golden["scores"]) < TOLERANCE


@pytest.mark.parametrize("name", sorted(FORMS))
@pytest.mark.parametrize("filler", [float("nan"), 1e4])
def test_every_form_scores_the_same_whatever_lies_around_a_caption(system, golden, direction, name, filler):
    form = system.form(Settings(**FORMS[name], max_tokens=MAX_TOKENS)).eval()
    v, w = features(system, golden)
    given = tensors(form, v, w, golden["lengths"], gap=2, filler=filler)
    scores = direction(form, given, *pairs(len(v), len(w)))
    assert difference(scores, golden["scores"].reshape(-1)) < TOLERANCE


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_short_caption_scores_alone_as_it_does_beside_a_long_one(system, golden, direction, name):
    form = system.form(Settings(**FORMS[name], max_tokens=MAX_TOKENS)).eval()
    v, w = features(system, golden)
    n = golden["lengths"]
    assert n[-1] < n[0]
    alone = tensors(form, v[3:4], w[-1:], n[-1:])
    score = direction(form, alone, torch.tensor([0]), torch.tensor([0]))
    assert difference(score, golden["scores"][3, -1]) < 1e-5
    beside = direction(form, tensors(form, v, w, n), torch.tensor([3, 3]), torch.tensor([0, len(w) - 1]))
    assert difference(score[0], beside[1]) < 1e-6


def test_columns_beyond_the_last_word_reach_no_convolution(system, golden):
    v, w = features(system, golden)
    n = golden["lengths"][-1:]
    with torch.no_grad():
        expected = system.scorer(v[:1], w[-1:, :int(n)], n)
        assert difference(system.scorer(v[:1], torch.nn.functional.pad(w[-1:], (0, 0, 0, 9), value=7.0), n),
                          expected) < 1e-6


@pytest.mark.parametrize("settings, allowed", [
    ({"precision": "float16"}, 2e-3), ({"precision": "float16", "form": "published"}, 2e-3),
    ({"records": "int8"}, 1e-2), ({"records": "float16"}, 2e-3)])
def test_narrow_forms_stay_within_their_tolerance(system, golden, direction, settings, allowed):
    form = system.form(Settings(**settings, max_tokens=MAX_TOKENS)).eval()
    v, w = features(system, golden)
    scores = direction(form, tensors(form, v, w, golden["lengths"]), *pairs(len(v), len(w)))
    assert difference(scores, golden["scores"].reshape(-1)) < allowed


def test_the_scorer_can_be_trained():
    scorer = random().scorer.train()
    v, w = torch.randn(3, 5, 16, requires_grad=True), torch.randn(3, 4, 16, requires_grad=True)
    scorer(v, w, torch.tensor([4, 2, 1])).sum().backward()
    for name, parameter in scorer.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
    assert w.grad[2, 1:].abs().max() == 0 and v.grad.abs().max() > 0 and torch.isfinite(w.grad).all()


@pytest.mark.parametrize("options", [{}, {"mu": 0.4}, {"lambda_softmax": 9.0}, {"no_imgnorm": False}])
def test_a_checkpoint_in_the_published_layout_gives_the_same_model_back(tmp_path, golden, options):
    made = random()
    first = model.from_checkpoint(saved(tmp_path / "a.pth", made, **options)).system
    again = model.from_checkpoint(saved(tmp_path / "b.pth", first)).system
    assert again.checkpoint_options() == first.checkpoint_options() and again.variant == first.variant
    scores = [system.scores(*features(system, golden), golden["lengths"]) for system in (first, again, made)]
    assert torch.equal(scores[0], scores[1])
    # Regions of unit length weigh alike in what a word attends to.
    assert torch.equal(scores[0], scores[2]) == (not options)


def test_the_coarse_embedding_gives_the_mean_affinity(system, golden):
    v, w = features(system, golden)
    coarse = system.coarse()
    products = coarse.image(v) @ coarse.caption(w, golden["lengths"]).t()
    for i, c in ((0, 0), (3, 19), (11, 7)):
        affinity = l2(v[i]) @ l2(w[c, :golden["lengths"][c]]).t()
        assert abs(products[i, c] - affinity.mean()) < TOLERANCE


@pytest.mark.parametrize("options, message", [
    ({"mu": 1.5}, "option mu is 1.5, expected 0 to 1"),
    ({"mu": float("nan")}, "option mu is nan, expected 0 to 1"),
    ({"lambda_softmax": 10**400}, "option lambda_softmax is 1000+, expected more than 0, 0.001 to 1000"),
    ({"lambda_softmax": 0}, "option lambda_softmax is 0, expected more than 0"),
    ({"lambda_softmax": "9"}, "option lambda_softmax is '9', expected more than 0"),
    ({"channels": 16}, "option channels is 16, but the weights say 32"),
    ({"word_dim": 13}, "option word_dim is 13, but the weights say 12")])
def test_options_that_do_not_fit_are_refused(tmp_path, options, message):
    with pytest.raises(ExportError, match=f"c.pth: {message}"):
        model.from_checkpoint(saved(tmp_path / "c.pth", random(), **options))


@pytest.mark.parametrize("change, message", [
    ({"conv2.weight": None}, r"the scorer \(rdan\) has no conv2.weight"),
    ({"conv5.weight": torch.zeros(1)}, r"the scorer \(rdan\) has an unknown conv5.weight"),
    ({"conv4.bias": torch.zeros(3)}, r"the scorer \(rdan\)'s conv4.bias has shape \[3\], expected \[2\]"),
    ({"conv1.weight": torch.zeros(32, 1, 1, 3)}, r"conv1.weight has shape \[32, 1, 1, 3\], expected \[32, 1, 3, 1\]"),
    ({"conv1.weight": torch.zeros(0, 1, 3, 1)}, r"conv1.weight has shape \[0, 1, 3, 1\], expected \[32, 1, 3, 1\]"),
    ({"conv1.weight": torch.tensor(1.0)}, r"conv1.weight has shape \[\], expected \[32, 1, 3, 1\]"),
    ({"conv3.bias": torch.full((32,), float("inf"))}, r"conv3.bias holds values that are not finite")])
def test_weights_that_do_not_fit_are_refused(tmp_path, change, message):
    made = random()
    image, text, scorer = made.states()
    scorer = {name: x for name, x in {**scorer, **change}.items() if x is not None}
    torch.save({"model": [image, text, scorer], "opt": argparse.Namespace()}, tmp_path / "c.pth")
    with pytest.raises(ExportError, match="c.pth: .*" + message):
        model.from_checkpoint(tmp_path / "c.pth")
