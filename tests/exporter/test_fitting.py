"""fit_coarse.py: what it writes, that it can be stopped anywhere, and what it refuses."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from conftest import HERE, ROOT
from fitting_data import CHECKPOINT, PER_IMAGE, REGIONS, VOCABULARY, WORDS, arguments, write_data, write_split
from retrieval_exporter import cli as export
from retrieval_exporter.fitting import features, rounds, scoring
from retrieval_exporter.fitting.cli import main
from retrieval_exporter.reading import vocabulary
from retrieval_exporter.runs.state import State
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.camp import Camp

pytest.importorskip("nltk")

FIT = ROOT / "models" / "exporter" / "fit_coarse.py"


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch):
    monkeypatch.setattr(rounds, "REFRESH", 4)


@pytest.fixture
def data(tmp_path):
    write_data(tmp_path / "data")
    return tmp_path / "data"


def test_a_fit_writes_trained_slots_and_a_ranking_that_a_bundle_takes(data, tmp_path, capsys):
    out = tmp_path / "out" / "coarse.npz"
    assert main(arguments(data, out, "--rate", "0.02", "--steps", "60")) == 0
    said = capsys.readouterr().out
    for line in ("untrained: dev R@1", "round 1, step 4 of 60: loss", "round 2, step 8 of 8: loss",
                 "caption to image: coarse weight", "image to caption: coarse weight", "left"):
        assert line in said, said
    assert "they are kept" not in said
    assert [path.name for path in out.parent.iterdir()] == ["coarse.npz"]
    with np.load(out) as written:
        assert written["slot_means"].shape == (4, 32) and written["query_projection"].shape == (4, 32, 3)
        assert bool(written["unit"]) and str(written["ranking_transform"]) == "logit"
    assert export.main(["--checkpoint", str(CHECKPOINT), "--vocabulary", str(VOCABULARY), "--coarse", str(out),
                        "--regions", str(REGIONS), "--max-tokens", "20", "--out", str(tmp_path / "bundle")]) == 0
    embedding = json.loads((tmp_path / "bundle" / "bundle.json").read_text())["embedding"]
    assert embedding == {"width": 12, "source": "slots"}


class Stopped(BaseException):
    """As an interruption: nothing but a finally clause sees it."""


def test_a_fit_that_is_stopped_anywhere_and_resumed_ends_with_the_same_file(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scoring, "CHUNK", 100)
    monkeypatch.setattr(scoring, "_KEEP_EVERY", 0.0)
    assert main(arguments(data, tmp_path / "whole.npz")) == 0
    whole = (tmp_path / "whole.npz").read_bytes()

    keep, out, stops, left = State.keep, tmp_path / "coarse.npz", 0, itertools.cycle((1, 3, 2))

    def keep_and_stop(state, name, arrays):
        nonlocal writes
        keep(state, name, arrays)
        writes -= 1
        if not writes:
            raise Stopped

    monkeypatch.setattr(State, "keep", keep_and_stop)
    while True:
        writes = next(left)
        try:
            assert main(arguments(data, out)) == 0
            break
        except Stopped:
            stops += 1
            assert not out.exists()
    assert out.read_bytes() == whole
    # 3 + 2 refreshes, the groups and two tables of candidates, and all their scores, 100 pairs at a time.
    assert stops > (5 + 3 + 26) / 2 - 1
    assert "goes on from" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coarse.npz", "data", "whole.npz"]


def test_what_is_kept_of_a_fit_does_not_change_with_what_it_was_taken_of(tmp_path):
    weights, other = np.zeros(3), np.ones(2)
    state = State(tmp_path / "state.npz", "stamp", "fit")
    state.keep("round 1", {"weights": weights})
    weights += 1
    state.keep("round 2", {"weights": other})
    for kept in (state, State(tmp_path / "state.npz", "stamp", "fit")):
        assert kept.part("round 1")["weights"].tolist() == [0, 0, 0] and kept.part("round 2")["weights"].tolist() == [1, 1]


def test_a_fit_that_was_killed_goes_on(data, tmp_path):
    more = ["--steps", "300", "--second-steps", "0", "--dev-queries", "2"]
    command = [sys.executable, str(FIT), *arguments(data, tmp_path / "a.npz", *more)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    while not (tmp_path / ".a.npz.fit" / "state.npz").exists() and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and not (tmp_path / "a.npz").exists()
    resumed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "goes on from" in resumed.stdout and "round 1, step 100 of 300" not in resumed.stdout
    command[command.index(str(tmp_path / "a.npz"))] = str(tmp_path / "b.npz")
    subprocess.run(command, capture_output=True, check=True)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_features_beyond_the_memory_given_are_mapped_from_disk_and_used_again(data, tmp_path, monkeypatch, capsys):
    assert main(arguments(data, tmp_path / "a.npz")) == 0
    keep = State.keep

    def stop(state, name, arrays):
        keep(state, name, arrays)
        raise Stopped

    monkeypatch.setattr(State, "keep", stop)
    with pytest.raises(Stopped):
        main(arguments(data, tmp_path / "b.npz", "--memory", "0"))
    assert (tmp_path / ".b.npz.fit" / "train_keys.npy").stat().st_size > 24 * REGIONS * 32 * 2
    monkeypatch.setattr(State, "keep", keep)
    monkeypatch.setattr(features, "_encode_images", None)
    monkeypatch.setattr(features, "_encode_captions", None)
    assert main(arguments(data, tmp_path / "b.npz", "--memory", "0")) == 0
    assert "on disk" in capsys.readouterr().out
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz", "data"]


def test_a_fit_that_ends_worse_than_untrained_says_so_and_keeps_the_untrained(data, tmp_path, capsys):
    # The images of train belong to the captions of others: what is learned of them is wrong on dev.
    captions = (data / "train_caps.txt").read_text().splitlines()
    write_split(data, "train", captions=captions[PER_IMAGE:] + captions[:PER_IMAGE])
    assert main(arguments(data, tmp_path / "a.npz", "--rate", "0.02", "--steps", "100")) == 0
    assert "training did not get beyond the untrained slots on dev: they are kept" in capsys.readouterr().out
    assert main(arguments(data, tmp_path / "b.npz", "--steps", "0", "--second-steps", "0")) == 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as written:
        assert not bool(written["unit"])


def test_a_score_that_is_no_probability_is_ordered_as_it_is(data, tmp_path):
    cosine = CHECKPOINT.parents[1] / "camp-cross-attention-new" / CHECKPOINT.name
    assert main(arguments(data, tmp_path / "coarse.npz", "--checkpoint", str(cosine))) == 0
    with np.load(tmp_path / "coarse.npz") as written:
        assert str(written["ranking_transform"]) == "identity"


def test_a_system_whose_words_do_not_attend_to_regions_is_refused(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Camp, "affinity", lambda system: None)
    refused(arguments(data, tmp_path / "coarse.npz"), "slots are not for camp-gate-fusion-new", capsys)


def remove(name):
    return lambda folder: (folder / name).unlink()


def text(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def regions(name, change):
    def write(folder):
        x = np.load(folder / f"{name}_ims.npy")
        np.save(folder / f"{name}_ims.npy", change(x))
    return write


def set_nan(x):
    x[7, 2, 5] = np.nan
    return x


@pytest.mark.parametrize("change, message", [
    (remove("dev_caps.txt"), "dev_caps.txt: no such file, but captions are needed"),
    (text("dev_caps.txt", b""), "dev_caps.txt: no captions"),
    (text("train_caps.txt", b"w4 w5\n" * 25), "train_caps.txt: 25 captions for the 24 images of train_ims.npy, expected a multiple"),
    (text("train_caps.txt", b"w4\n" * 30 + b" \n" + b"w4\n" * 17), "train_caps.txt: line 31 is blank"),
    (text("train_caps.txt", b"w4\xff\n" * 48), "train_caps.txt: not UTF-8"),
    (remove("train_ims.npy"), "train_ims.npy: no such file"),
    (text("train_ims.npy", b"no array"), "train_ims.npy: not readable as an .npy"),
    (regions("train", lambda x: x[:, :, :60]), "train_ims.npy: regions of 60 features, the checkpoint's have 64"),
    (regions("dev", lambda x: x[:, :5]), "dev_ims.npy: 5 regions an image, train_ims.npy has 6"),
    (regions("dev", lambda x: x[:, 0]), r"dev_ims.npy: expected floating-point numbers \[images, regions, features\]"),
    (regions("dev", lambda x: x.astype(np.int32)), "dev_ims.npy: expected floating-point numbers"),
    (regions("dev", lambda x: x[:0]), r"dev_ims.npy: shape \[0, 6, 64\]"),
    (regions("dev", lambda x: x[:1]), "dev_ims.npy: one image"),
    (regions("train", set_nan), "train_ims.npy: feature 5 of region 2 of image 7 is nan"),
    (regions("train", lambda x: x.astype(np.float32) * 1e9), "train_ims.npy: .* not finite in float16"),
])
def test_data_that_cannot_be_fitted_is_refused_in_one_line(data, tmp_path, capsys, change, message):
    change(data)
    refused(arguments(data, tmp_path / "coarse.npz"), message, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def refused(given, message, capsys):
    assert main(given) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and re.search(message, error), error


@pytest.mark.parametrize("more, message", [
    (["--checkpoint", "none.pth"], "none.pth: No such file"),
    (["--vocabulary", "none.json"], "none.json: No such file"),
    (["--checkpoint", str(HERE / "fixtures" / "sgraf-sgr" / "model_best.pth.tar")],
     "train_ims.npy: images of 6 regions are not for this model, whose normalisation is over 36 regions"),
    (["--vocabulary", str(VOCABULARY.parents[1] / "vector-cosine" / "vocabulary.json"), "--slots", "64"], "fewer than the 64 slots"),
    (["--slots", "57"], "vocabulary.json: .*56 words of its own, fewer than the 57 slots"),
    (["--slots", "0"], "--slots must be at least 1"),
    (["--slot-width", "33"], "--slot-width 33"),
    (["--batch", "1"], "--batch must be at least 2"),
    (["--steps", "-1"], "--steps must be at least 0"),
    (["--rate", "nan"], "--rate must be between 0 and 1"),
    (["--threads", "-1"], "--threads must be at least 0"),
    (["--dev", "train"], "--split and --dev are both 'train'"),
    (["--split", "../train"], "no name of a split"),
    (["--source", "nowhere"], "train_ims.npy: no such file"),
])
def test_options_that_cannot_be_met_are_refused_in_one_line(data, tmp_path, capsys, more, message):
    refused(arguments(data, tmp_path / "coarse.npz", *more), message, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_vocabulary_of_another_checkpoint_is_refused(data, tmp_path, capsys):
    (tmp_path / "v.json").write_text(json.dumps({"words": WORDS[:50]}))
    refused(arguments(data, tmp_path / "coarse.npz", "--vocabulary", str(tmp_path / "v.json")),
            "v.json: the vocabulary has 50 words, the checkpoint's embedding table 60 rows", capsys)


def test_a_file_is_replaced_with_force_alone(data, tmp_path, capsys):
    out = tmp_path / "coarse.npz"
    out.write_bytes(b"mine")
    given = arguments(data, out, "--steps", "0", "--second-steps", "0")
    refused(given, "coarse.npz: exists; --force replaces it", capsys)
    assert out.read_bytes() == b"mine"
    assert main([*given, "--force"]) == 0
    assert out.read_bytes() != b"mine"
    refused(arguments(data, tmp_path / "data", "--force"), "data: is a folder", capsys)


def test_the_state_of_another_fit_is_not_gone_on_from(data, tmp_path, monkeypatch, capsys):
    out, keep = tmp_path / "coarse.npz", State.keep

    def stop(state, name, arrays):
        keep(state, name, arrays)
        raise Stopped

    monkeypatch.setattr(State, "keep", stop)
    with pytest.raises(Stopped):
        main(arguments(data, out))
    monkeypatch.setattr(State, "keep", keep)
    whole = (tmp_path / ".coarse.npz.fit" / "state.npz").read_bytes()
    refused(arguments(data, out, "--rate", "0.01"), "state.npz: the state of a fit with other options", capsys)
    assert main(arguments(data, out, "--rate", "0.01", "--restart")) == 0
    out.unlink()
    (tmp_path / ".coarse.npz.fit").mkdir()
    for broken in (b"PK broken", whole[:len(whole) // 2], b""):
        (tmp_path / ".coarse.npz.fit" / "state.npz").write_bytes(broken)
        refused(arguments(data, out), "state.npz: not readable as the state of a fit", capsys)


def test_what_is_no_regular_file_is_not_replaced(data, tmp_path, capsys):
    os.mkfifo(tmp_path / "coarse.npz")
    refused(arguments(data, tmp_path / "coarse.npz", "--force"), "coarse.npz: is no regular file", capsys)


def test_a_loss_that_is_not_finite_is_said_before_it_is_kept(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rounds, "contrast", lambda scores, images: scores.sum() * torch.inf)
    refused(arguments(data, tmp_path / "coarse.npz"), "round 1: the loss is not finite before step 4", capsys)


def test_without_nltk_it_says_what_to_install(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nltk.tokenize.destructive", None)
    refused(arguments(data, tmp_path / "coarse.npz"), "python3-nltk", capsys)


def test_a_vocabulary_of_other_words_than_the_checkpoints_is_refused(data, tmp_path, capsys):
    made = Camp.random("camp-paper", Sizes(32, 64, 16, len(WORDS)), {})
    torch.save({"model": made.states(), "opt": made.checkpoint_options(), vocabulary.ENTRY: "0" * 64}, tmp_path / "c.pth.tar")
    given = arguments(data, tmp_path / "coarse.npz", "--checkpoint", str(tmp_path / "c.pth.tar"))
    assert main(given) == 2
    assert re.search(r"not the vocabulary that .*c\.pth\.tar was trained with: .* expected 0{64}", capsys.readouterr().err)
    assert not (tmp_path / "coarse.npz").exists()
