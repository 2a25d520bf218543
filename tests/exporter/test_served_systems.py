"""What the service makes of bundles that it never heard of: a system that exists in these tests alone, and ensembles.
Nothing of the service is changed for either."""

import json

import numpy as np
import pytest
import torch

from conftest import HERE, MAX_TOKENS, TOLERANCE
from retrieval_exporter import model, registry
from retrieval_exporter.cli import main
from test_ensemble import ENSEMBLES, expected
from test_served import pytestmark, retrieval  # noqa: F401
from vector_system import VectorCosine

SIZES = ["--embed-size", "16", "--image-size", "24", "--word-size", "12", "--vocabulary-size", "30", "--regions", "5",
         "--max-tokens", "8"]
CAPTIONS = [[7, 12, 9], [8], [20, 21], [5, 5, 6, 7], [28, 29, 7], [14]]


def answer(*arguments):
    done = retrieval(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else None


def served_scores(bundle, folder, regions, token_ids, lengths, direction):
    """[images, captions] as `retrieval score` has them."""
    for name, array in (("regions", regions), ("tokens", token_ids), ("lengths", lengths)):
        np.save(folder / (name + ".npy"), array)
    answer("score", "--bundle", bundle, "--regions", folder / "regions.npy", "--tokens", folder / "tokens.npy",
           "--lengths", folder / "lengths.npy", "--direction", direction, "--out", folder / "scores.npy")
    return np.load(folder / "scores.npy")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The bundle of a system that only the tests have, a corpus, and what the system itself says of the corpus."""
    monkeypatch.setattr(registry, "SYSTEMS", [*registry.SYSTEMS, VectorCosine])
    assert main(["--random", "--system", "vector-cosine", *SIZES, "--out", str(tmp_path / "bundle")]) == 0
    torch.manual_seed(0)
    system = VectorCosine.random("vector-cosine", model.Sizes(16, 24, 12, 30), {})
    regions = np.random.default_rng(0).random((3, 5, 24), dtype=np.float32)
    np.save(tmp_path / "test_ims.npy", regions)
    (tmp_path / "test_caps.txt").write_text("".join(" ".join(f"w{i}" for i in ids) + "\n" for ids in CAPTIONS))
    lengths = np.array([len(ids) + 2 for ids in CAPTIONS])
    token_ids = np.zeros((len(CAPTIONS), lengths.max()), np.int64)
    for row, ids in zip(token_ids, CAPTIONS):
        row[:len(ids) + 2] = [1, *ids, 2]
    with torch.no_grad():
        scores = system.scores(system.regions(torch.from_numpy(regions)),
                               system.words(torch.from_numpy(token_ids), torch.from_numpy(lengths)),
                               torch.from_numpy(lengths)).numpy()
    return tmp_path, regions, token_ids, lengths, scores


def test_a_system_of_the_tests_alone_is_ingested_and_answers_queries_in_both_directions(toy):
    folder, _, _, _, scores = toy
    assert np.abs(np.diff(np.sort(scores, axis=None))).min() > 10 * TOLERANCE
    answer("ingest", "--bundle", folder / "bundle", "--index", folder / "index", "--source", folder, "--split", "test")
    asked = "search", "--bundle", folder / "bundle", "--index", folder / "index", "--json"
    hits = answer(*asked, "--caption", " ".join(f"w{i}" for i in CAPTIONS[0]))["hits"]
    assert [hit["imageId"] for hit in hits] == [f"test-{i:06d}" for i in np.argsort(-scores[:, 0])]
    assert np.abs(np.array([hit["score"] for hit in hits]) - np.sort(scores[:, 0])[::-1]).max() <= TOLERANCE
    hits = answer(*asked, "--image", "test-000001")["hits"]
    texts = [" ".join(f"w{i}" for i in ids) for ids in CAPTIONS]
    assert [hit["caption"] for hit in hits] == [texts[i] for i in np.argsort(-scores[1])]
    assert np.abs(np.array([hit["score"] for hit in hits]) - np.sort(scores[1])[::-1]).max() <= TOLERANCE


@pytest.mark.parametrize("direction", ["text-to-image", "image-to-text"])
def test_a_system_of_the_tests_alone_scores_as_it_says_itself(toy, direction):
    folder, regions, token_ids, lengths, scores = toy
    served = served_scores(folder / "bundle", folder, regions, token_ids, lengths, direction)
    assert np.abs(served - scores).max() <= TOLERANCE


@pytest.mark.parametrize("kind", ["two of a kind", "words beside one vector", "three", "graph and filtration"])
def test_an_ensemble_scores_the_weighted_mean_of_its_members_in_both_directions(tmp_path, kind):
    paths, weights = ENSEMBLES[kind]
    arguments = [part for path in paths for part in ("--checkpoint", str(path))]
    if weights:
        arguments += ["--weights", ",".join(map(str, weights))]
    bundle = tmp_path / "bundle"
    assert main([*arguments, "--out", str(bundle), "--max-tokens", str(MAX_TOKENS)]) == 0
    answer("bundle", "verify", bundle)
    with np.load(paths[0].parent / "golden.npz") as golden:
        inputs = [golden[name] for name in ("regions", "token_ids", "lengths")]
    wanted = expected(paths, weights, [torch.from_numpy(x) for x in inputs]).numpy()
    for direction in ("text-to-image", "image-to-text"):
        served = served_scores(bundle, tmp_path, *inputs, direction)
        assert np.abs(served - wanted).max() <= TOLERANCE


def test_an_ensemble_that_orders_by_logits_is_verified(tmp_path):
    paths, eye = ENSEMBLES["two of a kind"][0], np.eye(8, 32, dtype=np.float32)
    np.savez(tmp_path / "coarse.npz", image_weight=eye, caption_weight=eye, ranking_transform=np.array("logit"),
             ranking_coarse_weight=np.array([1.0, 2.0]), ranking_shortlist=np.array([10, 20]))
    assert main(["--checkpoint", str(paths[0]), "--checkpoint", str(paths[1]), "--coarse", str(tmp_path / "coarse.npz"),
                 "--out", str(tmp_path / "bundle")]) == 0
    answer("bundle", "verify", tmp_path / "bundle")


def test_a_bundle_with_the_embedding_of_another_model_is_verified(tmp_path, reference):
    coarse = HERE / "fixtures" / "vsepp" / "model_best.pth.tar"
    assert main(["--checkpoint", str(reference), "--coarse", str(coarse), "--out", str(tmp_path / "bundle")]) == 0
    answer("bundle", "verify", tmp_path / "bundle")
