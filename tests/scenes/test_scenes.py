"""The corpus generator: deterministic, features from pixels, captions, hard negatives."""

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "scenes"))

from scene_corpus import corpus  # noqa: E402
from scene_corpus.captions import captions  # noqa: E402
from scene_corpus.features import WIDTH, region_features  # noqa: E402
from scene_corpus.proposals import REGIONS, propose  # noqa: E402
from scene_corpus.rendering import render  # noqa: E402
from scene_corpus.sampling import sample_split  # noqa: E402

COMMITTED = ROOT / "models" / "scenes" / "corpus"


@pytest.fixture(scope="module")
def scenes():
    return sample_split("test", 200, 7)


def twins(scenes):
    by_id = {scene.id: scene for scene in scenes}
    return [(scene, by_id[scene.hard_negative_of]) for scene in scenes if scene.hard_negative_of]


def words(text):
    return Counter(text.replace(",", "").replace(".", "").split())


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, workers in (("a", 1), ("b", 2)):
        corpus.write_split("test", 12, 7, tmp_path / name, workers)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 5
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_another_seed_and_another_split_give_other_scenes():
    first = sample_split("test", 4, 7)
    assert first != sample_split("test", 4, 8)
    assert first != sample_split("train", 4, 7)
    assert first == sample_split("test", 10, 7)[:4]


def test_features_depend_on_pixels_and_boxes_alone(scenes):
    scene = scenes[0]
    image, boxes = render(scene), propose(scene)
    features = region_features(image, boxes)
    assert features.shape == (REGIONS, WIDTH) and np.isfinite(features).all()
    thing = scene.objects[0]
    relabelled = replace(scene, objects=(replace(thing, colour="white", material="glass"),) + scene.objects[1:])
    # New labels without new pixels change nothing; rendered, they change the features.
    assert np.array_equal(features, region_features(image, propose(relabelled)))
    assert not np.array_equal(features, region_features(render(relabelled), boxes))
    x, y = int(thing.x * image.shape[1]), int(thing.y * image.shape[0])
    image[y, x] = 1 - image[y, x]
    changed = (region_features(image, boxes) != features).any(axis=1)
    inside = (boxes[:, 0] < thing.x) & (thing.x < boxes[:, 2]) & (boxes[:, 1] < thing.y) & (thing.y < boxes[:, 3])
    assert changed[inside].all()


def test_boxes_are_inside_the_image_and_not_empty(scenes):
    for scene in scenes:
        boxes = propose(scene)
        assert boxes.shape == (REGIONS, 4) and boxes.min() >= 0 and boxes.max() <= 1
        assert (boxes[:, 2:] - boxes[:, :2] > 0.03).all()


def test_five_different_captions_of_6_to_20_words(scenes):
    for scene in scenes:
        texts = captions(scene)
        assert len(set(texts)) == 5
        for text in texts:
            assert text == text.lower() and text.endswith(".") and 6 <= len(text.split()) <= 20


def test_scenes_have_3_to_7_objects_that_do_not_overlap(scenes):
    for scene in scenes:
        assert 3 <= len(scene.objects) <= 7
        for i, a in enumerate(scene.objects):
            for b in scene.objects[i + 1:]:
                assert np.hypot(a.x - b.x, a.y - b.y) > a.r + b.r


def test_hard_negatives_share_every_word_and_differ_in_one_exchange(scenes):
    pairs = twins(scenes)
    assert len(pairs) > 40 and {a.swap["attribute"] for a, _ in pairs} == {"colour", "material", "position"}
    for a, b in pairs:
        assert b.hard_negative_of == a.id and a.swap == b.swap
        assert sum(x != y for x, y in zip(a.objects, b.objects)) == 2
        for mine, theirs in zip(captions(a), captions(b)):
            assert mine != theirs and words(mine) == words(theirs)


def test_a_scene_survives_json(scenes):
    for scene in scenes[:20]:
        assert scene.from_json(json.loads(json.dumps(scene.to_json()))) == scene


def test_the_committed_test_split_is_what_the_generator_makes():
    scenes = corpus.read_scenes(COMMITTED, "test")
    assert scenes == sample_split("test", 1000, corpus.SEED)
    assert corpus.read_captions(COMMITTED, "test") == [text for scene in scenes for text in captions(scene)]
    features = corpus.read_features(COMMITTED, "test")
    boxes = np.load(COMMITTED / "test_boxes.npy")
    assert features.shape == (1000, REGIONS, WIDTH) and features.dtype == np.float16
    assert (COMMITTED / "test_ids.txt").read_text().split() == [scene.id for scene in scenes]
    for index in range(0, 1000, 100):
        again, where = corpus.observe(scenes[index])
        assert np.array_equal(where, boxes[index])
        # Bit for bit on the versions the recipe names; elsewhere within a float16 step or two.
        np.testing.assert_allclose(again.astype(np.float32), features[index].astype(np.float32), atol=2e-3)
