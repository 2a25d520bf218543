"""eng/gpu-package.sh and eng/gpu-check.sh, and what the gpu image is made of: all that can be tested without a GPU."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import ROOT, run

LIBRARY = "libonnxruntime_providers_cuda.so"


@pytest.fixture(scope="module")
def published_cuda(source, published, tmp_path_factory):
    """The folder /app of the gpu image, made as its build makes it: after the other one, in the same context."""
    out = tmp_path_factory.mktemp("cuda") / "app"
    run("docker/publish.sh", out, "--cuda", cwd=source)
    return out


def test_the_gpu_image_holds_the_cpu_image_and_the_provider(published, published_cuda):
    def names(folder):
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}

    assert names(published_cuda) - names(published) == {LIBRARY, "libonnxruntime_providers_tensorrt.so"} and names(published) <= names(published_cuda)
    assert (published_cuda / LIBRARY).stat().st_size > 100e6
    assert not (published_cuda / LIBRARY).stat().st_mode & 0o022


def test_the_gpu_image_stands_on_the_cuda_and_the_cudnn_the_provider_is_linked_with(published_cuda):
    image = re.search(r"ARG CUDA_IMAGE=nvidia/cuda:(\d+)\.\S*cudnn-runtime", (ROOT / "docker" / "Dockerfile").read_text())
    linked = set(re.findall(rb"libcublasLt\.so\.(\d+)", (published_cuda / LIBRARY).read_bytes()))
    assert linked == {image.group(1).encode()}


def test_what_is_published_finds_its_provider_and_says_what_that_lacks(published_cuda):
    verify = [published_cuda / "retrieval", "bundle", "verify", ROOT / "models" / "scenes" / "bundle", "--provider"]
    done = subprocess.run([*verify, "cuda"], capture_output=True, text=True, timeout=120)
    if done.returncode == 0:
        assert "CUDA device" in done.stdout
    else:
        assert str(published_cuda / LIBRARY) in done.stderr and re.search(r"cannot be loaded|no CUDA device|finds no|driver", done.stderr), done.stderr
        report = json.loads(run(*verify, "auto", "--json"))
        assert report["ok"] and report["device"]["provider"] == "CPUExecutionProvider"
        assert LIBRARY in report["device"]["reason"] or "no NVIDIA driver" in report["device"]["reason"]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package as for a machine with a GPU, but for the provider: it is the one file that CPU runs do not touch."""
    out = tmp_path_factory.mktemp("gpu") / "package"
    run(ROOT / "eng" / "gpu-package.sh", out, "--split", "20000000", "--without-provider")
    return out


@pytest.fixture(scope="module")
def python():
    found = subprocess.run(["bash", "-c", "source eng/python.sh && exporter_python"], capture_output=True, text=True, cwd=ROOT)
    if found.returncode != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Python with torch and onnx: see eng/python.sh")
    return found.stdout.strip()


def check(folder, python, out, *options, **settings):
    """A dry run where neither .NET nor the repository is at hand."""
    environment = {"PATH": "/usr/bin:/bin", "OUT": str(out), "GPU_CHECK_PYTHON": shutil.which(python), "TMPDIR": str(out.parent), **settings}
    done = subprocess.run([folder / "gpu-check.sh", "--dry-run", *options], capture_output=True, text=True, timeout=600, env=environment, cwd="/")
    summary = json.loads((out / "summary.json").read_text()) if (out / "summary.json").exists() else None
    return done, summary


def test_every_part_is_as_small_as_asked_and_nothing_else_is_large(package):
    parts = sorted((package / "parts").glob("*.[0-9][0-9]"))
    assert len(parts) >= 2 and all(part.stat().st_size <= 20_000_000 for part in parts)
    assert sum(path.stat().st_size for path in package.rglob("*") if path.is_file() and path not in parts) < 20e6


def test_a_dry_run_takes_every_step_and_leaves_nothing_behind(package, python, tmp_path):
    done, summary = check(package, python, tmp_path / "out")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    ran = {step["step"] for step in summary["steps"] if step["status"] == "ok"}
    assert ran >= {"unpack", "export-int8", "parity-demo", "parity-compact", "rerank-small", "rerank-large", "floor", "index", "start", "query", "overload", "stop"}
    assert summary["dryRun"] and "DRY RUN" in done.stdout
    judged = {row["area"]: row["verdict"] for row in summary["rows"] if row["verdict"] not in ("", "a dry run", "not measured")}
    assert len(judged) >= 7 and all(area.startswith("parity") and verdict == "met" for area, verdict in judged.items())
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    # Where it stands it may be run again, without being put together again.
    again, summary = check(package, python, tmp_path / "out", "--only", "export")
    assert again.returncode == 0 and "unpack" not in {step["step"] for step in summary["steps"]}
    # So may the script of a checkout, with the parts of a package.
    again, summary = check(ROOT / "eng", python, tmp_path / "out", "--only", "parity", "--package", package)
    assert again.returncode == 0 and "parity-demo" in {step["step"] for step in summary["steps"]}


def test_a_bundle_that_fails_fails_the_run_and_not_the_steps_after_it(package, python, tmp_path):
    copy = shutil.copytree(package, tmp_path / "package")
    graph = copy / "models" / "scenes" / "bundle" / "scorer_text_to_image.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"?")
    done, summary = check(copy, python, tmp_path / "out", "--only", "parity")
    steps = {step["step"]: step for step in summary["steps"]}
    assert done.returncode == 1 and summary["ok"] is False
    assert steps["parity-demo"]["status"] == "failed" and graph.name in steps["parity-demo"]["note"]
    assert steps["parity-float16"]["status"] == steps["parity-published-float32"]["status"] == "ok"


def test_without_time_nothing_runs_and_every_step_says_so(package, python, tmp_path):
    done, summary = check(package, python, tmp_path / "out", "--only", "parity", GPU_CHECK_LIMIT="0")
    notes = {step["note"] for step in summary["steps"] if step["step"] != "unpack"}
    assert done.returncode == 1 and notes == {"no time was left of 0 s"}


def test_a_part_that_was_damaged_on_its_way_is_not_run(package, python, tmp_path):
    copy = shutil.copytree(package, tmp_path / "package", ignore=shutil.ignore_patterns("app"))
    part = copy / "parts" / "app.tar.xz.01"
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    done, _ = check(copy, python, tmp_path / "out")
    assert done.returncode == 1 and "are not whole" in done.stderr and not pathlib.Path(copy, "app").exists()
