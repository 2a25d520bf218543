"""Statistics of the features that a model learned from: what they are, where they come from, what a bundle has of them."""

import json

import jsonschema
import numpy as np
import pytest
import torch

from conftest import HERE, ROOT
from fitting_data import CHECKPOINT, VOCABULARY, write_split
from retrieval_exporter import statistics
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading.checkpoints import open_checkpoint
from retrieval_exporter.reading.splits import Split

WIDTH = 16
SMALL = ["--random", "--system", "vsepp", "--embed-size", "8", "--image-size", str(WIDTH), "--word-size", "4",
         "--vocabulary-size", "30", "--regions", "3"]


def features(images=40, width=WIDTH, regions=3):
    return np.random.default_rng(1).gamma(2.0, size=(images, regions, width)).astype(np.float32)


def of_numpy(x):
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
    return rows.mean(axis=0), rows.std(axis=0), np.quantile(np.linalg.norm(rows, axis=1), [0.05, 0.25, 0.5, 0.75, 0.95])


def export(tmp_path, *more):
    return main([*SMALL, "--out", str(tmp_path / "bundle"), "--force", *more])


@pytest.mark.parametrize("images", [1, 40, 200])
def test_they_are_those_of_all_regions(tmp_path, images):
    x = features(images)
    np.save(tmp_path / "x.npy", x)
    found = statistics.of_file(tmp_path / "x.npy")
    assert found.images == images
    for array, expected in zip((found.mean, found.deviation, found.norms), of_numpy(x)):
        np.testing.assert_allclose(array, expected, rtol=1e-5, atol=1e-6)


def test_of_many_images_some_are_taken_from_all_over_the_file(tmp_path):
    x = np.repeat(np.arange(6000, dtype=np.float32), 2).reshape(6000, 1, 2)
    np.save(tmp_path / "x.npy", x)
    found = statistics.of_file(tmp_path / "x.npy")
    assert found.images == 2000 and found.mean == pytest.approx([2998.5, 2998.5])


def test_images_that_are_stored_several_times_count_once(tmp_path):
    x = features(4, 64, 6)
    write_split(tmp_path, "train", regions=np.repeat(x, 5, axis=0), captions=["a b"] * 20)
    found = statistics.of_split(Split(tmp_path, "train"))
    assert found.images == 4
    np.testing.assert_allclose(found.mean, of_numpy(x)[0], rtol=1e-5)


def test_a_bundle_has_them_of_a_file_and_its_manifest_keeps_to_the_schema(tmp_path):
    np.save(tmp_path / "x.npy", features())
    assert export(tmp_path, "--statistics", str(tmp_path / "x.npy")) == 0
    manifest = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    jsonschema.validate(manifest, json.loads((ROOT / "docs" / "bundle.schema.json").read_text()))
    assert manifest["statistics"] == {"file": "statistics.npz"} and "statistics.npz" in manifest["files"]
    with np.load(tmp_path / "bundle" / "statistics.npz") as arrays:
        assert arrays["images"] == 40 and arrays["images"].shape == ()
        for name, expected in zip(("mean", "deviation", "norms"), of_numpy(features())):
            np.testing.assert_allclose(arrays[name], expected, rtol=1e-5)


def test_a_bundle_without_them_has_no_word_of_them(tmp_path):
    assert export(tmp_path) == 0
    assert "statistics" not in json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    assert not (tmp_path / "bundle" / "statistics.npz").exists()


def checkpoint_with(tmp_path, entry):
    model = [dict(state) for state in open_checkpoint(CHECKPOINT).state_dicts()]
    torch.save({"model": model, "opt": {}, "features": entry}, tmp_path / "model.pth")
    return main(["--checkpoint", str(tmp_path / "model.pth"), "--vocabulary", str(VOCABULARY), "--embedding", "bilinear",
                 "--config", str(HERE / "fixtures" / CHECKPOINT.parent.name / "config.json"), "--out", str(tmp_path / "b"),
                 "--force"])


def entry_of(width=64):
    return {"images": 9, "mean": torch.ones(width), "deviation": torch.ones(width), "norms": torch.arange(1.0, 6.0)}


def test_a_bundle_has_those_of_its_checkpoint(tmp_path):
    assert checkpoint_with(tmp_path, entry_of()) == 0
    with np.load(tmp_path / "b" / "statistics.npz") as arrays:
        assert arrays["images"] == 9 and (arrays["norms"] == [1, 2, 3, 4, 5]).all()


@pytest.mark.parametrize("change, message", [
    ({"mean": None}, "mean"),
    ({"deviation": -torch.ones(64)}, "deviations that are not negative"),
    ({"norms": torch.arange(5.0, 0.0, -1.0)}, "ascending"),
    ({"norms": torch.ones(4)}, "norms has shape [4], expected [5]"),
    ({"deviation": torch.ones(63)}, "deviation has shape [63], expected [64]"),
    ({"mean": torch.full((64,), float("nan"))}, "mean holds values that are not finite"),
    ({"images": 0}, "at least one image"),
    ({"images": 2**70}, "images"),
    ({"left": 1}, "left"),
])
def test_what_are_no_statistics_is_refused_with_its_name(tmp_path, capsys, change, message):
    assert checkpoint_with(tmp_path, {**entry_of(), **change}) == 2
    error = capsys.readouterr().err
    assert "model.pth, entry 'features'" in error and message in error, error


def test_an_entry_of_another_kind_is_refused(tmp_path, capsys):
    assert checkpoint_with(tmp_path, [1, 2]) == 2
    assert "entry 'features' is a list, expected a dictionary" in capsys.readouterr().err


@pytest.mark.parametrize("array, message", [
    (features(width=WIDTH + 1), "regions of 17 features, expected the 16 of the model"),
    (features()[0], "expected floating-point numbers [images, regions, features]"),
    (np.full((2, 3, WIDTH), np.inf, np.float32), "feature 0 of region 0 of image 0 is inf"),
    (np.full((2, 3, WIDTH), 3e38, np.float32), "too large"),
])
def test_files_that_are_no_features_of_the_model_are_refused(tmp_path, capsys, array, message):
    np.save(tmp_path / "x.npy", array)
    assert export(tmp_path, "--statistics", str(tmp_path / "x.npy")) == 2
    error = capsys.readouterr().err
    assert message in error and str(tmp_path / "x.npy") in error and not (tmp_path / "bundle").exists(), error


def test_a_file_that_is_not_there_is_one_line(tmp_path, capsys):
    assert export(tmp_path, "--statistics", str(tmp_path / "none.npy")) == 2
    assert "none.npy: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"a text of one line\n", b"PK\x03\x04 damaged"])
def test_what_is_no_npy_is_told_in_words_that_are_not_numpys(tmp_path, content):
    (tmp_path / "ims.npy").write_bytes(content)
    with pytest.raises(ExportError, match="ims.npy: not readable as an .npy of plain numbers: ") as told:
        statistics.of_file(tmp_path / "ims.npy")
    assert "pickle" not in str(told.value)
