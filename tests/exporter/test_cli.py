"""The command line: random bundles, one-line errors, and nothing half-written."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import tomllib
from importlib import import_module

import numpy as np
import pytest

from conftest import CASES, HERE, ROOT, loaded
from retrieval_exporter import registry
from retrieval_exporter.cli import main
from retrieval_exporter.fitting.cli import main as fit
from retrieval_exporter.training.cli import main as train
from retrieval_exporter.writing import bundle as bundles

EXPORT = ROOT / "models" / "exporter" / "export.py"
SMALL = ["--embed-size", "16", "--image-size", "24", "--word-size", "12", "--vocabulary-size", "30",
         "--regions", "5", "--max-tokens", "8"]


def parity(folder):
    with np.load(folder / "parity.npz") as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.parametrize("system", registry.names())
def test_a_random_bundle_of_every_system_has_scores_that_differ(tmp_path, system):
    assert main(["--random", "--system", system, "--out", str(tmp_path / "b"), *SMALL]) == 0
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["system"] == system and manifest["regions"] == {"count": 5, "width": 24}
    scores = parity(tmp_path / "b")["scores"]
    assert scores.std() > 1e-3 and np.abs(scores).max() < 0.999


@pytest.mark.parametrize("case, words", [("camp-gate-fusion-new-sum", 49), ("scan-t2i-mean", 50)])
def test_the_longest_caption_is_the_authors_own_where_nothing_is_said(tmp_path, case, words):
    """CAMP keeps 47 words of a caption, and the two markers."""
    assert main(["--checkpoint", str(loaded(case).path), "--out", str(tmp_path / "b")]) == 0
    assert json.loads((tmp_path / "b" / "bundle.json").read_text())["tokens"]["max"] == words


def test_without_a_vocabulary_it_is_said_that_the_bundle_reads_no_sentences(tmp_path, capsys):
    assert main(["--checkpoint", str(loaded("vsepp").path), "--out", str(tmp_path / "b")]) == 0
    assert f"{tmp_path / 'b'} reads no sentences: without --vocabulary its words are w4, w5, ..." in capsys.readouterr().out


def test_options_that_only_some_systems_have_are_given_with_dashes(tmp_path):
    assert main(["--random", "--system", "scan-i2t", "--raw-feature-norm", "l1norm", "--agg-func", "Max",
                 "--lambda-softmax", "3", "--out", str(tmp_path / "b"), *SMALL]) == 0
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["variant"] == {"raw_feature_norm": "l1norm", "agg_func": "Max", "lambda_softmax": 3.0}


@pytest.mark.parametrize("arguments, message", [
    (["--system", "camp-paper", "--agg-func", "Max"], "--agg-func is not for camp-paper"),
    (["--system", "scan-t2i", "--fusion", "sum"], "--fusion is not for scan-t2i"),
    (["--system", "scan-t2i", "--lambda-softmax", "nan"], "option lambda_softmax is nan, expected a positive number"),
    (["--system", "scan-t2i", "--embedding", "bilinear"],
     "--embedding bilinear is not for scan-t2i, whose embedding is features")])
def test_an_option_of_another_system_is_refused(tmp_path, capsys, arguments, message):
    assert main(["--random", *arguments, "--out", str(tmp_path / "b"), *SMALL]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "b").exists()


@pytest.mark.parametrize("case", ("scan-t2i-logsumexp", "sgraf-sgr"))
def test_a_systems_own_embedding_can_be_had_in_place_of_slots(tmp_path, case):
    vocabulary = tmp_path / "v.json"
    words = ["<pad>", "<start>", "<end>", "<unk>", *(f"word{i}" for i in range(56))]
    vocabulary.write_text(json.dumps({"words": words}))
    for name, arguments, expected in (("slots", [], "slots"), ("own", ["--embedding", "features"], "features")):
        assert main(["--checkpoint", str(loaded(case).path), "--vocabulary", str(vocabulary), "--out",
                     str(tmp_path / name), *arguments]) == 0
        manifest = json.loads((tmp_path / name / "bundle.json").read_text())
        assert manifest["embedding"]["source"] == expected


def test_the_same_seed_gives_the_same_weights_in_any_form(tmp_path):
    for name, options in (("a", []), ("b", ["--form", "published"]), ("c", ["--seed", "1"])):
        assert main(["--random", "--out", str(tmp_path / name), *SMALL, *options]) == 0
    a, b, c = (parity(tmp_path / name) for name in "abc")
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not np.array_equal(a["scores"], c["scores"])


@pytest.mark.parametrize("embedding", ("bilinear", "slots"))
def test_the_same_export_is_the_same_to_the_byte_whatever_the_number_of_threads(tmp_path, embedding):
    written = []
    for threads in ("1", "2", "3"):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        out = tmp_path / threads
        subprocess.run([sys.executable, str(EXPORT), "--random", "--name", "same", "--out", str(out), "--embedding",
                        embedding, "--embed-size", "128", "--image-size", "512", "--word-size", "96",
                        "--vocabulary-size", "300"], env=environment, check=True, capture_output=True)
        written.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert len(written[0]) == 8
    assert written[0] == written[1] == written[2]


def test_the_smallest_sizes_export(tmp_path):
    assert main(["--random", "--out", str(tmp_path / "b"), "--embed-size", "2", "--image-size", "1", "--word-size",
                 "1", "--vocabulary-size", "4", "--regions", "1", "--max-tokens", "3"]) == 0


@pytest.mark.parametrize("arguments, message", [
    (["--random", "--vocabulary-size", "3"], "--vocabulary-size must be at least 4"),
    (["--random", "--embed-size", "0"], "--embed-size must be at least 1"),
    (["--random", "--max-tokens", "2"], "--max-tokens must be at least 3"),
    (["--random", "--max-tokens", "4097"], "at most 4096"),
    (["--random", "--regions", "0"], "--regions must be at least 1"),
    (["--random", *SMALL, "--regions", "100000000000"], "--regions is 100000000000: with .* an image has 2 GiB or more"),
    (["--random", *SMALL, "--name", ""], "--name is '', expected 1 to 200 characters"),
    (["--random", *SMALL, "--name", "n" * 201], "--name is 'nnn.*, expected 1 to 200 characters"),
    (["--random", *SMALL, "--name", "two\nlines"], r"--name is 'two\\nlines', expected .* none that controls a terminal"),
    (["--random", *SMALL, "--precision", "int8", "--form", "published"], "--precision int8 is for the serving form"),
    (["--random", *SMALL, "--precision", "int8", "--system", "camp-paper"], "--precision int8 is for the serving form"),
    (["--checkpoint", "none.pth"], "none.pth: No such file or directory"),
    (["--checkpoint", "CHECKPOINT", "--config", "none.json"], "none.json: No such file or directory"),
    (["--checkpoint", "CHECKPOINT", "--vocabulary", "none.json"], "none.json: No such file or directory"),
    (["--checkpoint", "CHECKPOINT", "--coarse", "none.npz"], "none.npz: .*No such file"),
    (["--checkpoint", "CHECKPOINT", "--config", "CHECKPOINT"], "not readable as JSON"),
])
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, reference, arguments, message):
    arguments = [str(reference) if part == "CHECKPOINT" else part for part in arguments]
    assert main([*arguments, "--out", str(tmp_path / "b")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert re.search(message, error), error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", ["-1", "9" * 23, "x"])
def test_a_seed_that_torch_does_not_take_is_a_usage_error(tmp_path, seed):
    with pytest.raises(SystemExit) as stopped:
        main(["--random", "--seed", seed, "--out", str(tmp_path / "b")])
    assert stopped.value.code == 2


def test_the_script_itself_ends_with_exit_code_2_and_no_traceback(tmp_path):
    (tmp_path / "c.pth").write_bytes(b"\x80\x02cos\nsystem\n")
    run = subprocess.run([sys.executable, str(EXPORT), "--checkpoint",
                          str(tmp_path / "c.pth"), "--out", str(tmp_path / "b")], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1 and "c.pth: refused: the file holds os.system" in run.stderr


def test_a_bundle_is_kept_without_force_and_replaced_with_it(tmp_path, capsys):
    out = tmp_path / "b"
    assert main(["--random", "--out", str(out), *SMALL]) == 0
    before = (out / "bundle.json").read_bytes()
    assert main(["--random", "--seed", "1", "--out", str(out), *SMALL]) == 2
    assert "not empty" in capsys.readouterr().err and (out / "bundle.json").read_bytes() == before
    assert main(["--random", "--seed", "1", "--out", str(out), *SMALL, "--force"]) == 0
    assert (out / "bundle.json").read_bytes() != before
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("manifest", [
    None, "", "[1]", "[" * 100_000, "{}", '{"format": "another/1", "files": {"mine.txt": {}}}',
    '{"format": "retrieval-bundle/1"}', '{"format": "retrieval-bundle/1", "files": {"graph.onnx": {}}}',
])
def test_force_replaces_nothing_but_a_bundle(tmp_path, capsys, manifest):
    out = tmp_path / "models"
    (out / "sub").mkdir(parents=True)
    (out / "mine.txt").write_text("keep me")
    if manifest is not None:
        (out / "bundle.json").write_text(manifest)
    before = sorted(path.name for path in out.iterdir())
    assert main(["--random", "--out", str(out), *SMALL, "--force"]) == 2
    error = capsys.readouterr().err
    assert "not replaced" in error and "not part of a bundle" in error and error.count("\n") == 1
    assert sorted(path.name for path in out.iterdir()) == before and (out / "mine.txt").read_text() == "keep me"
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_force_keeps_a_bundle_in_which_something_else_was_put(tmp_path, capsys):
    out = tmp_path / "b"
    assert main(["--random", "--out", str(out), *SMALL]) == 0
    (out / "notes.txt").write_text("keep me")
    assert main(["--random", "--out", str(out), *SMALL, "--force"]) == 2
    assert "notes.txt" in capsys.readouterr().err and (out / "notes.txt").exists()


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "b").mkdir()
    assert main(["--random", "--out", str(tmp_path / "b"), *SMALL]) == 0


@pytest.mark.parametrize("option", ["--system=rdan", "--embed-size=8", "--seed=1", "--fusion=sum", "--sim-dim=3"])
def test_an_option_of_random_weights_is_refused_beside_a_checkpoint(reference, tmp_path, capsys, option):
    assert main(["--checkpoint", str(reference), "--out", str(tmp_path / "b"), option]) == 2
    assert f"error: {option.split('=')[0]} has no effect with --checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("option", ["--config=c.json", "--vocabulary=v.json"])
def test_an_option_of_checkpoints_is_refused_beside_random_weights(tmp_path, capsys, option):
    assert main(["--random", "--out", str(tmp_path / "b"), option, *SMALL]) == 2
    assert f"error: {option.split('=')[0]} has no effect with --random" in capsys.readouterr().err


def test_a_file_in_the_way_is_refused(tmp_path, capsys):
    (tmp_path / "b").write_text("a file")
    assert main(["--random", "--out", str(tmp_path / "b"), *SMALL, "--force"]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_the_package_has_the_commands_and_all_that_they_import():
    setuptools = pytest.importorskip("setuptools")
    project = tomllib.loads((EXPORT.parent / "pyproject.toml").read_text())
    commands = {}
    for name, command in project["project"]["scripts"].items():
        module, function = command.split(":")
        commands[name] = getattr(import_module(module), function)
    assert commands == {"retrieval-export": main, "retrieval-fit-coarse": fit, "retrieval-train": train}
    module, attribute = project["tool"]["setuptools"]["dynamic"]["version"]["attr"].rsplit(".", 1)
    assert re.fullmatch(r"\d+\.\d+\.\d+", getattr(import_module(module), attribute))
    packages = setuptools.find_packages(EXPORT.parent, **project["tool"]["setuptools"]["packages"]["find"])
    folders = {path.parent for path in (EXPORT.parent / "retrieval_exporter").rglob("*.py")}
    assert set(packages) == {".".join(folder.relative_to(EXPORT.parent).parts) for folder in folders}


def test_a_failure_half_way_leaves_nothing_and_keeps_the_old_bundle(tmp_path, monkeypatch):
    out = tmp_path / "b"
    assert main(["--random", "--out", str(out), *SMALL]) == 0
    before = (out / "bundle.json").read_bytes()

    def fail(*_):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(bundles.parity, "make", fail)
    with pytest.raises(RuntimeError):
        main(["--random", "--out", str(out), *SMALL, "--force"])
    assert (out / "bundle.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_the_name_and_the_vocabulary_go_into_the_bundle(tmp_path, reference):
    words = ["<pad>", "<start>", "<end>", "<unk>"] + ["word%d" % i for i in range(56)]
    (tmp_path / "v.json").write_text(json.dumps({"word2idx": {word: i for i, word in enumerate(words)}}))
    assert main(["--checkpoint", str(reference), "--vocabulary", str(tmp_path / "v.json"), "--name", "scenes",
                 "--out", str(tmp_path / "b")]) == 0
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["name"] == "scenes" and manifest["tokens"]["max"] == 49
    assert json.loads((tmp_path / "b" / "vocabulary.json").read_text()) == {"words": words}


def test_the_fixtures_are_those_of_every_system():
    assert {loaded(case).model.system.name for case in CASES} == set(registry.names())


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_an_export_that_is_stopped_leaves_nothing(tmp_path, number):
    process = subprocess.Popen([sys.executable, str(EXPORT), "--random", "--out", str(tmp_path / "b")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob(".b.*")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_is_stopped_as_it_makes_its_folder_leaves_nothing(tmp_path, monkeypatch):
    make = pathlib.Path.mkdir

    def stopped(path, *arguments, **options):
        make(path, *arguments, **options)
        if path.name.startswith(".b."):
            raise SystemExit(143)

    monkeypatch.setattr(pathlib.Path, "mkdir", stopped)
    with pytest.raises(SystemExit):
        main(["--random", "--out", str(tmp_path / "b")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("of", ["", ".training", ".fitting"])
def test_faults_of_the_command_line_are_one_line(of, capsys):
    with pytest.raises(SystemExit) as stopped:
        import_module(f"retrieval_exporter{of}.cli").main(["--no-such-option"])
    told = capsys.readouterr().err
    assert stopped.value.code == 2 and told.startswith("error: ") and told.count("\n") == 1


def test_a_config_against_the_checkpoint_is_told_with_both_values_behind_what_was_recognised(tmp_path):
    (tmp_path / "config.json").write_text('{"agg_func": "Max", "unheard": 1}')
    done = subprocess.run([sys.executable, EXPORT, "--checkpoint", HERE / "fixtures" / "scan-t2i-mean" / "model_best.pth.tar",
                           "--config", tmp_path / "config.json", "--out", tmp_path / "bundle"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    first, second, third = done.stdout.splitlines()[:3]
    assert first.startswith("SCAN")
    assert second == "note: --config gives agg_func = 'Max', the checkpoint 'Mean': --config is taken"
    assert third == "note: nothing reads unheard of --config"
