"""What the service makes of exported bundles: ONNX Runtime through `./retrieval`, held against the golden scores."""

import os
import shutil
import subprocess

import numpy as np
import pytest

from conftest import CASES, HERE, MAX_TOKENS, ROOT, TOLERANCE
from retrieval_exporter.cli import main
from retrieval_exporter.writing import parity

SLOTS = ["--embedding", "slots", "--slots", "8", "--slot-width", "5"]
VARIANTS = {
    "serving": [],
    "compact": ["--profile", "compact"],
    "published": ["--form", "published"],
    "float16": ["--precision", "float16"],
    "int8": ["--precision", "int8"],
    "compact-int8": ["--profile", "compact", "--precision", "int8"],
    "int8-records": ["--records", "int8"],
    "int8-float16-records": ["--precision", "int8", "--records", "float16"],
    "int8-int8-records": ["--precision", "int8", "--records", "int8"],
    "slots": SLOTS,
    "slots-float16": [*SLOTS, "--precision", "float16"],
    "slots-int8": [*SLOTS, "--precision", "int8"],
}
# Of what 8 bits change, one case for all; every kind of gate fusion in int8. Of systems whose profiles are the same,
# each form once: a case takes seconds.
def _served(case, variant):
    if case == "camp-gate-fusion-new-concat":
        return True
    if case.endswith("-mean"):
        return variant == "serving"
    if not case.startswith("camp-"):
        return variant in ("serving", "published", "float16")
    return variant in ("serving", "compact", "published", "float16", "slots") \
        or variant == "int8" and case.startswith("camp-gate-fusion")


EXPORTED = [f"{case} {variant}" for case in CASES for variant in VARIANTS if _served(case, variant)]
# camp-paper has sharp attentions: its float16 scores reach the very bound of the parity check.
TOLERANCES = {"float16": 3e-3, "slots-float16": 3e-3, "int8": parity.tolerance("int8", "float32"),
              "slots-int8": parity.tolerance("int8", "float32"),
              "compact-int8": parity.tolerance("int8", "float32"),
              "int8-records": parity.tolerance("float32", "int8"),
              "int8-float16-records": parity.tolerance("int8", "float16"),
              "int8-int8-records": parity.tolerance("int8", "int8")}

pytestmark = pytest.mark.skipif(
    shutil.which("dotnet") is None and os.environ.get("CI") != "true", reason="the command line needs the .NET SDK")


def retrieval(*arguments):
    return subprocess.run([str(ROOT / "retrieval"), *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(params=EXPORTED)
def exported(request, tmp_path):
    case, variant = request.param.split()
    out = tmp_path / "bundle"
    assert main(["--checkpoint", str(HERE / "fixtures" / case / "model_best.pth.tar"), "--out", str(out),
                 "--max-tokens", str(MAX_TOKENS), *VARIANTS[variant]]) == 0
    return case, variant, out


def test_a_loaded_bundle_reproduces_its_parity_data_and_the_golden_scores(exported, tmp_path):
    case, variant, bundle = exported
    verified = retrieval("bundle", "verify", bundle)
    assert verified.returncode == 0, verified.stderr
    with np.load(HERE / "fixtures" / case / "golden.npz") as golden:
        arrays = {name: golden[name] for name in golden.files}
    for name in ("regions", "token_ids", "lengths"):
        np.save(tmp_path / (name + ".npy"), arrays[name])
    for direction in ("text-to-image", "image-to-text"):
        out = tmp_path / (direction + ".npy")
        scored = retrieval("score", "--bundle", bundle, "--regions", tmp_path / "regions.npy",
                           "--tokens", tmp_path / "token_ids.npy", "--lengths", tmp_path / "lengths.npy",
                           "--direction", direction, "--out", out)
        assert scored.returncode == 0, scored.stderr
        assert np.abs(np.load(out) - arrays["scores"]).max() <= TOLERANCES.get(variant, TOLERANCE)


@pytest.mark.parametrize("system, option", [
    ("camp-cross-attention", "--summary=mean"), ("camp-cross-attention-new", "--summary=mean"),
    ("camp-paper", "--ablation=no-cross-attention"), ("camp-paper", "--ablation=concat-fusion")])
def test_a_variant_without_public_numbers_scores_in_the_service_as_published(tmp_path, system, option):
    out = tmp_path / "bundle"
    assert main(["--random", "--system", system, option, "--embed-size", "32", "--image-size", "24", "--word-size", "12",
                 "--vocabulary-size", "30", "--regions", "7", "--max-tokens", "60", "--out", str(out)]) == 0
    verified = retrieval("bundle", "verify", out)
    assert verified.returncode == 0, verified.stderr
