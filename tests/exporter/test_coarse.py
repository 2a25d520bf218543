"""The coarse embedding: bilinear and heads."""

import numpy as np
import pytest
import torch

from conftest import CASES, TOLERANCE
from retrieval_exporter import model
from retrieval_exporter.coarse import files
from retrieval_exporter.errors import ExportError
from retrieval_exporter.systems.camp import folding


@pytest.mark.parametrize("case", [name for name in CASES if name.startswith("camp-")], indirect=True)
def test_the_bilinear_embedding_gives_the_mean_affinity(case):
    v, w, n = case.features()
    kernel, _ = folding.affinities(case.model.system.scorer)
    embedding = case.model.system.coarse()
    products = embedding.image(v) @ embedding.caption(w, n).t()
    for i, c in ((0, 0), (3, 19), (11, 7)):
        affinity = v[i].double() @ kernel @ w[c, :n[c]].double().t()
        assert abs(products[i, c].item() - affinity.mean().item()) < TOLERANCE


def heads(width=8, size=32):
    random = np.random.default_rng(5)
    return {"image_weight": random.normal(size=(width, size)).astype(np.float32),
            "caption_weight": random.normal(size=(width, size)).astype(np.float32),
            "caption_bias": random.normal(size=width).astype(np.float32)}


def test_trained_heads_act_on_the_pooled_features_and_have_unit_length(reference, tmp_path):
    entries = heads()
    np.savez(tmp_path / "heads.npz", **entries)
    built = model.from_checkpoint(reference, coarse_path=tmp_path / "heads.npz")
    assert (built.coarse.source, built.coarse.width) == ("heads", 8)
    w, n = torch.randn(2, 5, 32), torch.tensor([5, 3])
    w[1, 3:] = 0
    pooled = torch.stack([w[0].mean(0), w[1, :3].mean(0)]).numpy()
    expected = pooled @ entries["caption_weight"].T + entries["caption_bias"]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.abs(built.coarse.caption(w, n).numpy() - expected).max() < TOLERANCE


@pytest.mark.parametrize("change, message", [
    ({"image_weight": None}, "no image_weight"),
    ({"caption_weight": np.zeros((8, 31), np.float32)}, r"caption_weight has shape \[8, 31\]"),
    ({"image_weight": np.zeros((9, 32), np.float32)}, r"caption_weight has shape \[8, 32\], expected \[9, 32\]"),
    ({"caption_bias": np.zeros(9, np.float32)}, r"caption_bias has shape \[9\]"),
    ({"image_weight": np.zeros((0, 32), np.float32)}, r"image_weight has shape \[0, 32\], expected \[E, 32\]"),
    ({"image_weight": np.full((8, 32), np.nan, np.float32)}, "image_weight holds values that are not finite"),
    ({"image_weight": np.full((8, 32), 1e300)}, "image_weight holds values beyond float32"),
    ({"image_weight": np.full((8, 32), "x")}, "image_weight holds <U1, expected numbers"),
    ({"something": np.zeros(1)}, "unknown entry something"),
    ({"slot_means": np.zeros((2, 32), np.float32)}, "unknown entry slot_means"),
    ({"image_bias": np.array([object()])}, "not readable"),
])
def test_heads_that_do_not_fit_are_refused(reference, tmp_path, change, message):
    entries = {name: x for name, x in {**heads(), **change}.items() if x is not None}
    np.savez(tmp_path / "heads.npz", **entries)
    with pytest.raises(ExportError, match=r"heads\.npz: .*" + message):
        model.from_checkpoint(reference, coarse_path=tmp_path / "heads.npz")


@pytest.mark.parametrize("content", [b"not an archive", b"PK\x03\x04 and no more", b""])
def test_a_file_that_is_no_npz_is_refused(reference, tmp_path, content):
    (tmp_path / "heads.npz").write_bytes(content)
    with pytest.raises(ExportError, match=r"heads\.npz: not readable as an \.npz"):
        model.from_checkpoint(reference, coarse_path=tmp_path / "heads.npz")


def test_a_lone_array_is_no_coarse_file(reference, tmp_path):
    with open(tmp_path / "heads.npz", "wb") as file:
        np.save(file, np.zeros(3, np.float32))
    with pytest.raises(ExportError, match=r"heads\.npz: not readable as an \.npz"):
        model.from_checkpoint(reference, coarse_path=tmp_path / "heads.npz")


def test_a_damaged_npz_is_refused_wherever_it_is_damaged(reference, tmp_path):
    np.savez_compressed(tmp_path / "heads.npz", **heads())
    whole, system, refused = (tmp_path / "heads.npz").read_bytes(), model.from_checkpoint(reference).system, 0
    places = range(0, len(whole), len(whole) // 40)
    for at in places:
        damaged = bytes(byte ^ 0xff for byte in whole[at:at + 8])
        (tmp_path / "heads.npz").write_bytes(whole[:at] + damaged + whole[at + 8:])
        try:
            files.read(tmp_path / "heads.npz", system)
        except ExportError as error:
            assert "heads.npz: " in str(error)
            refused += 1
    # Not everywhere: an archive says some things twice.
    assert refused > len(places) / 2


def test_an_empty_file_is_called_empty(reference, tmp_path):
    (tmp_path / "c.npz").write_bytes(b"")
    with pytest.raises(ExportError, match=r"c\.npz: not readable as an \.npz of plain arrays: the file is empty"):
        model.from_checkpoint(reference, coarse_path=tmp_path / "c.npz")
