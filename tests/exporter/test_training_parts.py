"""The parts of a training, each against what it must be, spelled out."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity

from conftest import TOLERANCE
from fitting_data import WIDTH
from retrieval_exporter import registry
from retrieval_exporter.pairs import Pairs, draws
from retrieval_exporter.recipe import Recipe
from retrieval_exporter.runs import optimisers
from retrieval_exporter.systems.camp.ablations import ABLATIONS
from retrieval_exporter.training import negatives, stages
from retrieval_exporter.training.losses import SHARPNESS, Loss, contrast
from retrieval_exporter.training.measures import recalls
from training_models import made, published

SYSTEMS = [(name, {}) for name in registry.names()] + [("camp-gate-fusion-new", {"fusion": "sum"})]


def sides(system, images=4, captions=5):
    torch.manual_seed(1)
    lengths = torch.tensor([7, 3, 5, 2, 6])[:captions]
    ids = torch.randint(4, 30, (captions, 9))
    return system.regions(torch.randn(images, 6, WIDTH)), system.words(ids, lengths), lengths


@pytest.mark.parametrize("name, options", SYSTEMS)
def test_pairs_in_training_have_the_published_scores_and_gradients(name, options):
    system = made(name, options)
    modules = nn.ModuleList([system.regions, system.words, system.scorer])
    weight = torch.randn(4, 5, generator=torch.Generator().manual_seed(3))
    results = []
    for score in (lambda *given: published(system, *given), lambda *given: system.pairs(*given).all(),
                  lambda *given: Pairs(system, *given).all(),
                  lambda *given: system.pairs(*given).chosen(torch.arange(4).repeat_interleave(5),
                                                             torch.arange(5).repeat(4)).view(4, 5)):
        modules.zero_grad()
        values = score(*sides(system))
        (values * weight).sum().backward()
        results.append((values.detach(), {key: parameter.grad.clone() for key, parameter in modules.named_parameters()
                                          if parameter.grad is not None}))
    expected, gradients = results[0]
    assert expected.std() > 0 and len(gradients) > 5 and all(x.isfinite().all() for x in gradients.values())
    for values, others in results[1:]:
        assert (values - expected).abs().max() < TOLERANCE and set(others) == set(gradients)
        for key, gradient in others.items():
            assert (gradient - gradients[key]).abs().max() < 1e-4 * max(1, float(gradients[key].abs().max())), key


def test_without_gradients_nothing_is_computed_twice():
    system, calls = made("camp-paper", {}), []
    system.scorer.register_forward_pre_hook(lambda *given: calls.append(1))
    system.scorer.logits = lambda *given, of=system.scorer.logits: calls.append(1) or of(*given)
    v, w, lengths = sides(system)
    with torch.no_grad():
        system.pairs(v, w, lengths).all()
    assert len(calls) == 4
    system.pairs(v, w, lengths).all().sum().backward()
    assert len(calls) == 4 + 8


@pytest.mark.parametrize("module, expected", [(nn.Linear(2, 2), False), (nn.Dropout(0.0), False),
                                              (nn.Dropout(0.1), True), (nn.BatchNorm1d(2), True)])
def test_dropout_and_batch_norm_make_a_score_depend_on_more_than_its_pair(module, expected):
    assert draws(nn.Sequential(nn.Linear(2, 2), module)) is expected


def loss_of(name, values, negatives, hardest, margin=0.2, probability=True):
    """The formulas, a pair at a time. `values` are logits where there is a `probability`."""
    n = len(values)
    m = [[1 / (1 + math.exp(-x)) if probability else x for x in row] for row in values.tolist()]
    total, count = 0.0, int(negatives.sum())
    for i in range(n):
        wrong_captions = [m[i][c] for c in range(n) if negatives[i, c]]
        wrong_images = [m[j][i] for j in range(n) if negatives[j, i]]
        if hardest:
            wrong_captions, wrong_images = ([max(x)] if x else [] for x in (wrong_captions, wrong_images))
        if name == "hinge":
            total += sum(max(0, margin + x - m[i][i]) for x in wrong_captions + wrong_images) / n
        else:
            share = n if hardest else max(1, count)
            total -= 2 * math.log(m[i][i]) / n + sum(math.log(1 - x) for x in wrong_captions + wrong_images) / share
    return total


@pytest.mark.parametrize("name, probability", [("hinge", False), ("hinge", True), ("cross-entropy", True)])
@pytest.mark.parametrize("images", [[0, 1, 2, 3], [0, 1, 0, 3], [5, 5, 5, 5]])
def test_losses_are_what_the_formulas_say(name, probability, images):
    values = torch.randn(4, 4, generator=torch.Generator().manual_seed(4))
    wrong = negatives.negatives_of(torch.tensor(images))
    assert wrong.tolist() == [[a != b for b in images] for a in images]
    loss, own = Loss(name, 0.2, probability), torch.arange(4)
    captions, others = negatives.hardest(values, wrong)
    found = loss.of_hardest(values.diagonal(), values[own, captions], values[others, own],
                            torch.stack((wrong.any(dim=1), wrong.any(dim=0))))
    assert float(found) == pytest.approx(loss_of(name, values, wrong, True, probability=probability), abs=1e-5)
    i, c = negatives.drawn(wrong, 0, False)
    found = loss.of_all(values.diagonal(), values[i, c], i, c)
    assert float(found) == pytest.approx(loss_of(name, values, wrong, False, probability=probability), abs=1e-5)


class Table:
    """Pairs whose values are in a table; notes which are asked for."""

    def __init__(self, values):
        self.values, self.asked = values, set()

    def chosen(self, images, captions):
        self.asked |= set(zip(images.tolist(), captions.tolist()))
        return self.values[images, captions]


def test_of_all_candidates_the_hardest_is_the_hardest_and_of_some_the_hardest_of_those():
    values, near = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(5))
    wrong = negatives.negatives_of(torch.arange(8))
    near = negatives.nearness(near, wrong, False)
    for whole, some in zip(negatives.hardest(values, wrong), negatives.hardest_among(Table(values), near, wrong, 7)):
        assert torch.equal(whole, some)
    table = Table(values)
    captions, images = negatives.hardest_among(table, near, wrong, 2)
    for i in range(8):
        allowed = near[i].argsort(descending=True)[:2].tolist()
        assert int(captions[i]) == max(allowed, key=lambda c: values[i, c])
        allowed = near[:, i].argsort(descending=True)[:2].tolist()
        assert int(images[i]) == max(allowed, key=lambda j: values[j, i])
    assert len(table.asked) <= 32


def test_an_image_that_is_in_a_batch_twice_is_no_candidate_for_its_other_caption():
    wrong = negatives.negatives_of(torch.tensor([0, 0, 1]))
    values = torch.tensor([[9., 9., 1.], [9., 9., 2.], [3., 4., 9.]])
    captions, images = negatives.hardest_among(Table(values), negatives.nearness(values, wrong, False), wrong, 2)
    assert captions.tolist() == [2, 2, 1] and images.tolist() == [2, 2, 1]
    assert [x.tolist() for x in negatives.hardest(values, wrong)] == [[2, 2, 1], [2, 2, 1]]


def test_a_neighbour_is_always_a_candidate_and_always_drawn():
    wrong = negatives.negatives_of(torch.arange(8))
    near = negatives.nearness(torch.randn(8, 8), wrong, True)
    assert [int(row.argmax()) for row in near] == [1, 0, 3, 2, 5, 4, 7, 6]
    assert torch.equal(near.diagonal(), near.min(dim=1).values)
    for together in (False, True):
        images, captions = negatives.drawn(wrong, 3, together)
        assert images.bincount().tolist() == [3] * 8 and captions.bincount().tolist() == [3] * 8
        assert bool((images != captions).all())
        if together:
            assert {(i, i ^ 1) for i in range(8)} <= set(zip(images.tolist(), captions.tolist()))


def test_the_contrast_is_a_symmetric_cross_entropy_over_the_negatives_alone():
    scores, images = torch.rand(4, 4), torch.tensor([0, 1, 0, 2])
    found = contrast(scores, negatives.negatives_of(images))
    expected = 0.0
    for table in (scores, scores.t()):
        for i in range(4):
            among = [c for c in range(4) if c == i or images[c] != images[i]]
            others = sum(math.exp(SHARPNESS * table[i, c]) for c in among)
            expected -= math.log(math.exp(SHARPNESS * table[i, i]) / others) / 4
    assert float(found) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name, options", [case for case in SYSTEMS if made(*case).pretrains])
def test_pretraining_scores_are_mean_cosines_of_words_and_what_they_attend_to(name, options):
    system = made(name, options)
    v, w, lengths = sides(system)
    query, key = system.affinity()
    for i, c in itertools.product(range(4), range(5)):
        words = w[c, :lengths[c]]
        attention = torch.softmax((words.double() @ query) @ (v[i].double() @ key).t(), dim=1).float()
        expected = cosine_similarity(words, attention @ v[i], dim=1).mean()
        assert float(system.pretraining_scores(v, w, lengths)[i, c]) == pytest.approx(float(expected), abs=1e-4)
    system.end_pretraining()
    assert (system.affinity()[0] - query).abs().max() == 0


def test_after_the_pretraining_regions_attend_to_words_as_words_to_regions():
    system = made("camp-gate-fusion-new", {})
    v, w, _ = sides(system)
    scorer = system.scorer
    before = scorer.txt_query_fc(w) @ scorer.img_key_fc(v[:1]).transpose(1, 2)
    system.end_pretraining()
    after = scorer.img_query_fc(v[:1]) @ scorer.txt_key_fc(w).transpose(1, 2)
    assert (after.transpose(1, 2) - before).abs().max() < 1e-5


def test_recalls_are_counted_as_papers_do_and_ties_are_no_finds():
    random = np.random.default_rng(0)
    values = torch.from_numpy(np.kron(np.eye(20), np.ones((1, 3))) + random.normal(size=(20, 60)))
    found = recalls(values, 3)
    for k, depth in enumerate((1, 5, 10)):
        right = sum(c // 3 in values[:, c].argsort(descending=True)[:depth].tolist() for c in range(60))
        assert found.to_image[k] == pytest.approx(100 * right / 60)
        right = sum(any(c // 3 == i for c in values[i].argsort(descending=True)[:depth].tolist()) for i in range(20))
        assert found.to_caption[k] == pytest.approx(100 * right / 20)
    assert found.sum == pytest.approx(sum(found.to_image) + sum(found.to_caption)) and 0 < found.to_image[0] < 100
    assert recalls(torch.zeros(20, 60), 3).sum == 0
    assert recalls(torch.eye(20).repeat_interleave(3, dim=1), 3).sum == 600


def test_rates_fall_as_the_schedule_says():
    step = stages.of_recipe(Recipe(epochs=6, update=2, rate=1.0), 10, 0)[0]
    assert [step.rate_at(k) for k in (0, 19, 20, 39, 40, 59)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    linear = stages.of_recipe(Recipe(epochs=6, schedule="linear", rate=1.0), 10, 5)[0]
    assert [linear.rate_at(k) for k in (0, 4, 30, 60)] == pytest.approx([0.2, 0.94, 0.55, 0.1])
    first, second = stages.of_recipe(Recipe(epochs=6, pretraining_epochs=3, pretraining_rate=0.5), 10, 0)
    assert (first.pretraining, first.steps, second.steps) == (True, 30, 60)
    assert {first.rate_at(k) for k in range(30)} == {0.5} and not second.pretraining


def test_the_state_of_adam_is_kept_also_where_some_weights_have_none_yet():
    def two_layers():
        torch.manual_seed(0)
        module = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 1), "norm": nn.BatchNorm1d(3)})
        return module, torch.optim.Adam(module.parameters(), lr=0.1)

    def step(module, optimiser, last):
        optimiser.zero_grad(set_to_none=True)
        x = module["norm"](module["a"](torch.ones(2, 3) + torch.arange(2).unsqueeze(1)))
        (module["b"](x) if last else x.square()).sum().backward()
        optimiser.step()

    module, optimiser = two_layers()
    for last in (False, False, True):
        step(module, optimiser, last)
    arrays = {name: array.copy() for name, array in optimisers.arrays_of(module, optimiser).items()}
    assert int(arrays["step/a.weight"]) == 3 and int(arrays["step/b.weight"]) == 1
    other, its = two_layers()
    optimisers.restore(other, its, arrays)
    for one in ((module, optimiser), (other, its)):
        step(*one, True)
    assert all(torch.equal(a, b) for a, b in zip(module.state_dict().values(), other.state_dict().values()))


def test_the_recipes_are_those_of_the_papers():
    for name in registry.names():
        recipe = registry.named(name).recipe(name, {})
        assert (recipe.batch, recipe.clip, recipe.negatives, recipe.margin) == (128, 2.0, "hardest", 0.2), name
        fused = name.startswith("camp") and "cross" not in name
        assert recipe.loss == ("cross-entropy" if fused else "hinge") and bool(recipe.pretraining_epochs) == fused, name


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_an_ablation_is_trained_with_a_loss_and_a_pre_training_that_it_can_have(ablation):
    recipe = registry.named("camp-paper").recipe("camp-paper", {"ablation": ablation})
    system = made("camp-paper", {"ablation": ablation})
    assert recipe.loss == ("cross-entropy" if system.probability else "hinge")
    assert bool(recipe.pretraining_epochs) == (system.scorer.attends and system.probability)


@pytest.mark.parametrize("name", ["sgraf-saf", "sgraf-sgr"])
def test_the_normalisations_of_a_batch_see_every_image_once_and_captions_without_padding(name):
    system, pooled, filtered = made(name, {}), [], []
    system.scorer.v_global_w.register_forward_pre_hook(lambda module, given: pooled.append(given[0].shape))
    if name == "sgraf-saf":
        system.scorer.SAF_module.bn.register_forward_pre_hook(lambda module, given: filtered.append(given[0].shape))
    v, w, lengths = sides(system)
    system.scorer.train()
    before = system.scorer.v_global_w.embedding_local[1].num_batches_tracked.item()
    values = system.pairs(v, w, lengths).all()
    values.sum().backward()
    assert values.shape == (4, 5) and pooled == [(4, 6, 12)]
    assert system.scorer.v_global_w.embedding_local[1].num_batches_tracked.item() == before + 1
    assert filtered == ([(4, 1, n + 1) for n in lengths.tolist()] if name == "sgraf-saf" else [])
