"""What evaluate.py measures on the scenes alone: the tables, hard negatives, and a small split from end to end."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nltk")

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "models" / "scenes"
sys.path.insert(0, str(SCENES))

import scene_evaluation  # noqa: E402,F401  (puts the exporter's modules on the path)
from retrieval_exporter import model as exported  # noqa: E402
from scene_corpus.corpus import read_scenes  # noqa: E402
from scene_evaluation.data import encode, twins  # noqa: E402
from scene_evaluation.metrics import recalls, shortlisted, twin_accuracy  # noqa: E402


def test_images_are_encoded_in_order_with_five_captions_each():
    folder = SCENES / "checkpoint"
    model = exported.from_checkpoint(folder / "model.pth", vocabulary_path=folder / "vocabulary.json",
                                     coarse_path=folder / "coarse.npz")
    some, more = (encode(model, SCENES / "corpus", "test", count) for count in (4, 12))
    assert some.v.shape == (4, 36, 128) and len(some.w) == len(some.lengths) == 20 and len(some.images) == 4
    assert np.allclose(some.v, more.v[:4], atol=1e-5) and np.allclose(some.captions, more.captions[:20], atol=1e-5)


def test_twins_are_each_others_and_what_is_swapped_is_said():
    twin, kinds = twins(SCENES / "corpus", "test", 1000)
    scenes = read_scenes(SCENES / "corpus", "test")
    for image, other in enumerate(twin):
        assert (other >= 0) == bool(kinds[image])
        assert other < 0 or (twin[other] == image and scenes[other].id == scenes[image].hard_negative_of)
    assert (twin >= 0).sum() == 438


def test_evaluate_reports_the_committed_model_on_a_few_images():
    done = subprocess.run([sys.executable, str(SCENES / "evaluate.py"), "--data", str(SCENES / "corpus"), "--count", "40",
                           "--checkpoint", str(SCENES / "checkpoint"), "--full", "--workers", "1"],
                          capture_output=True, text=True, check=True)
    table = json.loads(done.stdout)
    assert table["images"] == 40 and table["full"]["t2i"]["score"][0] > 80 and table["ranking"]["transform"] == "logit"
    assert table["twins full"]["all"]["t2i"] > 80
    assert float(next(line for line in done.stderr.splitlines() if line.startswith("#")).split()[-1]) < 1e-4


def test_metrics_on_scores_that_are_right_and_wrong():
    scores = np.kron(np.eye(20), np.ones((1, 5))) + np.linspace(0, 0.5, 100)
    assert recalls(scores) == {"t2i": [100.0] * 3, "i2t": [100.0] * 3}
    twin = np.arange(20) ^ 1
    assert twin_accuracy(scores, twin) == {"t2i": 100.0, "i2t": 100.0}
    assert twin_accuracy(-scores, twin) == {"t2i": 0.0, "i2t": 0.0}
    assert shortlisted(scores, scores, 10)["t2i"] == {
        "own inside": 100.0, "score": [100.0] * 3, "both": [100.0] * 3, "full top-10 kept": 100.0}
    assert shortlisted(-scores, scores, 10)["t2i"] == {
        "own inside": 0.0, "score": [0.0] * 3, "both": [0.0] * 3, "full top-10 kept": 0.0}


def test_a_shortlist_is_ordered_by_the_scorer_and_by_both_stages():
    random = np.random.default_rng(0)
    right = np.kron(np.eye(20), np.ones((1, 5)))
    coarse, full = (right + random.normal(size=(20, 100)) for _ in range(2))
    found = shortlisted(coarse, full, 15, (1.0, 0.0))
    counted = {"score": 0, "both": 0, "own inside": 0}
    for c in range(100):
        near = np.argsort(-coarse[:, c])[:15]
        counted["score"] += near[np.argmax(full[near, c])] == c // 5
        counted["both"] += near[np.argmax(full[near, c] + coarse[near, c])] == c // 5
        counted["own inside"] += c // 5 in near
    assert (found["t2i"]["score"][0], found["t2i"]["both"][0], found["t2i"]["own inside"]) == tuple(counted.values())
    assert counted["score"] < counted["both"] < counted["own inside"] < 100
    assert found["i2t"]["both"] == found["i2t"]["score"]
    assert shortlisted(coarse, full, 500, (1.0, 0.0))["i2t"]["score"] == recalls(full)["i2t"]
    # Scores that no shortlist needs may be missing.
    some = np.full_like(full, np.nan)
    for axis in (0, 1):
        near = np.argsort(-coarse, axis=axis).take(range(15), axis=axis)
        np.put_along_axis(some, near, np.take_along_axis(full, near, axis=axis), axis=axis)
    assert np.isnan(some).any()
    for direction, without in shortlisted(coarse, some, 15, (1.0, 0.0)).items():
        assert found[direction] == {**without, "full top-10 kept": found[direction]["full top-10 kept"]}
