"""The peer in PyTorch runs by itself and says what it measured."""

import json
import subprocess
import sys

import pytest
import torch

from conftest import ROOT

PROGRAM = ROOT / "models" / "exporter" / "torch_peer.py"
SMALL = ["--embed-size", "16", "--regions", "4", "--words", "3", "--repetitions", "2"]


def run(*arguments):
    return subprocess.run([sys.executable, str(PROGRAM), *SMALL, *arguments], capture_output=True, text=True)


def test_every_batch_size_is_measured():
    done = run("--pairs", "2,5")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [row["pairs"] for row in report["batches"]] == [2, 5]
    assert all(0 < row["least"] <= row["pairsPerSecond"] <= row["most"] for row in report["batches"])
    assert report["best"] == max(row["pairsPerSecond"] for row in report["batches"])
    assert report["torch"] == str(torch.__version__) and report["device"] == "cpu"


@pytest.mark.parametrize("system", ("scan-t2i", "sgraf-saf"))
def test_a_system_without_weights_and_one_of_so_many_regions_are_timed_as_well(system):
    done = run("--pairs", "3", "--system", system)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["system"] == system


def test_a_device_that_is_not_there_is_an_error_in_one_line():
    if torch.cuda.is_available():
        return
    done = run("--device", "cuda")
    assert done.returncode == 2 and "no CUDA device" in done.stderr and done.stderr.count("\n") == 1
