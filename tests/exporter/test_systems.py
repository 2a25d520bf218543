"""A second system, the smallest there is: what the exporter asks of one, and captions of fixed size."""

import json
import re

import numpy as np
import onnx
import pytest
import torch

from comparing import assert_same
from conftest import ROOT
from retrieval_exporter import model, registry
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.fields import WORDS, Field
from retrieval_exporter.form import Form
from retrieval_exporter.numbers.operations import word_mask
from retrieval_exporter.reading.checkpoints import open_checkpoint
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from scoring import DIRECTIONS, pairs, tensors
from vector_system import FIXTURE, VectorCosine

EXPORTER = ROOT / "models" / "exporter" / "retrieval_exporter"
SIZES = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "SYSTEMS", [*registry.SYSTEMS, VectorCosine])


@pytest.fixture(params=sorted(DIRECTIONS))
def direction(request):
    return DIRECTIONS[request.param]


def features(system, images=5, captions=7):
    generator = torch.Generator().manual_seed(2)
    lengths = torch.arange(captions, 0, -1) + 1
    ids = torch.randint(4, 30, (captions, captions + 1), generator=generator)
    with torch.no_grad():
        return system.regions(torch.rand(images, 5, 24, generator=generator)), system.words(ids, lengths), lengths


# What each folder of a system alone may say, as a part of any word or as a word.
NAMED = {"camp": "camp|fusion|cross-attention", "rdan": "rdan", "scan": r"\bscan\b", "sgraf": r"sgraf|\bsgr\b|\bsaf\b",
         "vsepp": r"vsepp|vse\+\+"}


def test_nothing_but_its_folder_and_the_registry_names_a_system():
    for path in EXPORTER.rglob("*.py"):
        own = next((name for name in NAMED if EXPORTER / "systems" / name in path.parents), None)
        if path.name == "registry.py":
            continue
        text = path.read_text().lower()
        for name, words in NAMED.items():
            found = set(re.findall(words, text)) if name != own else set()
            # An example in system.py says what a title looks like.
            assert not found - ({"scan"} if path == EXPORTER / "system.py" else set()), (path, found)


@pytest.mark.parametrize("settings", [{}, {"precision": "float16"}, {"records": "int8"}])
def test_captions_of_fixed_size_score_as_published_in_both_directions(direction, settings):
    system = model.random("vector-cosine", SIZES).system
    form = system.form(Settings(**settings))
    v, w, lengths = features(system)
    image, caption = pairs(len(v), len(w))
    given = tensors(form, v, w, lengths)
    assert not {"caption.offset", "caption.length"} & set(given)
    scores = direction(form, given, image, caption)
    assert (scores.reshape(5, 7) - system.scores(v, w, lengths)).abs().max() < (2e-2 if settings else 1e-6)


def test_the_graphs_of_fixed_captions_have_neither_offset_nor_length(tmp_path):
    assert main([*FIXTURE, "--out", str(tmp_path / "b")]) == 0
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["records"] == {"image": [{"name": "v", "type": "float32", "shape": [16]}],
                                   "caption": [{"name": "w", "type": "float32", "shape": [16]}]}
    for name in ("scorer_text_to_image.onnx", "scorer_image_to_text.onnx"):
        graph = onnx.load(str(tmp_path / "b" / name))
        onnx.checker.check_model(graph, full_check=True)
        assert {entry.name for entry in graph.graph.input} == {"image.v", "caption.w", "slots", "query_index"}


def test_the_manifest_of_fixed_captions_satisfies_the_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    assert main([*FIXTURE, "--out", str(tmp_path / "b")]) == 0
    schema = json.loads((ROOT / "docs" / "bundle.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads((tmp_path / "b" / "bundle.json").read_text()))


def test_the_bundle_that_the_services_tests_load_is_what_is_exported(tmp_path):
    assert main([*FIXTURE, "--no-explainer", "--out", str(tmp_path / "b")]) == 0
    assert_same(ROOT / "tests" / "Fixtures" / "bundles" / "vector-cosine", tmp_path / "b")


def test_the_checkpoint_says_whose_it_is(tmp_path, reference):
    made = model.random("vector-cosine", SIZES).system
    torch.save({"model": made.states(), "opt": made.checkpoint_options()}, tmp_path / "c.pth")
    read = model.from_checkpoint(tmp_path / "c.pth").system
    v, w, lengths = features(made)
    again = features(read)
    assert read.name == "vector-cosine" and torch.equal(made.scores(v, w, lengths), read.scores(*again))
    assert model.from_checkpoint(reference).system.name == "camp-gate-fusion-new"


def test_a_checkpoint_of_no_system_is_refused_whatever_systems_there_are(tmp_path):
    torch.save({"model": [{"a": torch.zeros(1)}, {}, {}]}, tmp_path / "c.pth")
    with pytest.raises(ExportError, match=r"c\.pth: no system has any of its weights \(a\)"):
        model.from_checkpoint(tmp_path / "c.pth")


def test_the_nearest_system_may_be_any_that_is_registered(tmp_path):
    """Nobody but the tests knows this one: an image encoder and a text encoder, whose GRU has one direction."""
    states = model.random("vector-cosine", SIZES).system.states()
    torch.save({"model": [*states, {"head.weight": states[0].pop("fc.weight")}]}, tmp_path / "c.pth")
    with pytest.raises(ExportError, match="The nearest is vsepp or vector-cosine: entry 'model' has 3 parts, expected 2, the "
                       "image encoder lacks fc.weight, the scorer has besides head.weight"):
        model.from_checkpoint(tmp_path / "c.pth")


@pytest.mark.parametrize("name", registry.names())
def test_beside_a_system_that_is_added_the_checkpoints_of_the_others_stay_theirs(tmp_path, name):
    system = model.random(name, SIZES).system
    torch.save({"model": system.states(), "opt": system.checkpoint_options()}, tmp_path / "c.pth")
    assert name in registry.reader_of(open_checkpoint(tmp_path / "c.pth")).names


def test_a_checkpoint_that_two_systems_claim_is_refused(tmp_path, reference, monkeypatch):
    monkeypatch.setattr(VectorCosine, "refusal", classmethod(lambda cls, checkpoint: None))
    with pytest.raises(ExportError, match="could be of camp-gate-fusion-new and vector-cosine"):
        model.from_checkpoint(reference)


def test_int8_is_refused_where_the_system_does_not_have_it(tmp_path, capsys):
    assert main([*FIXTURE, "--precision", "int8", "--out", str(tmp_path / "b")]) == 2
    assert "--precision int8 is not for this system" in capsys.readouterr().err


def test_trained_heads_act_on_features_that_are_one_vector_already(tmp_path):
    np.savez(tmp_path / "heads.npz", image_weight=np.eye(16, dtype=np.float32),
             caption_weight=np.eye(16, dtype=np.float32))
    built = model.random("vector-cosine", SIZES, coarse_path=tmp_path / "heads.npz")
    v, w, lengths = features(built.system)
    assert torch.allclose(built.coarse.image(v), v, atol=1e-6)
    assert torch.allclose(built.coarse.caption(w, lengths), w, atol=1e-6)


class Mixed(Form):
    """A caption with a vector of its own and one a word."""

    image_fields = (Field("v", (4,)),)
    caption_fields = (Field("whole", (4,)), Field("words", (WORDS, 4)))

    def image_record(self, v):
        return {"v": v}

    def caption_record(self, w):
        return {"whole": w[:, 0], "words": w}

    def caption_query(self, caption):
        return {"doubled": 2 * caption["words"]} if "words" in caption else {}

    def score(self, image, caption, lengths):
        words = caption["doubled"] / 2 if "doubled" in caption else caption["words"]
        mask = word_mask(lengths, words.shape[1])
        each = ((words @ image["v"].unsqueeze(2)).squeeze(2) * mask).sum(dim=1)
        return (image["v"] * caption["whole"]).sum(dim=1) + each


def test_a_caption_may_have_fixed_and_ragged_fields_at_once(direction):
    v, w = torch.randn(3, 4), torch.randn(5, 6, 4)
    lengths = torch.tensor([6, 1, 3, 2, 5])
    form = Mixed(Settings())
    image, caption = pairs(3, 5)
    scores = direction(form, tensors(form, v, w, lengths, gap=2), image, caption)
    expected = torch.stack([v[i] @ w[c, 0] + (w[c, :lengths[c]] @ v[i]).sum() for i, c in zip(image, caption)])
    assert torch.allclose(scores, expected, atol=1e-5)
