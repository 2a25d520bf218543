"""Slots made of a model's weights and its vocabulary alone, and when a bundle has them."""

import json
import re

import numpy as np
import pytest
import torch
from nltk.tokenize.destructive import NLTKWordTokenizer

from conftest import ATTENDING, ROOT, TOLERANCE, loaded
from retrieval_exporter import model, registry
from retrieval_exporter.cli import main
from retrieval_exporter.coarse import Slots, untrained
from retrieval_exporter.coarse.choice import Choice
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import checkpoints
from retrieval_exporter.reading.vocabulary import placeholders
from retrieval_exporter.system import Sizes
from vector_system import VectorCosine

SCENES = ROOT / "models" / "scenes"
REFERENCE = "camp-gate-fusion-new-concat"
SMALL = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30)
SMALL_OPTIONS = ["--embed-size", "16", "--image-size", "24", "--word-size", "12", "--vocabulary-size", "40",
                 "--regions", "5", "--max-tokens", "8"]


def made(name=REFERENCE, slots=6, width=4):
    return untrained.make(loaded(name).model.system, placeholders(60), slots, width, "v.json")


# How they are made

@pytest.mark.parametrize("name", ATTENDING)
def test_slots_are_made_of_every_system_and_every_time_the_same(name):
    before = torch.random.get_rng_state()
    first = made(name)
    torch.manual_seed(99)
    again = made(name)
    torch.random.set_rng_state(before)
    size = loaded(name).model.system.affinity()[0].shape[1]
    for field, shape in (("slot_means", (6, size)), ("slot_centres", (6, size)), ("query_projection", (6, size, 4)),
                         ("key_projection", (6, size, 4)), ("word_weight", (size,))):
        x = getattr(first, field)
        assert x.dtype == torch.float32 and x.shape == shape and torch.isfinite(x).all()
        assert torch.equal(x, getattr(again, field)), field
    assert first.unit is False and not first.word_weight.any()


def test_making_slots_leaves_the_generator_of_torch_alone():
    before = torch.random.get_rng_state()
    made()
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_word_is_encoded_by_itself_whatever_words_there_are(reference):
    system = model.from_checkpoint(reference).system
    features = untrained.word_features(system, list(range(4, 60)))
    with torch.no_grad():
        alone = system.words(torch.tensor([[17]]), torch.tensor([1]))[0, 0]
    assert features.shape == (56, 32) and (features[13] - alone).abs().max() < TOLERANCE


def test_the_features_of_channels_are_the_columns_of_a_linear_encoder(reference):
    system = model.from_checkpoint(reference).system
    features = untrained.channel_features(system)
    assert (features.t() - system.regions.fc.weight.double()).abs().max() < TOLERANCE


def test_centres_are_of_unit_length_and_no_word_is_nearer_to_the_mean_of_others():
    q = torch.randn(200, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    centres = untrained.cluster_centres(q, 12)
    assert torch.allclose(centres.norm(dim=1), torch.ones(12, dtype=torch.float64))
    owner = (q @ centres.t() / q.norm(dim=1, keepdim=True)).argmax(dim=1)
    assert len(set(owner.tolist())) == 12
    means = untrained.cluster_means(q, centres)
    for b in range(12):
        unit = q[owner == b] / q[owner == b].norm(dim=1, keepdim=True)
        assert torch.allclose(unit.sum(dim=0) / unit.sum(dim=0).norm(), centres[b])
        assert torch.allclose(means[b], q[owner == b].mean(dim=0))


def test_words_that_are_all_alike_give_finite_slots():
    q = torch.ones(9, 8, dtype=torch.float64)
    centres = untrained.cluster_centres(q, 4)
    assert torch.isfinite(centres).all() and torch.isfinite(untrained.cluster_means(q, centres)).all()
    assert all(torch.isfinite(x).all() for x in untrained.projections(q, q, 3))


def test_projections_of_the_whole_width_keep_the_affinity_and_narrower_ones_lose_the_least_first():
    g = torch.Generator().manual_seed(3)
    q, k = (torch.randn(500, 12, dtype=torch.float64, generator=g) * torch.linspace(0.1, 2, 12) @
            torch.randn(12, 12, dtype=torch.float64, generator=g) for _ in range(2))
    exact, lost = q @ k.t(), []
    for width in (12, 8, 4, 1):
        of_captions, of_images = untrained.projections(q, k, width)
        lost.append((((q @ of_captions) @ (k @ of_images).t() - exact).square().mean() / exact.square().mean()).item())
    assert lost[0] < 1e-12 and lost == sorted(lost) and lost[-1] < 0.9
    # By the singular values of the affinity itself no product of 4 numbers a side comes nearer; the ridge costs little.
    values = torch.linalg.svdvals(exact)
    assert lost[2] < 1.01 * (values[4:].square().sum() / values.square().sum()).item()


@pytest.fixture(scope="module")
def corpus():
    """Regions of the demo's 1,000 images, and the first caption of each as ids and lengths."""
    words = json.loads((SCENES / "bundle" / "vocabulary.json").read_text())["words"]
    ids = {word: i for i, word in enumerate(words)}
    captions = [torch.tensor([ids["<start>"], *(ids.get(word, ids["<unk>"]) for word in
                                                NLTKWordTokenizer().tokenize(line.lower())), ids["<end>"]])
                for line in (SCENES / "corpus" / "test_caps.txt").read_text(encoding="utf-8").splitlines()[::5]]
    regions = np.load(SCENES / "corpus" / "test_ims.npy").astype(np.float32)
    return (torch.from_numpy(regions), torch.nn.utils.rnn.pad_sequence(captions, batch_first=True),
            torch.tensor([len(caption) for caption in captions]))


def test_without_data_the_first_of_1000_is_the_right_one_as_often_as_documented(corpus):
    regions, ids, lengths = corpus
    built = model.from_checkpoint(SCENES / "checkpoint" / "model.pth", None, SCENES / "checkpoint" / "vocabulary.json")
    with torch.no_grad():
        images = built.coarse.image(built.system.regions(regions))
        captions = built.coarse.caption(built.system.words(ids, lengths), lengths)
    assert (built.coarse.source, built.coarse.width) == ("slots", 512)
    products, own = captions @ images.t(), torch.arange(1000)
    to_image, to_caption = (100 * (products.argmax(dim=dim) == own).float().mean().item() for dim in (1, 0))
    # 42.4 and 30.5 in models/exporter/README.md; another processor rounds differently.
    assert to_image > 40 and to_caption > 28
    assert torch.allclose(captions.norm(dim=1), torch.ones(1000), atol=1e-5)
    with torch.no_grad():
        alone = built.coarse.caption(built.system.words(ids[7:8, :lengths[7]], lengths[7:8]), lengths[7:8])
    assert (alone[0] - captions[7]).abs().max() < TOLERANCE


# When a bundle has them

def vocabulary(tmp_path, words):
    (tmp_path / "v.json").write_text(json.dumps({"words": words}))
    return str(tmp_path / "v.json")


def embedding_of(folder):
    return json.loads((folder / "bundle.json").read_text())["embedding"]


@pytest.mark.parametrize("options, expected", [
    (["--vocabulary"], {"width": 512, "source": "slots"}),
    (["--vocabulary", "--embedding", "slots"], {"width": 512, "source": "slots"}),
    (["--vocabulary", "--slots", "5", "--slot-width", "3"], {"width": 15, "source": "slots"}),
    (["--vocabulary", "--embedding", "bilinear"], {"width": 32, "source": "bilinear"}),
    ([], {"width": 32, "source": "bilinear"}),
    (["--embedding", "slots", "--slots", "56", "--slot-width", "32"], {"width": 1792, "source": "slots"}),
])
def test_slots_are_the_default_where_there_is_a_vocabulary(tmp_path, reference, options, expected):
    given = [part for option in options for part in
             ([option, vocabulary(tmp_path, placeholders(60))] if option == "--vocabulary" else [option])]
    assert main(["--checkpoint", str(reference), *given, "--out", str(tmp_path / "b")]) == 0
    assert embedding_of(tmp_path / "b") == expected
    with np.load(tmp_path / "b" / "parity.npz") as parity:
        assert parity["image_embedding"].shape[1] == parity["caption_embedding"].shape[1] == expected["width"]


@pytest.mark.parametrize("options, expected", [
    ([], {"width": 16, "source": "bilinear"}),
    (["--embedding", "slots"], {"width": 512, "source": "slots"}),
])
def test_random_weights_have_slots_only_on_demand(tmp_path, options, expected):
    assert main(["--random", *SMALL_OPTIONS, *options, "--out", str(tmp_path / "b")]) == 0
    assert embedding_of(tmp_path / "b") == expected


@pytest.fixture
def with_heads(tmp_path, reference):
    """A checkpoint that has trained weights itself."""
    content = checkpoints.read(reference)
    content["coarse"] = {"image_weight": torch.ones(8, 32), "caption_weight": torch.ones(8, 32)}
    torch.save(content, tmp_path / "c.pth")
    return str(tmp_path / "c.pth")


def test_the_trained_weights_of_a_checkpoint_come_before_slots_unless_these_are_asked_for(tmp_path, with_heads):
    options = loaded(REFERENCE).options
    words = vocabulary(tmp_path, placeholders(60))
    assert model.from_checkpoint(with_heads, options, words).coarse.source == "heads"
    assert model.from_checkpoint(with_heads, options, words, choice=Choice("slots")).coarse.source == "slots"
    assert model.from_checkpoint(with_heads, options, words, choice=Choice("bilinear")).coarse.source == "bilinear"
    with pytest.raises(ExportError, match=r"--slots has no effect beside trained weights \(.*c\.pth, entry 'coarse'\)"):
        model.from_checkpoint(with_heads, options, words, choice=Choice(slots=4))


@pytest.mark.parametrize("words, options, message", [
    (60, ["--embedding", "bilinear", "--slots", "8"], "--slots has no effect on the embedding bilinear"),
    (60, ["--embedding", "bilinear", "--slot-width", "8"], "--slot-width has no effect on the embedding bilinear"),
    (None, ["--slots", "8"], "--slots has no effect on the embedding bilinear; --embedding slots makes slots"),
    (60, ["--coarse", "c.npz", "--slots", "8"], "--slots has no effect with --coarse"),
    (60, ["--coarse", "c.npz", "--slot-width", "8"], "--slot-width has no effect with --coarse"),
    (60, ["--coarse", "c.npz", "--embedding", "slots"], "--embedding has no effect with --coarse"),
    (60, ["--slots", "0"], "--slots must be at least 1"),
    (60, ["--slot-width", "-1"], "--slot-width must be at least 1"),
    (60, ["--slots", "57"], r"v\.json: the vocabulary has 56 words of its own, fewer than the 57 slots"),
    (60, ["--slot-width", "33"], "--slot-width 33 is more than the 32 numbers of a word's query"),
])
def test_what_cannot_be_made_or_has_no_effect_is_one_line_and_exit_code_2(
        tmp_path, capsys, reference, words, options, message):
    given = [] if words is None else ["--vocabulary", vocabulary(tmp_path, placeholders(words))]
    assert main(["--checkpoint", str(reference), *given, *options, "--out", str(tmp_path / "b")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert re.search(message, error), error
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("rows, message", [
    (4, "v.json: the vocabulary has no words of its own"),
    (20, "v.json: the vocabulary has 16 words of its own, fewer than the 32 slots"),
])
def test_a_vocabulary_of_too_few_words_is_refused(rows, message):
    system = model.random("camp-gate-fusion-new", Sizes(16, 24, 12, rows)).system
    with pytest.raises(ExportError, match=message):
        untrained.make(system, placeholders(rows), 32, 4, "v.json")


def test_a_system_whose_words_do_not_attend_to_regions_has_its_own_embedding(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SYSTEMS", [VectorCosine])
    made_up = model.random("vector-cosine", SMALL).system
    torch.save({"model": made_up.states(), "opt": made_up.checkpoint_options()}, tmp_path / "c.pth")
    words = vocabulary(tmp_path, placeholders(30))
    assert model.from_checkpoint(tmp_path / "c.pth", vocabulary_path=words).coarse.source == "features"
    for embedding, message in (("slots", "--embedding slots is not for vector-cosine"),
                               ("bilinear", "--embedding bilinear is not for vector-cosine, whose .* is features")):
        with pytest.raises(ExportError, match=message):
            model.from_checkpoint(tmp_path / "c.pth", vocabulary_path=words, choice=Choice(embedding))


def test_slots_that_are_made_can_be_trained_on():
    slots = Slots(made())
    again = slots.weights()
    assert all(torch.equal(getattr(again, name), x.detach()) for name, x in slots.named_parameters())
    assert again.unit is False
