"""kill -9 while images are put and deleted and sources ingested, by the server and by the command line."""
import json
import os
import signal
import threading
import time

import strict
import wire
from book import ABSENT, Book, state
from corpus import CAPTION_MARK, METADATA_MARK, stream
from form_http import side_by_side
from oracle import Oracle

ROUNDS, WRITERS = 2, 3


def run(rig, case):
    rng = stream(rig.seed, case, "kills")
    folder = rig.place("kills")
    rng.choices([server, command], [3, 2])[0](rig, rng, folder, case)
    rig.clear(folder)


def server(rig, rng, folder, case):
    """The server is killed under writes, again and again; after each start all that was acknowledged is there."""
    index, book = rig.copy(folder), rig.book.copy()
    source = folder / "source"
    rows = range(600, 600 + rng.choice([40, 150]))
    images = rig.corpus.write(source, rows, prefix="run-")
    served = rig.serve(index, folder, "kills")
    for _ in range(ROUNDS):
        oracle = Oracle(rig.report, "kills", rig._contract)
        over = threading.Event()
        works = [lambda n=n: write(rig, stream(rig.seed, case, "writer", n, _), served, oracle, book, f"kill-{n}", over) for n in range(WRITERS)]
        progress = []
        if rng.random() < 0.6:
            works.append(lambda: ingest(rig, served, oracle, progress, over))
        moment = rng.choice([0.05, 0.3, 1.0, 2.0]) * (0.5 + rng.random())

        def killer():
            time.sleep(moment)
            over.set() if rng.random() < 0.2 else None
            served.kill()
            over.set()

        side_by_side(rig.report, *works, killer)
        if progress:
            # Any row of the run may be there or not; one that it said to be committed must be.
            for name, image in images.items():
                book.sent(name, state(*image))
        rig.verified(index)
        served = rig.serve(index, folder, "kills")
        rig.report.count("restarts after kills")
        completed = any(run["state"] == "completed" for run in progress)
        if completed:
            for name, image in images.items():
                book.acknowledged(name, state(*image))
        book.check(served.port, rig.report, oracle)
        stored = max((run["stored"] for run in progress), default=0)
        there = sum(book.states.get(name) not in (None, [ABSENT]) for name in images)
        if stored > there:
            rig.report.finding("a run's progress counts rows that are not committed", f"{stored} stored were told, {there} are there after the kill", "rows that are committed", severity="low")
        rig.totals(served.port, book)
        # Half a run would show as an image without its captions; searches of captions name images that are there.
        consistent(rig, served.port, oracle, book)
    if rng.random() < 0.5:
        finish(rig, served, oracle, book, images)
    served.stop()
    rig.verified(index)


def write(rig, rng, served, oracle, book, prefix, over):
    while not over.is_set() and served.alive:
        name = f"{prefix}-{rng.randrange(6)}"
        if rng.random() < 0.3:
            status = rig.delete(served.port, oracle, book, name, patience=4)
        else:
            row = rng.randrange(1000)
            status = rig.put(served.port, oracle, book, name, row, [f"{CAPTION_MARK} {row} {i}" for i in range(rng.randint(0, 4))], rng.choice([None, {"note": METADATA_MARK, "row": str(row)}]), rng.choice([None, rig.corpus.boxes(row)]), patience=4)
        if status is None:
            return


def order():
    return wire.request("POST", "/v1/ingestions", json.dumps({"source": {"folder": "source", "split": "part"}, "batchRows": 8}).encode(), [("Content-Type", "application/json"), ("Connection", "close")])


def ingest(rig, served, oracle, progress, over):
    """Starts a run and follows it; `progress` has each answer."""
    try:
        while served.alive and not over.is_set():
            with wire.Connection(served.port) as connection:
                connection.send(order())
                answer = connection.answer("POST")
            value = oracle.check(answer, order(), "POST", "/v1/ingestions", sound=True)
            if answer is not None and answer.status == 202:
                break
            if answer is None or answer.status not in (409, 429, 503):
                rig.report.finding("an ingestion is refused", answer and answer.body[:300], "202, or 409 while another writes") if answer is not None else None
                return
            time.sleep(0.02)
        else:
            return
        progress.append(value)
        rig.report.count("ingestions started")
        while served.alive:
            answer = wire.ask(served.port, "GET", f"/v1/ingestions/{value['id']}")
            found = oracle.check(answer, f"GET /v1/ingestions/{value['id']}", "GET", "/v1/ingestions/x", sound=True)
            if found is None or answer.status != 200:
                if answer is None:
                    return
                time.sleep(0.02)
                continue
            progress.append(found)
            if found["state"] != "running":
                return
            time.sleep(0.005)
    except (OSError, wire.Silence):
        return


def finish(rig, served, oracle, book, images):
    """The same order again goes on to the end."""
    progress = []
    until = time.monotonic() + 60
    while time.monotonic() < until:
        ingest(rig, served, oracle, progress, threading.Event())
        if not progress or progress[-1]["state"] != "running":
            break
    if not progress or progress[-1]["state"] != "completed":
        rig.report.finding("an ingestion does not complete after a kill", str(progress[-1:])[:400], "completed")
        return
    # A run is seen by searches with the next look at the index (Snapshot:RefreshSeconds).
    until = time.monotonic() + 20
    while time.monotonic() < until:
        counts = strict.parse(wire.ask(served.port, "GET", "/v1/model").body)["index"]
        if counts["images"] >= sum(states != [ABSENT] for name, states in book.states.items() if name not in images) + len(images):
            break
        time.sleep(0.1)
    for name, image in images.items():
        book.acknowledged(name, state(*image))
    book.check(served.port, rig.report, oracle, list(images))


def consistent(rig, port, oracle, book):
    raw = wire.request("POST", "/v1/search/captions", json.dumps({"imageId": rig.ids()[0], "top": 1000, "shortlist": 1000}).encode(), [("Content-Type", "application/json"), ("Connection", "close")])
    with wire.Connection(port) as connection:
        connection.send(raw)
        found = oracle.check(connection.answer("POST"), raw, "POST", "/v1/search/captions", sound=True) or {}
    for hit in found.get("hits", []):
        states = [each for each in book.states.get(hit["imageId"], [ABSENT]) if each is not ABSENT]
        if not any(hit["caption"] in each[1] for each in states):
            rig.report.finding("a search finds a caption that no image may have", str(hit)[:300], "captions of images that are there")


def command(rig, rng, folder, case):
    """`retrieval ingest`, `index delete` and `index compact` are killed; run again they end in the same index."""
    source = folder / "source"
    rig.corpus.write(source, range(300, 300 + rng.choice([60, 200])))
    options = {"--commit-rows": rng.choice([8, 32, 1024]), "--batch": rng.choice([4, 8])}
    undisturbed, index = rig.copy(folder), folder / "killed"
    os.rename(undisturbed, folder / "undisturbed")
    undisturbed = folder / "undisturbed"
    import shutil
    if rng.random() < 0.5:
        shutil.copytree(rig.base, index)
    else:
        shutil.rmtree(undisturbed)
    rig.command.ingest(undisturbed, source, more=options)
    expected = rig.command.run("index", "hash", "--index", undisturbed).output
    for _ in range(rng.randint(1, 3)):
        rig.command.ingest(index, source, more=options, kill_after=rng.uniform(0.25, 1.4))
        if (index / "manifest.json").exists():
            rig.verified(index)
            if rng.random() < 0.4:
                rig.command.run("index", "compact", "--index", index, kill_after=rng.uniform(0.15, 0.6))
                rig.verified(index)
    outcome = rig.command.ingest(index, source, more=options)
    if outcome.code != 0:
        rig.report.finding("an ingestion that was killed does not go on", outcome.errors[-400:], "exit 0")
        return
    got = rig.command.run("index", "hash", "--index", index).output
    if got != expected:
        rig.report.finding("an ingestion that was killed ends in another index than an undisturbed one", f"{got} {outcome.output[-300:]}", expected)
    name = rig.corpus.ids[310]
    rig.command.run("index", "delete", "--index", index, name, kill_after=rng.uniform(0.15, 0.6))
    rig.verified(index)
    rig.command.run("index", "delete", "--index", index, name)
    rig.command.run("index", "compact", "--index", index)
    rig.verified(index)
