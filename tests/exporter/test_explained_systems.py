"""What each system's explainer shows, held against what is written down here once more."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from conftest import TOLERANCE, loaded
from retrieval_exporter.systems.camp.ablations import ABLATIONS
from test_camp_variants import made
from test_camp_variants import features as made_features


def shown(case, images=3):
    """Every output, and the features, of the first images with every caption."""
    v, w, lengths = case.features()
    v = v[:images].repeat_interleave(len(w), dim=0)
    w, lengths = w.repeat(images, 1, 1), lengths.repeat(images)
    explainer = case.model.system.explainer().eval()
    with torch.no_grad():
        score, seen = explainer(v, w, lengths)
    return v, w, lengths, score, {o.name: o.cut(seen[o.name], lengths) for o in explainer.outputs}


def nearest(x, y, lengths=None):
    """The largest cosine of each x with a y; of these the first `lengths`."""
    cosines = cosine_similarity(x.unsqueeze(2), y.unsqueeze(1), dim=3)
    return torch.stack([one[:, :n].amax(dim=1) for one, n in
                        zip(cosines, [y.shape[1]] * len(y) if lengths is None else lengths)])


CAMP = ["camp-cross-attention", "camp-cross-attention-new", "camp-gate-fusion-concat", "camp-gate-fusion-new-sum",
        "camp-paper"]


@pytest.mark.parametrize("name", CAMP)
def test_camps_attention_over_the_other_side_makes_its_messages(name):
    case = loaded(name)
    v, w, lengths, _, seen = shown(case)
    mask = torch.arange(w.shape[1]) < lengths.unsqueeze(1)
    with torch.no_grad():
        to_regions, to_words = case.model.system.scorer.messages(v, w, mask)
    assert (seen["region_attention"] @ w - to_regions.received).abs().max() < TOLERANCE
    assert ((seen["word_attention"] @ v - to_words.received) * mask.unsqueeze(2)).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", ["camp-gate-fusion-sum", "camp-gate-fusion-new-concat"])
def test_camps_gates_are_what_a_position_and_its_message_agree_on(name):
    v, w, lengths, _, seen = shown(loaded(name))
    message = seen["region_attention"] @ w
    if "new" in name:
        message = message / message.norm(dim=2, keepdim=True)
    assert (seen["region_gate"] - torch.sigmoid((v * message).sum(dim=2))).abs().max() < TOLERANCE


def test_a_word_of_camp_counts_by_gate_and_attention_and_a_region_by_the_words():
    # Without an attention among messages, the one that is shown is the first.
    _, _, _, _, seen = shown(loaded("camp-gate-fusion-concat"))
    words = seen["word_gate"] * seen["word_attention"].amax(dim=2)
    assert (seen["word_importance"] - words).abs().max() < TOLERANCE
    regions = torch.einsum("pt,ptr->pr", words, seen["word_attention"])
    assert (seen["region_importance"] - regions).abs().max() < TOLERANCE


def test_a_word_or_region_of_camp_counts_by_its_gates_mean_where_there_is_one_a_channel():
    _, _, _, _, seen = shown(loaded("camp-paper"))
    for side in ("word", "region"):
        assert torch.equal(seen[side + "_importance"], seen[side + "_gate"])


@pytest.mark.parametrize("name", ["camp-cross-attention", "camp-cross-attention-new"])
def test_a_word_or_region_of_camp_counts_by_its_nearest_where_there_are_no_gates(name):
    v, w, lengths, _, seen = shown(loaded(name))
    assert (seen["region_importance"] - nearest(v, w, lengths)).abs().max() < TOLERANCE
    words = nearest(w, v)
    assert (seen["word_importance"][0] - words[0]).abs()[:lengths[0]].max() < TOLERANCE


MISSING = {"none": set(), "no-gates": {"gate"}, "no-fusion": {"gate"}, "mean-pooling": {"weight"},
           "no-cross-attention": {"attention"}}


@pytest.mark.parametrize("ablation", sorted(ABLATIONS))
def test_an_ablation_of_camp_shows_the_steps_that_it_has(ablation):
    explainer = made("camp-paper", {"ablation": ablation}).explainer()
    kinds = {"attention", "gate", "weight", "importance"} - MISSING.get(ablation, set())
    assert {output.name for output in explainer.outputs} == {f"{side}_{kind}" for side in ("word", "region")
                                                            for kind in kinds}


def test_a_gate_a_channel_is_shown_as_its_mean():
    titles = {name: {o.name: o.title for o in loaded(name).model.system.explainer().outputs}["word_gate"]
              for name in ("camp-paper", "camp-gate-fusion-sum")}
    assert titles["camp-paper"].endswith("mean of its channels") and "mean" not in titles["camp-gate-fusion-sum"]


@pytest.mark.parametrize("name", ["camp-cross-attention", "camp-cross-attention-new"])
def test_a_plain_mean_shows_its_words_without_the_authors_padding(name):
    system = made(name, {"summary": "mean"})
    v, w, lengths = made_features(system)
    explainer = system.explainer().eval()
    with torch.no_grad():
        _, seen = explainer(v[:1].expand(len(w), -1, -1), w, lengths)
        mask = torch.arange(w.shape[1]) < lengths.unsqueeze(1)
        to_regions, _ = system.scorer.messages(v[:1].expand(len(w), -1, -1), w, mask)
    assert seen["word_attention"].shape == (len(w), w.shape[1], v.shape[1])
    assert (seen["region_attention"] @ w - to_regions.received).abs().max() < TOLERANCE
    assert not any(output.kind == "weight" for output in explainer.outputs)


@pytest.mark.parametrize("name, own, other", [("scan-t2i-mean", "word", "region"), ("scan-i2t-mean", "region", "word")])
def test_scans_relevance_is_a_cosine_with_what_is_attended_to_and_its_mean_the_score(name, own, other):
    v, w, lengths, score, seen = shown(loaded(name))
    x, y = (w, v) if own == "word" else (v, w)
    relevance = cosine_similarity(x, seen[own + "_attention"] @ y, dim=2)
    assert (seen[own + "_relevance"] - relevance).abs().max() < TOLERANCE
    counted = lengths if own == "word" else v.shape[1]
    assert (seen[own + "_relevance"].sum(dim=1) / counted - score).abs().max() < TOLERANCE
    assert torch.equal(seen[own + "_importance"], seen[own + "_relevance"])
    assert (seen[other + "_importance"] - nearest(y, x, lengths if own == "word" else None)
            ).abs()[:, :lengths.min()].max() < TOLERANCE


def test_sgrafs_filtration_counts_a_word_by_its_node():
    _, _, lengths, _, seen = shown(loaded("sgraf-saf"))
    assert torch.equal(seen["word_importance"], seen["node_weight"][:, 1:])
    assert (seen["word_importance"].sum(dim=1) + seen["node_weight"][:, 0] - 1).abs().max() < TOLERANCE


def test_sgrafs_graph_counts_a_word_by_what_reaches_the_first_node_in_all_steps():
    _, _, lengths, _, seen = shown(loaded("sgraf-sgr"))
    steps = seen["step_attention"]
    reached = torch.zeros_like(steps[:, 0, 0])
    reached[:, 0] = 1
    for step in reversed(range(steps.shape[1])):
        reached = torch.einsum("pn,pnm->pm", reached, steps[:, step])
    assert (reached[:, 1:] - seen["word_importance"]).abs().max() < TOLERANCE
    assert (reached.sum(dim=1) - 1).abs().max() < TOLERANCE


def test_how_much_words_and_regions_of_rdan_count_sums_to_the_score():
    _, _, _, score, seen = shown(loaded("rdan"))
    for side in ("word", "region"):
        assert (seen[side + "_importance"].sum(dim=1) - score).abs().max() < TOLERANCE


def test_rdans_relations_make_its_attentions():
    case = loaded("rdan")
    _, _, lengths, _, seen = shown(case)
    sharpness = case.model.system.scorer.sharpness
    for pair, length in enumerate(lengths):
        over_words = torch.softmax(sharpness * seen["region_relation"][pair, :, :length], dim=1)
        over_regions = torch.softmax(sharpness * seen["word_relation"][pair, :, :length].t(), dim=1)
        assert (over_words - seen["region_attention"][pair, :, :length]).abs().max() < TOLERANCE
        assert (over_regions - seen["word_attention"][pair, :length]).abs().max() < TOLERANCE
