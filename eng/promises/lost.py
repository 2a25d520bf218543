"""A process that can compute no more ends, and whoever watches over it starts another."""
import os
import pathlib
import signal
import subprocess
import sys
import time

from row import NotRun
from served import Loop, until

HUNG_SECONDS = 3
PAUSE_SECONDS = 32  # longer than a batch may run before readiness is red


def hanging_bundle(place):
    """A copy of the bundle whose text encoder never ends for a caption with a certain word, and that word."""
    target = place.new("hanging-bundle")
    for python in (sys.executable, "/usr/bin/python3"):
        if not subprocess.run([python, "-c", "import onnx"], capture_output=True).returncode:
            script = pathlib.Path(__file__).with_name("hanging.py")
            return target, subprocess.run([python, "-B", script, place.bundle, target], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    raise NotRun("the Python package onnx is not there (Debian: python3-onnx)")


def answered(server, question):
    """The answer, which on a busy machine may take longer than the server waits here."""
    return until(lambda: (answer := server.post("/v1/search/images", question)).status == 200 and answer, "the question is answered")


def hung(row, place):
    (bundle, word), index, split = hanging_bundle(place), place.new("index"), place.split(20)
    captions = split / "test_caps.txt"
    captions.write_text(captions.read_text().replace(word, "w4"))
    place.run("ingest", "--bundle", bundle, "--index", index, "--source", split, "--split", "test")
    arguments = ("--bundle", bundle, "--index", index, f"--Limits:HungSeconds={HUNG_SECONDS}", "--Limits:RequestTimeoutSeconds=1")
    question = {"caption": "w4 w5 w6", "shortlist": 20}
    hits = None
    for turn in range(place.size(1, 3)):
        server = place.serve(*arguments)
        answer = answered(server, question)
        hits = hits or answer.json["hits"]
        row.check(answer.json["hits"] == hits and server.get("/health/live").status == 200, f"start {turn}: other hits than before, or not live")

        load = Loop(lambda *_: server.post("/v1/search/images", question), threads=2)
        ready = Loop(lambda *_: server.get("/health/ready"), pause=0.02)
        load.more(3)
        os.kill(server.process.pid, signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)  # a machine that stands still; not a batch that hangs
        os.kill(server.process.pid, signal.SIGCONT)
        load.more(200, what="queries are answered after the pause")
        load.end()
        row.check(server.get("/health/live").status == 200, "a pause was taken for a batch that hangs")
        red = [answer.json["reasons"] for answer in ready.end() if answer.status != 200]
        row.check(not red, f"readiness was red {len(red)} times after a pause, at first because {red[:1]}")

        asked = time.monotonic()
        answer = server.post("/v1/search/images", {"caption": f"w4 {word}"})
        row.check(answer.status == 504 and answer.is_problem(), f"the query that hangs is answered with {answer.status}, expected 504 at its time limit")
        row.check(server.get("/health/live").status == 200, "liveness is red before the bound")
        live = until(lambda: (answer := server.get("/health/live")).status == 503 and answer, "liveness is red", HUNG_SECONDS + 30)
        red = live.ended - asked
        row.check(live.is_problem() and live.json["reasons"] == ["a batch does not end"], f"liveness says {live.body[:300]}")
        code = server.process.wait(60)
        ended = time.monotonic() - asked
        row.check(code == 3, f"the process ended with {code}, expected 3")
        row.check("Limits:HungSeconds is 3" in server.log.read_text(errors="replace"), "the log does not say why")
    after = place.serve(*arguments)
    row.check(answered(after, question).json["hits"] == hits, "other hits after the restart")
    after.stop()
    row.did(f"a text encoder whose graph never ends for one word; Limits:HungSeconds {HUNG_SECONDS}; {place.size(1, 3)} × stopped and continued, then hung, and started again")
    row.told(f"the query: 504 at its time limit; /health/live red after {red:.1f} s with the reason; ended with exit code 3 after {ended:.1f} s; the next process answers as before")
