"""deploy/helm: the command lines of its pods, run as rendered but for where files lie: the migration, the ingestion, the server."""
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import chart
from conftest import ROOT, run
from test_helm import jobs, serve

chart.installed()

ROLES = {"owner": "chart_owner", "ingest": "chart_ingest", "serve": "chart_serve"}


@pytest.fixture(scope="module")
def server(postgres):
    """Where PostgreSQL is, with a database and roles of these tests: a DBA has run roles.sql."""
    names = [f"{role}={name}" for role, name in ROLES.items()] + [f"{role}_password=pass-{role}" for role in ROLES] + ["database=chart"]
    postgres((ROOT / "deploy/postgres/roles.sql").read_text(), *[word for name in names for word in ("-v", name)])
    parts = dict(part.split("=", 1) for part in run(ROOT / "eng/postgres.sh", "up", postgres.name).strip().split(";") if part)
    return parts["Host"], int(parts["Port"])


class Mounted:
    """The volumes of a pod as folders, and a free port in the place of the container's own."""

    def __init__(self, folder, program):
        self.program = program
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for name in ("secrets", "data"):
            (folder / name).mkdir()
        for role in ROLES:
            (folder / "secrets" / f"{role}_password").write_text(f"pass-{role}")
        self.places = {"/run/secrets/postgres/": f"{folder}/secrets/", "/run/secrets/keys/": f"{folder}/", "/models/": f"{ROOT}/models/scenes/",
                       "/corpus": f"{ROOT}/models/scenes/corpus", "/data/": f"{folder}/data/", "0.0.0.0:8080": f"127.0.0.1:{self.port}"}
        self.key = re.search(r"rsk_\w+", run(program, "keys", "new", "--key-file", folder / "keys.json", "--name", "shop", "--role", "query")).group()

    def command(self, container, number=0):
        words = [word.replace("$(JOB_COMPLETION_INDEX)", str(number)) for word in container["args"]]
        for inside, outside in self.places.items():
            words = [outside.join(word.split(inside)) if word.startswith((inside, "http://")) else word for word in words]
        return [str(self.program), *words]

    def get(self, path, body=None, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Content-Type": "application/json", **headers}, data=body and json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None, ""


def until(condition, process, seconds):
    limit = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.1)


def test_the_pods_commands_migrate_ingest_serve_and_drain_in_time(published, server, tmp_path):
    host, port = server
    objects = chart.render({"postgres": {"host": host, "port": port, "database": "chart", "roles": ROLES}, "config": {"Limits": {"DrainDelaySeconds": 0.5}},
                            "ingest": {"enabled": True, "parts": 2, "parallelism": 1}})
    mounted = Mounted(tmp_path, published / "retrieval")
    (deployment,) = [document for (kind, _), document in objects.items() if kind == "Deployment"]
    (migrate,), (ingest,) = (jobs(objects)[name]["spec"]["template"]["spec"]["containers"] for name in ("migrate", "ingest"))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(mounted.command(serve(objects)), stdout=log, stderr=subprocess.STDOUT, cwd=tmp_path, env={"PATH": os.environ["PATH"], **{name: os.environ[name] for name in ("DOTNET_ROOT",) if name in os.environ}})
    try:
        probes = serve(objects)
        # Alive without a schema, an index or a copy: the startup probe waits for none of them.
        until(lambda: mounted.get(probes["startupProbe"]["httpGet"]["path"])[0] == 200, process, 300)
        assert mounted.get(probes["readinessProbe"]["httpGet"]["path"])[0] == 503
        run(*mounted.command(migrate))
        # The first part once more, as a job that was made anew does: it finds its rows stored.
        for number in (0, 1, 0):
            run(*mounted.command(ingest, number))
        until(lambda: mounted.get(probes["readinessProbe"]["httpGet"]["path"])[0] == 200, process, 600)
        question = {"caption": "a red cube", "top": 3}
        assert mounted.get("/v1/search/images", question)[0] == 401
        status, answer = mounted.get("/v1/search/images", question, **{"X-Api-Key": mounted.key})
        assert status == 200 and len(json.loads(answer)["hits"]) == 3
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]) == 0
    finally:
        process.kill()
        process.wait()


def test_the_server_refuses_an_option_that_it_does_not_know(published, tmp_path):
    mounted = Mounted(tmp_path, published / "retrieval")
    objects = chart.render({"config": {"Limits": {"DrainSecond": 30}}})
    done = subprocess.run(mounted.command(serve(objects)), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "Limits:DrainSecond" in done.stderr + done.stdout


@pytest.mark.parametrize("component", ["migrate", "ingest"])
def test_every_option_of_a_job_is_one_the_command_has(published, component):
    (container,) = jobs(chart.render({"ingest": {"enabled": True}}))[component]["spec"]["template"]["spec"]["containers"]
    words = container["args"]
    known = run(published / "retrieval", *words[:next(i for i, word in enumerate(words) if word.startswith("--"))], "--help")
    assert [option for option in words if option.startswith("--") and not re.search(rf"{option}\b(?!-)", known)] == []
