"""docker/: the image without an engine. Its content is published from its own build context and run as the image would."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
import yaml

from conftest import ROOT, build_context, run

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
# Comments may stand between continued lines; what is left is one instruction a line.
INSTRUCTIONS = [line.split(None, 1) for line in re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines() if line.strip()]
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="a read-only root file system is made by root")


def stages():
    found = {}
    for instruction, rest in INSTRUCTIONS:
        if instruction == "FROM":
            image, _, name = rest.partition(" AS ")
            current = found[name] = [("FROM", image)]
        elif instruction != "ARG":
            current.append((instruction, rest))
    return found


def test_stages_build_on_stages_or_arguments_with_a_pinned_default():
    # The time has no default: it is whoever builds who has one.
    arguments = dict(rest.split("=", 1) for instruction, rest in INSTRUCTIONS if instruction == "ARG" and rest != "SOURCE_DATE_EPOCH")
    assert all(re.search(r":[\w.-]*\d", image) for image in arguments.values())
    known = set()
    for name, instructions in stages().items():
        base = instructions[0][1]
        assert base in known or base.strip("${}") in arguments
        for _, rest in (pair for pair in instructions if pair[0] == "COPY" and "--from=" in pair[1]):
            assert re.search(r"--from=([\w-]+)", rest).group(1) in known
        known.add(name)


def test_what_is_copied_from_the_context_is_in_it(context):
    for instructions in stages().values():
        for instruction, rest in instructions:
            if instruction == "COPY" and "--from=" not in rest:
                *sources, _ = rest.split()
                assert all((context / source).exists() for source in sources)


def test_the_context_holds_sources_only(context):
    files = [path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()]
    assert not [path for path in files if re.search(r"(^|/)(bin|obj|node_modules|\.git|tests|models|\.secrets)/", path)]
    assert sum((context / path).stat().st_size for path in files) < 20e6


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_both_images_run_without_rights_and_know_their_health(target):
    instructions = dict(stages()[target])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions["USER"])
    assert "healthcheck" in instructions["HEALTHCHECK"] and instructions["ENTRYPOINT"] == '["/app/retrieval"]' and instructions["VOLUME"] == "/data"


def test_nobody_but_the_owner_can_change_what_is_published(published):
    assert not [path for path in published.rglob("*") if path.stat().st_mode & 0o022]


# Bytes of a program's file that say which symbols are its own: hashes and identifiers.
MOST_OF_A_NAME = 100


def test_the_same_sources_give_the_same_bytes_in_another_place_at_another_time(published, tmp_path):
    folder = build_context(tmp_path / "another place" / "and deeper")
    for path in folder.rglob("*"):
        os.utime(path, (1_234_567_890, 1_234_567_890))
    (tmp_path / "temporary").mkdir()
    out = tmp_path / "out"
    run("docker/publish.sh", out, cwd=folder, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "TMPDIR": str(tmp_path / "temporary"), "TZ": "Asia/Tokyo", "CI": "false"})
    files = {path.relative_to(out) for path in out.rglob("*")}
    assert len(files) > 50 and files == {path.relative_to(published) for path in published.rglob("*")}
    # .NET's generator of logging code orders its classes anew at each build. The compiled code has them in one order, its symbols in that
    # of the generated text, and the program's file names its symbols by their hash.
    differ = {str(file) for file in files if (out / file).is_file() and (out / file).read_bytes() != (published / file).read_bytes()}
    assert differ <= {"Retrieval.Server.dll", "Retrieval.Server.pdb"}
    one, other = ((folder / "Retrieval.Server.dll").read_bytes() for folder in (published, out))
    assert len(one) == len(other) and sum(a != b for a, b in zip(one, other)) <= MOST_OF_A_NAME
    assert {(out / file).stat().st_mtime for file in files} == {1_700_000_000}
    assert {(out / file).stat().st_mode for file in files} == {(published / file).stat().st_mode for file in files}


def test_it_is_not_published_into_a_folder_that_holds_something(tmp_path):
    (tmp_path / "mine").write_text("")
    done = subprocess.run([ROOT / "docker" / "publish.sh", tmp_path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "is not empty" in done.stderr


def commands():
    """Every command line of `retrieval` in the compose file."""
    for name, service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].items():
        if name not in ("postgres", "prometheus", "grafana"):
            yield f"compose {name}", service["command"]


COMMANDS = list(commands())


@pytest.mark.parametrize("name, arguments", COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_option_of_a_command_is_one_it_has(published, name, arguments):
    words = [*arguments, "--end"]
    words = words[:next(i for i, word in enumerate(words) if word.startswith("--"))]
    known = run(published / "retrieval", *words, "--help")
    assert [option for option in arguments if option.startswith("--") and not re.search(rf"{option}\b(?!-)", known)] == []


class Container:
    """A shell in a mount namespace as an image would have it: the root file system read-only, /app read-only, /tmp a small
    disk nothing runs from, /data a volume; run as the image's user, without capabilities and without a home."""

    SETUP = """
        set -eu
        mount -t tmpfs none /mnt && mkdir /mnt/app /mnt/dotnet /mnt/repository /mnt/data
        mount --bind "$1" /mnt/app; mount --bind "$2" /mnt/dotnet; mount --bind "$3" /mnt/repository
        mount --bind "$4" /mnt/data
        mount -t tmpfs -o size=256m,mode=1777,noexec,nosuid,nodev none /tmp
        for point in /mnt/app /mnt/dotnet /mnt/repository /mnt /; do mount -o remount,bind,ro "$point"; done
        shift 4
        cd /mnt/data
        exec setpriv --reuid 1654 --regid 1654 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
          env -i PATH=/usr/bin:/bin DOTNET_ROOT=/mnt/dotnet RETRIEVAL__LOGGING__FORMAT=json "$@"
    """

    def __init__(self, published, data):
        dotnet = pathlib.Path(os.environ.get("DOTNET_ROOT") or pathlib.Path(shutil.which("dotnet")).resolve().parent)
        os.chown(data, 1654, 1654)
        self.prefix = ["unshare", "--mount", "bash", "-c", self.SETUP, "container", str(published), str(dotnet), str(ROOT), str(data)]

    def run(self, *command):
        return run(*self.prefix, *command)

    def start(self, *command):
        return subprocess.Popen([*self.prefix, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def container(published, tmp_path_factory):
    return Container(published, tmp_path_factory.mktemp("data"))


@needs_root
def test_the_root_file_system_is_read_only_and_the_user_nobody(container):
    script = "id -u; for path in / /mnt/app /mnt/repository /usr /var/tmp /tmp /mnt/data; do touch $path/x 2>/dev/null && echo $path; done; grep CapEff /proc/self/status"
    assert container.run("bash", "-c", script).split() == ["1654", "/tmp", "/mnt/data", "CapEff:", "0000000000000000"]


@needs_root
def test_it_says_its_version(container):
    assert re.match(r"\d+\.\d+\.\d+", container.run("/mnt/app/retrieval", "--version"))


@needs_root
def test_it_proves_a_bundle_ingests_serves_reports_its_health_and_drains(container):
    models = "/mnt/repository/models/scenes"
    container.run("/mnt/app/retrieval", "ingest", "--bundle", f"{models}/bundle", "--index", "/mnt/data/index", "--source", f"{models}/corpus", "--split", "test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    health = [ROOT / "docker" / "healthcheck.sh", str(port)]
    assert subprocess.run(health, capture_output=True).returncode != 0
    server = container.start("/mnt/app/retrieval", "serve", "--bundle", f"{models}/bundle", "--index", "/mnt/data/index", "--urls", f"http://127.0.0.1:{port}")
    log = []
    reader = threading.Thread(target=lambda: log.extend(server.stdout), daemon=True)
    reader.start()
    try:
        limit = time.monotonic() + 120
        while subprocess.run(health, capture_output=True).returncode != 0:
            assert server.poll() is None and time.monotonic() < limit, "".join(log)
            time.sleep(0.2)
        assert subprocess.run([*health, "/health/nothing"], capture_output=True).returncode != 0
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0, "".join(log)
    finally:
        server.kill()
        server.wait()
        reader.join(10)
