"""train.py: what it writes, that it can be stopped anywhere, and what it refuses."""

import itertools
import json
import random
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from conftest import ROOT, loaded
from fitting_data import CHECKPOINT as GIVEN
from fitting_data import VOCABULARY
from retrieval_exporter import cli as export
from retrieval_exporter import model, registry
from retrieval_exporter.reading import vocabulary
from retrieval_exporter.runs.state import State
from retrieval_exporter.training import curves
from retrieval_exporter.training.cli import main
from retrieval_exporter.training.learner import Learner
from training_data import CHECKPOINT, REGIONS, arguments, files, write_data, write_split
from vector_system import VectorCosine

pytest.importorskip("nltk")

TRAIN = ROOT / "models" / "exporter" / "train.py"
WRITTEN = {CHECKPOINT, "vocabulary.json", "curves.json"}

# Everything that draws, keeps or changes something beside the weights.
ALL_AT_ONCE = ("--standardise", "--pairs-together", "--regions-drawn", "4", "--candidates", "3", "--easy-epochs", "1",
               "--negatives-drawn", "3", "--embedding-weight", "0.5", "--warm-up", "3", "--schedule", "linear")


@pytest.fixture
def data(tmp_path):
    write_data(tmp_path / "data")
    return tmp_path / "data"


def points(folder):
    return json.loads((folder / "curves.json").read_text())


def test_a_training_learns_and_writes_a_checkpoint_that_a_bundle_is_made_of(data, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(arguments(data, out, "--epochs", "12", "--rate", "0.005", "--pretraining-epochs", "4")) == 0
    said = capsys.readouterr().out
    for line in ("train: 24 images, 48 captions, 6 regions of 64 features", "CAMP gate-fusion-new concat, D=12",
                 "cpu, float32", "pre-training, step 4 of 16: loss", "training, step 48 of 48: loss", "the best so far",
                 "rsum"):
        assert line in said, said
    assert {path.name for path in out.iterdir()} - {"curves.png"} == WRITTEN
    measured = [point["rsum"] for point in points(out) if point["stage"] == "training"]
    assert max(measured) > 1.2 * measured[0] and f"rsum {max(measured):.1f} on dev" in said
    assert export.main(["--checkpoint", str(out / CHECKPOINT), "--vocabulary", str(out / "vocabulary.json"), "--slots",
                        "4", "--slot-width", "3", "--regions", str(REGIONS), "--out", str(tmp_path / "bundle")]) == 0
    with np.load(tmp_path / "bundle" / "statistics.npz") as learned:
        rows = np.load(data / "train_ims.npy").astype(np.float64).reshape(-1, 64)
        assert learned["images"] == 24 and np.allclose(learned["mean"], rows.mean(axis=0), atol=1e-6)


def test_the_checkpoint_is_in_the_published_layout(data, tmp_path):
    assert main(arguments(data, tmp_path / "out")) == 0
    content = torch.load(tmp_path / "out" / CHECKPOINT)
    assert {"epoch", "model", "opt", "best_rsum"} <= set(content) and len(content["model"]) == 3
    given = vars(content["opt"])
    assert (given["margin"], given["batch_size"], given["measure"]) == (0.2, 12, "gate_fusion_new")
    measured = [point["rsum"] for point in points(tmp_path / "out") if point["stage"] == "training"]
    assert given["max_violation"] is True and content["best_rsum"] == max(measured)


@pytest.mark.parametrize("name", [*registry.names(), "vector-cosine"])
def test_every_system_is_trained_and_read_back_the_same(data, tmp_path, name, monkeypatch):
    if name == "vector-cosine":
        monkeypatch.setattr(registry, "SYSTEMS", [*registry.SYSTEMS, VectorCosine])
    learners = []
    measure = Learner.train
    monkeypatch.setattr(Learner, "train", lambda self, mode=True: learners.append(self) or measure(self, mode))
    given = arguments(data, tmp_path / "out", "--system", name, "--epochs", "1", "--rate", "0.01")
    if not registry.named(name).recipe(name, {}).pretraining_epochs:
        given[given.index("--pretraining-epochs") + 1] = "0"
    assert main(given) == 0
    read = model.from_checkpoint(tmp_path / "out" / CHECKPOINT).system
    made = learners[-1].eval().system
    assert (read.name, read.variant) == (made.name, made.variant)
    regions = torch.randn(3, REGIONS, 64)
    ids, lengths = torch.randint(4, 20, (4, 7)), torch.tensor([7, 3, 5, 2])
    with torch.no_grad():
        both = [system.scores(system.regions(regions), system.words(ids, lengths), lengths) for system in (made, read)]
    assert torch.equal(*both) and torch.isfinite(both[0]).all()
    assert len(points(tmp_path / "out")) == 1 + (given[given.index("--pretraining-epochs") + 1] == "1")


class Stopped(BaseException):
    """As an interruption: nothing but a finally clause sees it."""


@pytest.mark.parametrize("more", [
    (), ALL_AT_ONCE, ("--every", "3", "--patience", "1", "--negatives", "all"),
    # Dropout, and normalisations that keep what they have seen.
    ("--system", "sgraf-saf", "--sim-dim", "5", "--pretraining-epochs", "0")])
def test_a_training_that_is_stopped_anywhere_and_resumed_ends_with_the_same_files(data, tmp_path, monkeypatch, capsys,
                                                                                 more):
    assert main(arguments(data, tmp_path / "whole", *more)) == 0
    whole = files(tmp_path / "whole")
    assert set(whole) == WRITTEN
    step, keep, stops, after = Learner.step, State.keep, 0, itertools.cycle((2, 5, 3, 4))

    def once_less():
        nonlocal left
        left -= 1
        if not left:
            raise Stopped

    def step_or_stop(learner, *given):
        once_less()
        return step(learner, *given)

    def keep_and_stop(state, name, arrays):
        keep(state, name, arrays)
        once_less()

    monkeypatch.setattr(Learner, "step", step_or_stop)
    monkeypatch.setattr(State, "keep", keep_and_stop)
    while True:
        left = next(after)
        torch.manual_seed(stops)
        try:
            assert main(arguments(data, tmp_path / "out", *more, "--save-every", "0")) == 0
            break
        except Stopped:
            stops += 1
    assert stops >= 5 and "goes on from" in capsys.readouterr().out
    assert files(tmp_path / "out") == whole


def test_a_training_that_was_killed_at_any_place_goes_on_to_the_same_bytes(data, tmp_path):
    more = ["--epochs", "14", "--patience", "0", "--every", "7", *ALL_AT_ONCE]
    command = [sys.executable, str(TRAIN), *arguments(data, tmp_path / "a", *more, "--save-every", "0.01")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    # Between two lines of the output, which come at other places than the states are written.
    for _, line in zip(range(random.randrange(5, 9)), process.stdout):
        pass
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and (tmp_path / "a" / ".state" / "state.npz").exists()
    resumed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "goes on from" in resumed.stdout
    command[command.index(str(tmp_path / "a"))] = str(tmp_path / "b")
    subprocess.run(command, capture_output=True, check=True)
    assert files(tmp_path / "a") == files(tmp_path / "b") and set(files(tmp_path / "a")) == WRITTEN


def test_two_trainings_in_one_folder_are_kept_apart(data, tmp_path):
    command = [sys.executable, str(TRAIN), *arguments(data, tmp_path / "a", "--epochs", "30", "--patience", "0")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    next(line for line in first.stdout if "step" in line)
    for more in [], ["--restart"]:
        second = subprocess.run([*command, *more], capture_output=True, text=True)
        assert second.returncode == 2 and "another training is running here" in second.stderr
    first.communicate()
    assert first.returncode == 0 and set(files(tmp_path / "a")) == WRITTEN


def test_a_disk_without_room_for_the_state_is_one_line(data, tmp_path):
    # No file may grow beyond this: as on a full disk, a write fails half-way.
    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    command = [sys.executable, str(TRAIN), *arguments(data, tmp_path / "a", "--save-every", "0")]
    ended = subprocess.run(command, capture_output=True, text=True, preexec_fn=full)
    assert ended.returncode == 2 and re.fullmatch("error: .*: File too large\n", ended.stderr), ended.stderr
    assert not [path for path in tmp_path.rglob("*.part")]


def test_a_stage_ends_when_dev_gains_nothing_and_its_best_is_kept(data, tmp_path, capsys):
    # The images of train belong to the captions of others: what is learned of them is wrong on dev.
    captions = (data / "train_caps.txt").read_text().splitlines()
    write_split(data, "train", captions=captions[2:] + captions[:2])
    assert main(arguments(data, tmp_path / "out", "--epochs", "50", "--patience", "2")) == 0
    said = capsys.readouterr().out
    assert "training: 2 measurements without a gain, ended at step" in said
    of_stage = [point["rsum"] for point in points(tmp_path / "out") if point["stage"] == "training"]
    assert len(of_stage) < 50 and of_stage.index(max(of_stage)) == len(of_stage) - 3
    assert torch.load(tmp_path / "out" / CHECKPOINT)["best_rsum"] == max(of_stage)


def test_a_training_goes_on_from_a_checkpoint_and_its_vocabulary(data, tmp_path):
    given = arguments(data, tmp_path / "out", "--from", str(GIVEN), "--vocabulary", str(VOCABULARY), "--rate", "1e-9",
                      "--pretraining-epochs", "0", "--standardise", "--epochs", "1")
    for option in ("--system", "--embed-size", "--word-size"):
        del given[given.index(option):given.index(option) + 2]
    assert main(given) == 0
    read = model.from_checkpoint(tmp_path / "out" / CHECKPOINT, vocabulary_path=tmp_path / "out" / "vocabulary.json")
    case = loaded(GIVEN.parent.name)
    golden = case.golden
    with torch.no_grad():
        v, w = read.system.regions(golden["regions"]), read.system.words(golden["token_ids"], golden["lengths"])
        scores = read.system.scores(v, w, golden["lengths"])
    # So small a rate changes nothing, and what standardising changed is folded back.
    assert (scores - golden["scores"]).abs().max() < 1e-4


def test_the_picture_of_the_curves_is_left_out_where_matplotlib_is_not(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(arguments(data, tmp_path / "out", "--epochs", "1", "--pretraining-epochs", "0")) == 0
    assert "python3-matplotlib" in capsys.readouterr().out
    assert set(files(tmp_path / "out")) == WRITTEN and not (tmp_path / "out" / "curves.png").exists()


def test_curves_are_drawn_of_all_stages(tmp_path):
    pytest.importorskip("matplotlib")
    assert curves.draw(tmp_path, [
        {"stage": stage, "epoch": epoch, "loss": 1.0, "captionToImage": [1, 2, 3], "imageToCaption": [1, 2, 3]}
        for epoch, stage in enumerate(["pre-training", "pre-training", "training"])])
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def refused(given, message, capsys):
    assert main(given) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and re.search(message, error), error


def text(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def regions(name, change):
    def write(folder):
        np.save(folder / f"{name}_ims.npy", change(np.load(folder / f"{name}_ims.npy")))
    return write


@pytest.mark.parametrize("change, message", [
    (lambda folder: (folder / "train_caps.txt").unlink(), "train_caps.txt: no such file, but captions are needed"),
    (text("train_caps.txt", b""), "train_caps.txt: no captions"),
    (regions("dev", lambda x: x[:, :, :60]), "dev_ims.npy: 60 features a region, train_ims.npy has 64"),
    (regions("dev", lambda x: x[:, :5]), "dev_ims.npy: 5 regions an image, train_ims.npy has 6"),
    (regions("train", lambda x: x[:1]), "train_ims.npy: one image"),
    (regions("dev", lambda x: x * np.inf), "dev_ims.npy: feature 0 of region 0 of image 0 is -?inf"),
    (regions("train", lambda x: x * np.inf), "train_ims.npy: feature 0 of region 0 of image .* is -?inf"),
    (regions("train", lambda x: x.astype(np.float64) * 1e30),
     "step 1: the (loss|gradient) is not finite; try a smaller --rate"),
    (regions("dev", lambda x: x.astype(np.float64) * 1e30), "dev: scores are not finite"),
])
def test_data_that_nothing_is_learned_of_is_refused_in_one_line(data, tmp_path, capsys, change, message):
    change(data)
    refused(arguments(data, tmp_path / "out"), message, capsys)


@pytest.mark.parametrize("more, message", [
    (["--least-count", "1000"], "train_caps.txt: no word occurs 1000 times, which leaves no vocabulary"),
    (["--vocabulary", "none.json"], "none.json: No such file"),
    (["--batch", "1"], "--batch must be at least 2"),
    (["--batch", "13", "--pairs-together"], "--pairs-together takes batches of an even size, --batch is 13"),
    (["--epochs", "0"], "--epochs must be at least 1"),
    (["--rate", "nan"], "--rate must be between 0 and 1"),
    (["--clip", "0"], "--clip must be a finite number above 0"),
    (["--save-every", "nan"], "--save-every must be a finite number"),
    (["--threads", "-1"], "--threads must be at least 0"),
    (["--dev", "train"], "--split and --dev are both 'train'"),
    (["--regions-drawn", "7"], "--regions-drawn 7: .* have 6 regions"),
    (["--margin", "0.1"], "--margin has an effect only with --loss hinge"),
    (["--negatives", "all", "--candidates", "3"], "--candidates is for --negatives hardest"),
    (["--negatives", "all", "--easy-epochs", "1"], "--easy-epochs has an effect only with --negatives hardest"),
    (["--negatives-drawn", "3"], "--negatives-drawn is for --negatives all"),
    (["--schedule", "linear", "--update", "3"], "--update has an effect only with --schedule step"),
    (["--pretraining-epochs", "0", "--pretraining-rate", "0.1"], "--pretraining-rate has an effect only with"),
    (["--system", "scan-t2i"], r"--pretraining-epochs is not for scan-t2i \(.*\), which has no"),
    (["--system", "camp-cross-attention"], "--pretraining-epochs is not for camp-cross-attention"),
    (["--system", "camp-cross-attention", "--pretraining-epochs", "0", "--loss", "cross-entropy"],
     "--loss cross-entropy is not for camp-cross-attention, whose score is no probability"),
    (["--system", "camp-paper", "--ablation", "no-cross-attention"],
     r"--pretraining-epochs is not for camp-paper \(ablation no-cross-attention\), which has no pre-training"),
    (["--system", "vsepp", "--fusion", "sum"], "--fusion is not for vsepp"),
    (["--system", "sgraf-saf", "--pretraining-epochs", "0", "--regions-drawn", "4"],
     "--regions-drawn is not for sgraf-saf"),
    (["--system", "sgraf-saf", "--pretraining-epochs", "0", "--candidates", "3"], "--candidates is not for sgraf-saf"),
    (["--config", "none.json"], "--config has no effect without --from"),
    (["--from", str(GIVEN)], "--from takes the --vocabulary of its checkpoint"),
    (["--from", str(GIVEN), "--vocabulary", str(VOCABULARY)], "--system has no effect beside --from"),
])
def test_options_that_cannot_be_met_are_refused_in_one_line(data, tmp_path, capsys, more, message):
    refused(arguments(data, tmp_path / "out", *more), message, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_checkpoint_of_regions_of_another_width_is_refused(data, tmp_path, capsys):
    for name in ("train", "dev"):
        regions(name, lambda x: x[:, :, :60])(data)
    refused(["--source", str(data), "--out", str(tmp_path / "out"), "--from", str(GIVEN), "--vocabulary",
             str(VOCABULARY)], "train_ims.npy: regions of 60 features, the checkpoint's have 64", capsys)


def test_a_checkpoint_of_another_number_of_regions_is_refused(data, tmp_path, capsys):
    given = ["--system", "sgraf-saf", "--sim-dim", "5", "--pretraining-epochs", "0", "--epochs", "1"]
    assert main(arguments(data, tmp_path / "first", *given)) == 0
    for name in ("train", "dev"):
        regions(name, lambda x: x[:, :5])(data)
    first = tmp_path / "first"
    refused(["--source", str(data), "--out", str(tmp_path / "out"), "--from", str(first / CHECKPOINT), "--vocabulary",
             str(first / "vocabulary.json")], "train_ims.npy: 5 regions an image, sgraf-saf takes 6", capsys)


def test_a_vocabulary_without_a_word_of_the_captions_is_refused(data, tmp_path, capsys):
    (tmp_path / "v.json").write_text(json.dumps({"words": ["<pad>", "<start>", "<end>", "<unk>", "zebra"]}))
    refused(arguments(data, tmp_path / "out", "--vocabulary", str(tmp_path / "v.json")),
            "v.json: the vocabulary has no word of .*train_caps.txt", capsys)


def test_pairs_of_images_need_an_even_number_of_them(data, tmp_path, capsys):
    write_split(data, "train", images=23)
    refused(arguments(data, tmp_path / "out", "--pairs-together"), "23 images, expected an even number", capsys)


def test_a_training_is_replaced_with_force_alone(data, tmp_path, capsys):
    given = arguments(data, tmp_path / "out", "--epochs", "1", "--pretraining-epochs", "0")
    assert main(given) == 0
    before = files(tmp_path / "out")
    refused([*given, "--seed", "1"], f"{CHECKPOINT}: exists, for the training is done; --force begins anew, --from goes on from its weights", capsys)
    assert files(tmp_path / "out") == before
    capsys.readouterr()
    assert main(given) == 0 and "the training is done" in capsys.readouterr().out
    assert files(tmp_path / "out") == before
    assert main([*given, "--seed", "1", "--force"]) == 0
    assert files(tmp_path / "out")[CHECKPOINT] != before[CHECKPOINT]
    refused(arguments(data, VOCABULARY), "vocabulary.json: is no folder", capsys)


def test_the_state_of_another_training_is_not_gone_on_from(data, tmp_path, monkeypatch, capsys):
    keep, out = State.keep, tmp_path / "out"

    def stop(state, name, arrays):
        keep(state, name, arrays)
        raise Stopped

    monkeypatch.setattr(State, "keep", stop)
    with pytest.raises(Stopped):
        main(arguments(data, out))
    monkeypatch.setattr(State, "keep", keep)
    refused(arguments(data, out, "--clip", "1"), "state.npz: the state of a training with other options", capsys)
    assert main(arguments(data, out, "--clip", "1", "--restart")) == 0
    assert {path.name for path in out.iterdir()} - {"curves.png"} == WRITTEN


def reordered(path, to):
    """The same words, the last two with each other's ids."""
    words = sorted(json.loads(path.read_text())["word2idx"].items(), key=lambda entry: entry[1])
    (last, high), (other, low) = words[-1], words[-2]
    to.write_text(json.dumps({"word2idx": {**dict(words), last: low, other: high}}))
    return to


def test_a_vocabulary_of_the_same_size_in_another_order_is_refused(data, tmp_path, capsys):
    assert main(arguments(data, tmp_path / "out", "--epochs", "1")) == 0
    trained = tmp_path / "out" / CHECKPOINT
    other = reordered(tmp_path / "out" / "vocabulary.json", tmp_path / "other.json")
    capsys.readouterr()
    given = ["--checkpoint", str(trained), "--vocabulary", str(other), "--slots", "4", "--slot-width", "3", "--regions", str(REGIONS), "--out",
             str(tmp_path / "bundle")]
    assert export.main(given) == 2
    told = capsys.readouterr().err
    hashes = [vocabulary.digest(vocabulary.read(path)) for path in (other, tmp_path / "out" / "vocabulary.json")]
    assert f"{other}: not the vocabulary that {trained} was trained with" in told and all(h in told for h in hashes)
    assert main(["--source", str(data), "--out", str(tmp_path / "more"), "--from", str(trained), "--vocabulary",
                 str(other), "--epochs", "1", "--max-tokens", "20", "--device", "cpu", "--threads", "1"]) == 2
    assert "not the vocabulary that" in capsys.readouterr().err
    # A published checkpoint does not say, and is taken.
    content = torch.load(trained, weights_only=False)
    del content["vocabulary_sha256"]
    torch.save(content, tmp_path / "published.pth.tar")
    assert export.main([*given, "--checkpoint", str(tmp_path / "published.pth.tar")][2:]) == 0


def test_members_of_an_ensemble_that_were_trained_with_different_vocabularies_are_refused(data, tmp_path, capsys):
    for out, more in (("one", ()), ("other", ("--vocabulary", str(tmp_path / "other.json")))):
        assert main(arguments(data, tmp_path / out, "--epochs", "1", *more)) == 0
        reordered(tmp_path / out / "vocabulary.json", tmp_path / "other.json")
    members = [text for out in ("one", "other") for text in ("--checkpoint", str(tmp_path / out / CHECKPOINT))]
    assert export.main([*members, "--regions", str(REGIONS), "--out", str(tmp_path / "bundle")]) == 2
    assert "members of an ensemble read the same words" in capsys.readouterr().err


def test_a_state_that_is_a_text_is_told_in_words_that_are_not_numpys(data, tmp_path, capsys):
    (tmp_path / "out" / ".state").mkdir(parents=True)
    (tmp_path / "out" / ".state" / "state.npz").write_text("a text")
    assert main(arguments(data, tmp_path / "out")) == 2
    told = capsys.readouterr().err
    assert "not readable as the state of a training" in told and "pickle" not in told
