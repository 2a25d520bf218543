"""The pictures of the demo: one for each scene, and of that scene."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "models" / "scenes"
sys.path.insert(0, str(SCENES))

import draw  # noqa: E402
from scene_corpus.corpus import read_scenes  # noqa: E402
from scene_corpus.rendering import SIDE  # noqa: E402


def test_every_image_of_the_corpus_has_a_picture_and_nothing_else_is_there():
    ids = (SCENES / "corpus" / "test_ids.txt").read_text(encoding="utf-8").split()
    assert sorted(path.name for path in (SCENES / "pictures").iterdir()) == sorted(f"{name}.webp" for name in ids)


def test_a_committed_picture_is_what_its_scene_looks_like():
    for scene in read_scenes(SCENES / "corpus", "test")[::100]:
        with Image.open(SCENES / "pictures" / f"{scene.id}.webp") as picture:
            assert picture.size == (SIDE, SIDE)
            seen = np.asarray(picture.convert("RGB"), dtype=np.float64)
        # WebP loses details, not objects.
        assert np.abs(seen - np.asarray(draw.draw(scene), dtype=np.float64)).mean() < 5, scene.id


def test_the_command_writes_one_picture_a_scene(tmp_path, monkeypatch):
    lines = (SCENES / "corpus" / "test_scenes.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    (tmp_path / "test_scenes.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["draw.py", "--data", str(tmp_path), "--out", str(tmp_path / "out")])

    draw.main()

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["scene-000000.webp", "scene-000001.webp", "scene-000002.webp"]
