"""What explain.py measures: what is hidden and how, the shares, and a small split from end to end."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nltk")

import torch  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "models" / "scenes"
FIXTURES = ROOT / "tests" / "exporter" / "fixtures"
sys.path.insert(0, str(SCENES))

import scene_evaluation  # noqa: E402,F401  (puts the exporter's modules on the path)
from retrieval_exporter import model as exported  # noqa: E402
from scene_explanation import gates, hiding, pairs  # noqa: E402
from scene_explanation.faithfulness import Measured  # noqa: E402


@pytest.fixture(scope="module")
def demo():
    folder = SCENES / "checkpoint"
    model = exported.from_checkpoint(folder / "model.pth", vocabulary_path=folder / "vocabulary.json")
    return pairs.read(model, SCENES / "corpus", "test", 6)


def score(corpus, v, caption):
    w, lengths = corpus.encoded([caption])
    return corpus.scores(v.unsqueeze(0), w, lengths)[0]


def test_a_hidden_region_is_taken_away(demo):
    w, length = demo.encoded(demo.captions[2:3])
    with torch.no_grad():
        scores = hiding.regions_hidden(demo, 2, w, length)
        assert scores.shape == (36,)
        for region in (0, 17, 35):
            rest = demo.v[2][[r for r in range(36) if r != region]]
            assert (score(demo, rest, demo.captions[2]) - scores[region]).abs() < 1e-4


def test_a_system_that_wants_all_regions_sees_the_mean_region_in_place_of_a_hidden_one():
    model = exported.from_checkpoint(FIXTURES / "sgraf-sgr" / "model_best.pth.tar")
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        v = model.system.regions(torch.rand(3, 36, 64, generator=random))
        corpus = pairs.Corpus(model, v, v.mean(dim=(0, 1)), [[1, 7, 2]] * 3)
        w, length = corpus.encoded([[1, 7, 9, 2]])
        scores = hiding.regions_hidden(corpus, 1, w, length)
        hidden = v[1].clone()
        hidden[5] = corpus.mean_region
        assert (score(corpus, hidden, [1, 7, 9, 2]) - scores[5]).abs() < 1e-5


def test_a_hidden_word_is_unknown_or_removed_before_its_caption_is_encoded_and_markers_stay(demo):
    caption = demo.captions[0]
    unknown = demo.model.vocabulary.index("<unk>")
    with torch.no_grad():
        for scores, without in ((hiding.words_unknown(demo, 0, caption), [unknown]),
                                (hiding.words_removed(demo, 0, caption), [])):
            assert scores.shape == (len(caption) - 2,)
            for word in (1, len(caption) - 2):
                expected = score(demo, demo.v[0], [*caption[:word], *without, *caption[word + 1:]])
                assert (expected - scores[word - 1]).abs() < 1e-4


def test_a_share_is_of_the_others_whose_hiding_lowers_the_score_less():
    measured = Measured()
    measured.add(np.array([0.1, 0.9, 0.3, 0.2]), np.array([1.0, 2.0, 3.0, 2.0]))
    assert measured.shares == [1 / 3] and measured.falls == [2.0] and measured.others == [2.0]
    measured.add(np.array([0.9, 0.1]), np.array([1.0, -1.0]))
    assert measured.report() == {"share": 66.7, "standard_error": 23.6, "fall": 1.5, "fall_of_others": 0.5}


def test_gates_are_means_over_what_a_caption_has(demo):
    explainer = demo.model.system.explainer()
    found = gates.measure(demo, explainer)
    total, count = 0.0, 0
    for image, caption in enumerate(demo.captions):
        w, length = demo.encoded([caption])
        with torch.no_grad():
            gate = explainer(demo.v[image:image + 1], w, length)[1]["word_gate"]
        total, count = total + float(gate.sum()), count + gate.numel()
    assert abs(found["matching"]["word_gate"] - total / count) < 1e-3
    assert set(found["other"]) == {"word_gate", "region_gate"}


def explain(checkpoint, count):
    return subprocess.run([sys.executable, str(SCENES / "explain.py"), "--data", str(SCENES / "corpus"), "--count",
                           str(count), "--checkpoint", str(checkpoint)], capture_output=True, text=True)


def test_explain_reports_the_committed_model_on_a_few_images_as_on_all():
    done = explain(SCENES / "checkpoint", 40)
    assert done.returncode == 0, done.stderr
    table, committed = json.loads(done.stdout), json.loads((SCENES / "checkpoint" / "explanation.json").read_text())
    assert table["pairs"] == 40 and committed["pairs"] == 1000
    for how in ("region hidden", "word unknown", "word removed"):
        assert set(table[how]) == set(committed[how])
        name = how.split()[0] + "_importance"
        # What the page promises; of few images, what they allow.
        assert committed[how][name]["share"] >= 80 and table[how][name]["share"] > 65
    assert set(table["gates"]) == set(committed["gates"]) == {"matching", "other"}


def test_a_folder_without_a_checkpoint_is_named(tmp_path):
    done = explain(tmp_path, 2)
    assert done.returncode == 1 and done.stderr == f"{tmp_path}: has neither model.pth nor model_best.pth.tar\n"


def test_a_model_without_an_explainer_is_named(tmp_path):
    shutil.copy(FIXTURES / "vsepp" / "model_best.pth.tar", tmp_path / "model_best.pth.tar")
    words = ["<pad>", "<start>", "<end>", "<unk>", *(f"w{i}" for i in range(4, 60))]
    (tmp_path / "vocabulary.json").write_text(json.dumps({"words": words}))
    done = explain(tmp_path, 2)
    assert done.returncode == 1 and done.stderr == f"{tmp_path}: VSE++ cosine has no explainer\n"
