"""The published form, rebuilt from checkpoints, against the public implementation's own numbers."""

import pytest
import torch

from conftest import TOLERANCE
from retrieval_exporter.systems.camp import Camp
from retrieval_exporter.systems.camp.published import build_scorer


def difference(left, right):
    return (left - right).abs().max().item()


def test_region_features_match_the_public_implementation(case):
    v, _, _ = case.features()
    assert difference(v, case.golden["region_features"]) < TOLERANCE


def test_word_features_match_the_public_implementation(case):
    _, w, _ = case.features()
    assert difference(w, case.golden["word_features"]) < TOLERANCE


def test_scores_match_the_public_implementation(case):
    with torch.no_grad():
        scores = case.model.system.scores(*case.features())
    assert difference(scores, case.golden["scores"]) < TOLERANCE


def test_the_system_and_its_variant_come_from_the_options(case):
    measure = case.options.get("measure", "paper").replace("_", "-")
    assert case.model.system.name == "camp-" + measure
    assert case.model.system.variant.get("fusion", "-") == case.options.get("fusion_func", "-")


@pytest.mark.parametrize("system", Camp.names)
def test_every_scorer_can_be_trained(system):
    torch.manual_seed(1)
    scorer = build_scorer(system, 16)
    v, w = torch.randn(3, 5, 16, requires_grad=True), torch.randn(3, 4, 16, requires_grad=True)
    scorer.logits(v, w, torch.tensor([4, 2, 1])).sum().backward()
    for name, parameter in scorer.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
    # Behind a caption's last word nothing is read, hence nothing is learned.
    assert w.grad[2, 1:].abs().max() == 0 and v.grad.abs().max() > 0


@pytest.mark.parametrize("system", Camp.names)
def test_the_score_is_the_sigmoid_of_the_logits_where_there_is_one(system):
    torch.manual_seed(2)
    scorer = build_scorer(system, 16)
    v, w, n = torch.randn(3, 5, 16), torch.randn(3, 4, 16), torch.tensor([4, 2, 1])
    logits = scorer.logits(v, w, n)
    expected = torch.sigmoid(logits) if scorer.probability else logits
    assert torch.equal(scorer(v, w, n), expected)
