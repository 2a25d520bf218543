"""A checkpoint as the coarse stage of another model: its own encoders make the embedding of the same items."""

import json

import numpy as np
import pytest
import torch

from conftest import HERE, MAX_TOKENS, ROOT
from retrieval_exporter import model
from retrieval_exporter.cli import main
from retrieval_exporter.coarse.choice import Choice
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import vocabulary
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.vsepp import Vsepp

COARSE = HERE / "fixtures" / "vsepp" / "model_best.pth.tar"
SIZES = Sizes(embed_size=16, image_size=64, word_size=12, vocabulary_size=60)


def saved(path, sizes=SIZES, **how):
    made = Vsepp.random("vsepp", sizes, {})
    torch.save({"model": made.states(), "opt": made.checkpoint_options()}, path, **how)
    return path


def test_the_embedding_is_the_other_models_and_the_scores_are_the_models(reference, tmp_path, capsys):
    out = tmp_path / "b"
    assert main(["--checkpoint", str(reference), "--coarse", str(COARSE), "--max-tokens", str(MAX_TOKENS),
                 "--out", str(out)]) == 0
    assert "first stage: VSE++ cosine, D=" in capsys.readouterr().out
    assert main(["--checkpoint", str(reference), "--max-tokens", str(MAX_TOKENS), "--out", str(tmp_path / "own")]) == 0
    with np.load(out / "parity.npz") as parity, np.load(tmp_path / "own" / "parity.npz") as own:
        assert np.array_equal(parity["scores"], own["scores"])
        other = model.from_checkpoint(COARSE).system
        with torch.no_grad():
            v = other.regions(torch.from_numpy(parity["regions"]))
            w = other.words(torch.from_numpy(parity["token_ids"]), torch.from_numpy(parity["lengths"]))
        assert np.array_equal(parity["image_embedding"], v.numpy())
        assert np.array_equal(parity["caption_embedding"], w.numpy())
    manifest = json.loads((out / "bundle.json").read_text())
    assert manifest["embedding"] == {"width": 32, "source": "model"} and "ranking" not in manifest
    assert manifest["records"] == json.loads((tmp_path / "own" / "bundle.json").read_text())["records"]
    for graph in ("scorer_text_to_image.onnx", "scorer_image_to_text.onnx"):
        assert (out / graph).read_bytes() == (tmp_path / "own" / graph).read_bytes()


def test_the_manifest_satisfies_the_schema(reference, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    assert main(["--checkpoint", str(reference), "--coarse", str(COARSE), "--out", str(tmp_path / "b")]) == 0
    schema = json.loads((ROOT / "docs" / "bundle.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads((tmp_path / "b" / "bundle.json").read_text()))


@pytest.mark.parametrize("zipped", [True, False])
def test_both_formats_of_torch_save_are_told_from_an_npz(reference, tmp_path, zipped):
    path = saved(tmp_path / "c.npz", _use_new_zipfile_serialization=zipped)
    assert model.from_checkpoint(reference, coarse_path=path).coarse.width == 16


def test_a_model_of_random_weights_takes_one_as_well():
    built = model.random("camp-paper", SIZES, coarse_path=COARSE)
    assert (built.system.name, built.coarse.source, built.coarse.width) == ("camp-paper", "model", 32)


@pytest.mark.parametrize("sizes, message", [
    (Sizes(16, 65, 12, 60), "regions of 65, but .*model_best.pth.tar regions of 64"),
    (Sizes(16, 64, 12, 61), "a vocabulary of 61, but .*model_best.pth.tar a vocabulary of 60")])
def test_a_model_of_other_inputs_is_refused_with_both_files(reference, tmp_path, sizes, message):
    path = saved(tmp_path / "c.pth", sizes)
    with pytest.raises(ExportError, match=r"c\.pth: the coarse model has " + message):
        model.from_checkpoint(reference, coarse_path=path)


def test_a_model_of_other_words_is_refused_where_both_are_known(reference, tmp_path):
    words = vocabulary.placeholders(60)
    (tmp_path / "v.json").write_text(json.dumps(words))
    (tmp_path / "w.json").write_text(json.dumps([*words[:4], *reversed(words[4:])]))
    path = saved(tmp_path / "c.pth")
    content = torch.load(path, weights_only=False)
    torch.save({**content, vocabulary.ENTRY: vocabulary.digest(words)}, path)
    assert model.from_checkpoint(reference, vocabulary_path=tmp_path / "v.json", coarse_path=path).coarse.width == 16
    with pytest.raises(ExportError, match=r"c\.pth: the coarse model was trained with the vocabulary of SHA-256 "):
        model.from_checkpoint(reference, vocabulary_path=tmp_path / "w.json", coarse_path=path)
    # Without a vocabulary of its own the reference, a published one, does not say.
    assert model.from_checkpoint(reference, coarse_path=path).coarse.width == 16


def test_a_model_that_pools_by_itself_is_one_and_fixes_the_number_of_regions(reference, tmp_path, capsys):
    path = HERE / "fixtures" / "sgraf-saf" / "model_best.pth.tar"
    arguments = ["--checkpoint", str(reference), "--coarse", str(path), "--out", str(tmp_path / "b")]
    assert main([*arguments, "--regions", "5"]) == 2
    assert "sgraf-saf/model_best.pth.tar: the coarse model takes 36 regions an image, but --regions is 5" \
        in capsys.readouterr().err
    assert main(arguments) == 0
    with np.load(tmp_path / "b" / "parity.npz") as parity:
        assert np.abs(np.linalg.norm(parity["caption_embedding"], axis=1) - 1).max() < 1e-5
        assert parity["image_embedding"].shape == (3, 32)


def test_a_model_without_a_trained_embedding_is_refused(reference):
    with pytest.raises(ExportError, match=r"model_best\.pth\.tar: CAMP .* cannot be the coarse model"):
        model.from_checkpoint(reference, coarse_path=reference)


def test_slots_have_no_effect_beside_it(reference):
    with pytest.raises(ExportError, match="--embedding has no effect with --coarse"):
        model.from_checkpoint(reference, coarse_path=COARSE, choice=Choice("slots"))


def test_a_checkpoint_that_is_cut_short_is_refused_in_one_line(reference, tmp_path):
    whole = saved(tmp_path / "c.pth", _use_new_zipfile_serialization=False).read_bytes()
    (tmp_path / "c.pth").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(ExportError, match=r"c\.pth: the file is truncated"):
        model.from_checkpoint(reference, coarse_path=tmp_path / "c.pth")
