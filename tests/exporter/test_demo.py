"""The demo's bundle is what the exporter makes of the demo's checkpoint, as models/scenes/recipe.sh does."""

from comparing import assert_same
from conftest import ROOT
from retrieval_exporter.cli import main

SCENES = ROOT / "models" / "scenes"


def test_the_committed_demo_bundle_comes_out_byte_for_byte(tmp_path):
    checkpoint = SCENES / "checkpoint"
    assert main(["--checkpoint", str(checkpoint / "model.pth"), "--vocabulary", str(checkpoint / "vocabulary.json"),
                 "--coarse", str(checkpoint / "coarse.npz"), "--max-tokens", "32", "--name", "scenes-camp",
                 "--out", str(tmp_path / "bundle")]) == 0
    assert_same(SCENES / "bundle", tmp_path / "bundle")
