"""The published form, rebuilt from checkpoints, against the public implementation's own numbers."""

import pytest
import torch

from conftest import TOLERANCE
from retrieval_exporter import registry
from retrieval_exporter.system import Sizes

REGIONS = 5
SIZES = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30, regions=REGIONS)


def untrained(name):
    """A system where its training starts, and features of three pairs."""
    torch.manual_seed(1)
    system = registry.named(name).untrained(name, SIZES, {})
    lengths = torch.tensor([4, 2, 1])
    with torch.no_grad():
        return (system, system.regions(torch.rand(3, REGIONS, 24)),
                system.words(torch.randint(4, 30, (3, 4)), lengths), lengths)


PROBABILITIES = [name for name in registry.names() if untrained(name)[0].probability]


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
    system = case.model.system
    named = [name for name in registry.names() if (case.name + "-").startswith(name + "-")]
    assert system.name == max(named, key=len)
    for name, value in system.variant.items():
        assert value == case.options[name if name in case.options else name + "_func"]


@pytest.mark.parametrize("name", registry.names())
def test_every_scorer_can_be_trained(name):
    system, v, w, lengths = untrained(name)
    v.requires_grad_()
    w.requires_grad_()
    system.scorer(v, w, lengths).sum().backward()
    for parameter_name, parameter in system.scorer.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), parameter_name
    assert v.grad.abs().max() > 0 and torch.isfinite(v.grad).all() and torch.isfinite(w.grad).all()
    if w.dim() == 3:
        # Behind a caption's last word nothing is read, hence nothing is learned.
        assert w.grad[2, 1:].abs().max() == 0


@pytest.mark.parametrize("name", PROBABILITIES)
def test_the_score_is_the_sigmoid_of_the_logits_where_there_is_one(name):
    system, v, w, lengths = untrained(name)
    scorer = system.scorer.eval()
    assert torch.equal(scorer(v, w, lengths), torch.sigmoid(scorer.logits(v, w, lengths)))


def test_a_sigmoid_is_the_score_of_some_systems_and_not_of_all():
    assert set(PROBABILITIES) < set(registry.names()) and "camp-gate-fusion-new" in PROBABILITIES
