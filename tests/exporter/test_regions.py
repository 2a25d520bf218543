"""Images of different numbers of regions: any batch of them scores as every image alone does, as published."""

import json

import numpy as np
import pytest
import torch

from conftest import HERE, TOLERANCE
from retrieval_exporter import model, registry
from retrieval_exporter.cli import main
from retrieval_exporter.coarse.choice import Choice
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.writing import parity
from retrieval_exporter.writing.graphs import ImageEncoder
from scoring import DIRECTIONS, pairs

SIZES = Sizes(32, 24, 16, 50, 9)
FEWEST, MOST, TOKENS = 3, 9, 12
FORMS = {"fast": {}, "compact": {"profile": "compact"}, "published": {"form": "published"},
         "float16": {"precision": "float16"}, "int8": {"precision": "int8"}}
RAGGED = [(name, {}) for name in registry.names() if registry.named(name).ragged] + [
    ("camp-cross-attention", {"summary": "mean"}), ("camp-cross-attention-new", {"summary": "mean"}),
    ("camp-gate-fusion", {"fusion": "sum"}), ("camp-paper", {"ablation": "no-cross-attention"}),
    ("camp-paper", {"ablation": "mean-pooling"}),
    ("scan-t2i", {"raw_feature_norm": "softmax", "agg_func": "Mean"}), ("scan-i2t", {"agg_func": "Mean"}),
    ("scan-i2t", {"agg_func": "Max", "raw_feature_norm": "l1norm"})]


def settings_of(kind):
    return Settings(**FORMS[kind], regions=MOST, fewest_regions=FEWEST, max_tokens=TOKENS)


# int8 is for some only.
POSSIBLE = [(name, options, kind) for name, options in RAGGED for kind in sorted(FORMS)
            if not model.random(name, SIZES, options).system.unsupported(settings_of(kind))]


def bank(form, built, given):
    """Tensors of a bank of all images and captions of parity.npz, encoded in one padded batch each."""
    counts, lengths = torch.from_numpy(given["region_counts"]), torch.from_numpy(given["lengths"])
    with torch.no_grad():
        _, *image = ImageEncoder(built, form)(torch.from_numpy(given["regions"]), counts)
        w = built.system.words(torch.from_numpy(given["token_ids"]), lengths)
        caption = form.pack("caption", form.caption_record_of(w, lengths)).values()
    tensors = {}
    for side, records, rows in (("image", image, counts), ("caption", caption, lengths)):
        for field, x in zip(form.stored_fields(side), records):
            # NaN around every item: nothing outside of it may be read.
            apart = [part for i, n in enumerate(rows) for part in (x[i, :n], torch.full_like(x[i, :1], float("nan")))]
            tensors[f"{side}.{field.name}"] = torch.cat(apart) if field.ragged else x
        tensors[f"{side}.length"] = rows
        tensors[f"{side}.offset"] = torch.cumsum(rows + 1, 0) - rows - 1
    return tensors


@pytest.mark.parametrize("name, options, kind", POSSIBLE)
@pytest.mark.parametrize("direction", sorted(DIRECTIONS))
def test_an_image_scores_in_any_batch_as_it_does_alone_without_padding(name, options, kind, direction):
    check(model.random(name, SIZES, options), settings_of(kind), DIRECTIONS[direction])


@pytest.mark.parametrize("direction", sorted(DIRECTIONS))
def test_an_ensemble_does_so_with_members_that_have_a_vector_an_image_and_without(direction):
    paths = [checkpoint(name) for name in ("camp-paper", "vsepp", "rdan")]
    check(model.from_checkpoints(paths, [2, 1, 1]), settings_of("fast"), DIRECTIONS[direction])


def check(built, settings, score):
    form = built.system.form(settings).eval()
    given = parity.make(built, settings)
    assert given["region_counts"].tolist() == [9, 3, 6]
    tensors = bank(form, built, given)
    images, captions = given["scores"].shape
    image, caption = pairs(images, captions)
    together = score(form, tensors, image, caption).reshape(images, captions)
    # Sums of 32 rounded numbers are rougher than those of 1,024.
    tolerance = parity.tolerance(settings.precision, settings.records) * (2 if settings.precision == "int8" else 1)
    assert (together - torch.from_numpy(given["scores"])).abs().max() < tolerance
    for i in range(images):
        alone = score(form, tensors, image[image == i], caption[image == i])
        assert (alone - together[i]).abs().max() < (1e-6 if settings.precision == "float32" else tolerance)


def checkpoint(name):
    return HERE / "fixtures" / name / "model_best.pth.tar"


EMBEDDINGS = {
    "bilinear": lambda: model.random("camp-gate-fusion-new", SIZES),
    "slots": lambda: model.random("camp-gate-fusion-new", SIZES, choice=Choice("slots", 4, 8)),
    "features": lambda: model.random("scan-t2i", SIZES),
    "mean affinity": lambda: model.random("rdan", SIZES),
    "one vector": lambda: model.random("vsepp", SIZES),
    "of another model": lambda: model.from_checkpoint(checkpoint("camp-paper"), coarse_path=checkpoint("vsepp")),
}


@pytest.mark.parametrize("embedding", sorted(EMBEDDINGS))
def test_the_embedding_of_an_image_is_that_of_its_own_regions(embedding):
    built = EMBEDDINGS[embedding]()
    assert built.coarse.ragged
    settings = settings_of("fast")
    given = parity.make(built, settings)
    with torch.no_grad():
        embedding, *_ = ImageEncoder(built, built.system.form(settings))(
            torch.from_numpy(given["regions"]), torch.from_numpy(given["region_counts"]))
    assert np.abs(embedding.numpy() - given["image_embedding"]).max() < TOLERANCE


def export(folder, *options):
    return main(["--random", "--embed-size", "32", "--image-size", "24", "--word-size", "16", "--vocabulary-size", "50",
                 "--max-tokens", "12", "--out", str(folder), *options])


def test_a_range_of_regions_is_in_the_manifest_and_its_fields_are_ragged(tmp_path, capsys):
    assert export(tmp_path / "b", "--system", "scan-t2i", "--regions", "3-9") == 0
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["regions"] == {"min": 3, "max": 9, "width": 24}
    assert [field["shape"] for field in manifest["records"]["image"]] == [["regions", 32], ["regions", 9]]
    assert "explainer" not in manifest["graphs"]
    assert "explains no pairs: explainers are for one number of regions" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in registry.names() if not registry.named(name).ragged])
def test_a_system_of_one_number_of_regions_refuses_a_range_by_its_name(tmp_path, capsys, name):
    assert export(tmp_path / "b", "--system", name, "--regions", "3-9") == 2
    title = model.random(name, SIZES).system.title
    assert f"--regions 3-9: {title} takes images of one number of regions only" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_what_is_no_number_and_no_range_of_them_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        export(tmp_path / "b", "--system", "scan-t2i", "--regions", "ten")
    assert "'ten' is no number of regions, and no range such as 10-100" in capsys.readouterr().err


@pytest.mark.parametrize("given, said", [("9-3", "the fewest and then the most"), ("0-3", "at least 1")])
def test_a_range_that_is_none_is_refused(tmp_path, capsys, given, said):
    assert export(tmp_path / "b", "--system", "scan-t2i", "--regions", given) == 2
    assert said in capsys.readouterr().err
