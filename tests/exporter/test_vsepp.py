"""VSE++: its published numbers, the options that checkpoints of it have, and what it is refused for."""

import argparse

import numpy as np
import pytest
import torch

from conftest import HERE, MAX_TOKENS, TOLERANCE
from retrieval_exporter import model
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.vsepp import Vsepp
from retrieval_exporter.systems.vsepp.scorers import SCORERS, Order
from scoring import DIRECTIONS, pairs, tensors

CASE = HERE / "fixtures" / "vsepp"
CHECKPOINT = CASE / "model_best.pth.tar"
SIZES = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30)


@pytest.fixture(scope="module")
def golden():
    with np.load(CASE / "golden.npz") as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


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


def test_the_vectors_and_their_scores_match_the_public_implementation(golden):
    system = model.from_checkpoint(CHECKPOINT).system
    v, w = features(system, golden)
    assert difference(v, golden["image_embedding"]) < TOLERANCE
    assert difference(w, golden["caption_embedding"]) < TOLERANCE
    assert difference(system.scores(v, w, golden["lengths"]), golden["scores"]) < TOLERANCE


@pytest.mark.parametrize("settings, allowed", [
    ({}, TOLERANCE), ({"profile": "compact"}, TOLERANCE), ({"form": "published"}, TOLERANCE),
    ({"precision": "float16"}, 2e-3), ({"records": "int8"}, 1e-2)])
def test_every_form_scores_as_the_public_implementation(golden, direction, settings, allowed):
    form = model.from_checkpoint(CHECKPOINT).system.form(Settings(**settings, max_tokens=MAX_TOKENS)).eval()
    v, w = features(model.from_checkpoint(CHECKPOINT).system, golden)
    given = tensors(form, v, w, golden["lengths"])
    assert not {"caption.offset", "caption.length"} & set(given)
    image, caption = pairs(len(v), len(w))
    together = direction(form, given, image, caption)
    assert difference(together, golden["scores"].reshape(-1)) < allowed
    for k in (0, 7, len(image) - 1):
        alone = {name: x[image[k]:image[k] + 1] if name.startswith("image.") else x[caption[k]:caption[k] + 1]
                 for name, x in given.items()}
        assert abs(direction(form, alone, torch.tensor([0]), torch.tensor([0])) - together[k]) < 1e-6


def test_words_beyond_a_captions_length_do_not_matter(golden):
    system = model.from_checkpoint(CHECKPOINT).system
    with torch.no_grad():
        padded = torch.nn.functional.pad(golden["token_ids"], (0, 5), value=3)
        expected = system.words(golden["token_ids"], golden["lengths"])
        assert difference(system.words(padded, golden["lengths"]), expected) < 1e-6
        short = golden["lengths"][-1:]
        assert difference(system.words(golden["token_ids"][-1:, :int(short)], short), expected[-1:]) < 1e-6


def test_the_order_of_embeddings_is_violated_by_what_a_caption_has_more_than_an_image():
    v = torch.tensor([[1.0, 2.0, 0.0], [3.0, 3.0, 3.0]])
    w = torch.tensor([[4.0, 1.0, 4.0], [1.0, 2.0, 3.0]])
    assert torch.allclose(Order()(v, w), torch.tensor([-5.0, 0.0]))


@pytest.mark.parametrize("measure", sorted(SCORERS))
def test_every_score_has_a_gradient_even_where_nothing_is_wrong(measure):
    v = torch.rand(3, 8, requires_grad=True)
    w = torch.cat((torch.rand(2, 8), torch.zeros(1, 8))).requires_grad_()
    SCORERS[measure]()(v, w, None).sum().backward()
    assert torch.isfinite(v.grad).all() and torch.isfinite(w.grad).all() and w.grad[:2].abs().max() > 0


@pytest.mark.parametrize("options", [
    {}, {"measure": "order", "use_abs": True}, {"no_imgnorm": True}, {"no_imgnorm": True, "no_txtnorm": True}])
def test_a_checkpoint_in_the_published_layout_gives_the_same_model_back(tmp_path, golden, options):
    torch.manual_seed(1)
    made = Vsepp.random("vsepp", Sizes(16, 64, 12, 60), {})
    first = model.from_checkpoint(saved(tmp_path / "a.pth", made, **options)).system
    again = model.from_checkpoint(saved(tmp_path / "b.pth", first)).system
    assert again.checkpoint_options() == first.checkpoint_options()
    assert {name: first.checkpoint_options()[name] for name in options} == options
    scores = [system.scores(*features(system, golden), golden["lengths"]) for system in (first, again, made)]
    assert torch.equal(scores[0], scores[1])
    assert torch.equal(scores[0], scores[2]) == (not options)


def test_of_two_directions_a_caption_is_the_mean_at_its_last_word(tmp_path, golden):
    torch.manual_seed(1)
    words = torch.nn.GRU(12, 16, 1, batch_first=True, bidirectional=True)
    made = Vsepp.random("vsepp", Sizes(16, 64, 12, 60), {})
    image, text = made.states()
    text = {"embed.weight": text["embed.weight"], **{"rnn." + name: x for name, x in words.state_dict().items()}}
    torch.save({"model": [image, text], "opt": argparse.Namespace(measure="cosine", bi_gru=True)}, tmp_path / "c.pth")
    system = model.from_checkpoint(tmp_path / "c.pth").system
    ids, n = golden["token_ids"][5:6], int(golden["lengths"][5])
    with torch.no_grad():
        states, _ = words(text["embed.weight"][ids[:, :n]])
        mean = (states[0, -1, :16] + states[0, -1, 16:]) / 2
        assert difference(system.words(ids, torch.tensor([n]))[0], mean / mean.norm()) < 1e-6


def test_its_embedding_is_its_features_and_their_inner_product_the_score(golden):
    made = model.from_checkpoint(CHECKPOINT)
    v, w = features(made.system, golden)
    assert made.coarse.source == "features" and made.coarse.width == 32
    inner = made.coarse.image(v) @ made.coarse.caption(w, golden["lengths"]).t()
    assert difference(inner, golden["scores"]) < TOLERANCE


@pytest.mark.parametrize("options, message", [
    ({"measure": "dot"}, ".* option measure is 'dot', expected cosine or order"),
    ({"use_abs": "False"}, "option use_abs is 'False', expected true or false"),
    ({"embed_size": 17}, "option embed_size is 17, but the weights say 16")])
def test_options_that_do_not_fit_are_refused(tmp_path, options, message):
    path = saved(tmp_path / "c.pth", Vsepp.random("vsepp", SIZES, {}), **options)
    with pytest.raises(ExportError, match=f"c.pth: .*{message}"):
        model.from_checkpoint(path)


def test_two_parts_without_a_measure_are_not_taken_for_it(tmp_path):
    torch.save({"model": Vsepp.random("vsepp", SIZES, {}).states(), "opt": argparse.Namespace(bi_gru=False)},
               tmp_path / "c.pth")
    with pytest.raises(ExportError, match="c.pth: .*option measure is None, expected cosine or order"):
        model.from_checkpoint(tmp_path / "c.pth")


def test_slots_are_refused_as_its_words_do_not_attend(tmp_path, capsys):
    assert main(["--checkpoint", str(CHECKPOINT), "--embedding", "slots", "--out", str(tmp_path / "b")]) == 2
    assert "--embedding slots is not for vsepp" in capsys.readouterr().err
