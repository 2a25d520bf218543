"""The metadata of the demo: of each scene, and as the scene is."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "models" / "scenes"
sys.path.insert(0, str(SCENES))

import metadata  # noqa: E402
from scene_corpus.corpus import read_scenes  # noqa: E402


def test_the_committed_metadata_are_those_of_the_scenes():
    committed = (SCENES / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert committed == metadata.lines(read_scenes(SCENES / "corpus", "test"))


def test_a_shape_that_is_not_alone_the_commonest_is_not_named():
    described = {scene.id: metadata.describe(scene) for scene in read_scenes(SCENES / "corpus", "test")[:3]}
    assert described["scene-000000"] == {"objects": 4, "colours": 3, "background": "grey", "mostly": "diamond", "twin": True}
    assert described["scene-000002"] == {"objects": 5, "colours": 4, "background": "grey", "twin": False}


def test_the_command_writes_one_line_a_scene(tmp_path, monkeypatch):
    lines = (SCENES / "corpus" / "test_scenes.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    (tmp_path / "test_scenes.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["metadata.py", "--data", str(tmp_path), "--out", str(tmp_path / "out.jsonl")])

    metadata.main()

    assert [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()] == ["scene-000000", "scene-000001", "scene-000002"]
