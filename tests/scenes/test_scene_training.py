"""The quick scorer that training uses equals the published module; captions become the right ids."""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nltk")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "scenes"))

import scene_training  # noqa: E402,F401  (puts the exporter's modules on the path)
from scene_training import checkpoint, pairs  # noqa: E402
from scene_training.data import build_vocabulary, encode_captions  # noqa: E402
from scene_training.metrics import recalls, shortlisted, twin_accuracy  # noqa: E402


def random_model():
    torch.manual_seed(0)
    model = checkpoint.Model(checkpoint.options(24, 40, 32, 16))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return model


def test_factored_pairs_equal_the_published_scorer():
    model = random_model()
    lengths = torch.tensor([20, 5, 6, 7, 8, 9, 12])
    with torch.no_grad():
        v, w = model.regions(torch.randn(5, 36, 24)), model.text(torch.randint(4, 40, (7, 20)), lengths)
        quick = pairs.score_all(model.scorer, pairs.image_side(model.scorer, v),
                                pairs.caption_side(model.scorer, w, lengths))
        published = torch.stack([model.scorer.logits(image.expand(7, -1, -1), w, lengths) for image in v])
    torch.testing.assert_close(quick, published, rtol=0, atol=1e-5)


def test_a_saved_model_takes_raw_features(tmp_path):
    model = random_model()
    features = torch.randn(50, 36, 24) * 3 + 1
    model.standardise(features)
    model.save(tmp_path / "model.pth", 1)
    loaded = checkpoint.load(tmp_path / "model.pth")
    torch.testing.assert_close(loaded.regions(features), model.regions(features), rtol=1e-4, atol=1e-4)


def test_captions_are_tokenised_by_treebank_rules_and_marked():
    vocabulary = build_vocabulary(["a see-through ball, and a cube."])
    ids, lengths = encode_captions(["A ball.", "a see-through zebra , ball."], vocabulary)
    words = list(vocabulary)
    assert lengths.tolist() == [5, 8]
    assert [words[i] for i in ids[0]] == ["<start>", "a", "ball", ".", "<end>", "<pad>", "<pad>", "<pad>"]
    assert [words[i] for i in ids[1]] == ["<start>", "a", "see-through", "<unk>", ",", "ball", ".", "<end>"]


def test_metrics_on_scores_that_are_right_and_wrong():
    import numpy as np
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
    import numpy as np
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
