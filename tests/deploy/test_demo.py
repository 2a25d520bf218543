"""demo.sh tells a port that somebody has from one that is free. The command line of the service is a stand-in, which ends at once."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo(tmp_path):
    for name in ("demo.sh", "models/scenes/bundle/bundle.json", "models/scenes/metadata.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "retrieval").write_text("#!/bin/sh\necho the command line was asked for \"$1\"\nexit 3\n", encoding="utf-8")
    (tmp_path / "retrieval").chmod(0o755)
    (tmp_path / "dotnet").symlink_to("/bin/true")  # only looked for
    return tmp_path / "demo.sh"


def run(demo, port):
    return subprocess.run([demo, "--once"], env={"PATH": f"{demo.parent}:/usr/bin:/bin", "DEMO_URL": f"http://127.0.0.1:{port}"},
                          capture_output=True, text=True, check=False)


def test_a_port_that_is_free_is_served_on(demo):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        # Bound and not listening: nobody else gets it, and nobody answers there.
        done = run(demo, port)
    assert (done.returncode, done.stderr) == (3, "")
    assert "the command line was asked for --version" in done.stdout


def test_a_port_that_somebody_listens_on_is_told(demo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(demo, port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"something listens on http://127.0.0.1:{port} already" in done.stderr
