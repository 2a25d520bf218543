"""Bundles that are committed are what the exporter makes: the demo's, and those that the service's tests load."""

import pytest

import ranking_bundle
from comparing import assert_same
from conftest import HERE, ROOT
from retrieval_exporter.cli import main

SCENES = ROOT / "models" / "scenes"
BUNDLES = ROOT / "tests" / "Fixtures" / "bundles"
NAME = "camp-gate-fusion-new-concat"


def test_the_committed_demo_bundle_comes_out_byte_for_byte(tmp_path):
    checkpoint = SCENES / "checkpoint"
    assert main(["--checkpoint", str(checkpoint / "model.pth"), "--vocabulary", str(checkpoint / "vocabulary.json"),
                 "--coarse", str(checkpoint / "coarse.npz"), "--max-tokens", "32", "--name", "scenes-camp",
                 "--out", str(tmp_path / "bundle")]) == 0
    assert_same(SCENES / "bundle", tmp_path / "bundle")


@pytest.mark.parametrize("suffix, settings", [
    ("", []),
    ("-compact", ["--profile", "compact"]),
    ("-compact-float16", ["--profile", "compact", "--precision", "float16"]),
    ("-published", ["--form", "published"]),
])
def test_the_bundles_of_the_tests_come_out_byte_for_byte(tmp_path, suffix, settings):
    committed = BUNDLES / (NAME + suffix)
    case = HERE / "fixtures" / NAME
    assert main(["--checkpoint", str(case / "model_best.pth.tar"), "--config", str(case / "config.json"),
                 "--vocabulary", str(committed / "vocabulary.json"), "--embedding", "bilinear", "--no-explainer",
                 "--max-tokens", "50", "--out", str(tmp_path / committed.name), *settings]) == 0
    assert_same(committed, tmp_path / committed.name)


def test_the_bundle_of_images_of_any_number_of_regions_comes_out_byte_for_byte(tmp_path):
    name = "camp-any-regions"
    assert main(["--random", "--system", "camp-gate-fusion-new", "--regions", "10-100", "--embed-size", "16",
                 "--image-size", "64", "--word-size", "8", "--vocabulary-size", "60", "--max-tokens", "20",
                 "--out", str(tmp_path / name)]) == 0
    assert_same(BUNDLES / name, tmp_path / name)


@pytest.mark.parametrize("suffix, explainer", [("", False), (ranking_bundle.EXPLAINED, True)])
def test_the_bundle_with_a_ranking_comes_out_byte_for_byte(tmp_path, suffix, explainer):
    ranking_bundle.write(tmp_path / "b", explainer=explainer)
    assert_same(BUNDLES / (ranking_bundle.NAME + suffix), tmp_path / "b")
