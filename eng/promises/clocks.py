"""The machine's clock jumps by hours, forward and back, while the service serves, ingests and follows a catalog."""
import calendar
import glob
import os
import signal
import time

from index import copy_of, put
from row import NotRun
from served import Loop, until

HOUR = 3600


def library():
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise NotRun("libfaketime is not installed (Debian: libfaketime)")
    return found[0]


def stepped(row, place):
    clock = place.new("clock.txt")

    def step(hours):
        # In the place of the old one at once: the service reads it every second.
        new = clock.with_suffix(".new")
        new.write_text(f"{hours * HOUR:+d}s\n" if hours else "+0s\n")
        os.replace(new, clock)

    step(0)
    # The monotonic clock is left alone, as it is when a clock is set. The file is read once a second.
    environment = {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
    steps = (3, -5, 26, 0) if not place.long else (3, -5, 26, 0, -48, 0) * 5
    images = place.size(300, 1500)
    splits = [place.split(images, f"clock{number}") for number in range(2)]
    connection, _ = place.postgres().database()
    clean = place.new("clean-index")
    for split in splits:
        place.run("ingest", "--bundle", place.bundle, "--index", clean, "--source", split, "--split", "test", "--batch", "2")
    place.run("ingest", "--migrate", "--bundle", place.bundle, "--postgres", connection, "--source", splits[0], "--split", "test", "--batch", "2", "--name", "blue")
    cache = place.new("replica")
    broken = []

    def whole(start, ended):
        """What is started; again, if libfaketime ended it: on a busy machine one in a hundred starts of `bundle verify`, and none of 300 without it."""
        for _ in range(3):
            started = start()
            if ended(started) != -signal.SIGSEGV:
                return started
            broken.append(started)
        raise AssertionError("libfaketime ended three starts in a row with SIGSEGV")

    def serve():
        server = place.serve(
            "--bundle", place.bundle, "--index", cache, "--postgres", connection, "--Postgres:FollowSeconds=0.1", "--Postgres:ShortlistTimeoutMs=10000", "--Postgres:VisibleSeconds=60",
            environment=environment, ready=None)
        until(lambda: server.process.poll() is not None or "Now listening on" in server.log.read_text(errors="replace"), "the server listens or ends")
        return server

    server = whole(serve, lambda server: server.process.poll()).ready()

    def ahead():
        """Hours the server's clock is ahead of this one's, by the header Date, for which it looks once a second."""
        told = time.strptime(server.get("/health/live").headers["date"], "%a, %d %b %Y %H:%M:%S %Z")
        return round((calendar.timegm(told) - time.time()) / HOUR)

    times, lags = [], []

    def ask(number, turn):
        if turn % 2:
            answer = server.post("/v1/search/images", {"caption": f"w{4 + turn % 50}", "shortlist": 100})
            row.check(answer.status == 200 and "deadline" not in answer.degraded, f"a search was answered with {answer.status}, degraded {answer.degraded or 'not'}")
        else:
            answer = server.post("/v1/search/images", {"caption": f"w{4 + turn % 50}", "shortlist": 100, "deadlineMs": 60_000})
            # A deadline that a step had moved would be kept hours too early: a 504, or an answer that is cut.
            row.check(answer.status == 200 and "deadline" not in answer.degraded, f"a search with 60 s was answered with {answer.status} after {answer.ms:.0f} ms, degraded {answer.degraded or 'not'}")
            times.append(answer.ms)
        return answer

    def look(*_):
        metrics = server.metrics()
        lags.append(metrics.get("retrieval_follow_lag_seconds", 0))
        row.check(metrics["retrieval_ready"] == 1, "a step turned readiness red")

    asking, looking = Loop(ask, threads=2, pause=0.01), Loop(look, pause=0.1)
    ingest = "ingest", "--bundle", place.bundle, "--postgres", connection, "--source", splits[1], "--split", "test", "--batch", "2", "--name", "blue"

    def begin():
        ingestion = place.start(*ingest, **environment)
        until(lambda: ingestion.poll() is not None or server.get("/v1/images/clock1-00000").status == 200, "the ingestion has begun", 120)
        return ingestion

    during = 0
    ingestion = whole(begin, lambda ingestion: ingestion.poll())
    for number, hours in enumerate(steps):
        during += ingestion.poll() is None
        step(hours)
        until(lambda: ahead() == hours, f"the service sees its clock {hours:+d} h from here", 30, why=ahead)
        # Npgsql times the opening of a connection by the wall clock, so a step may break one off: then Postgres counts as
        # away for a moment, and answers say so.
        asking.more(10, lambda answer: answer.status == 200 and not answer.degraded, what="whole answers behind a step")
        answer = put(server, f"put-{number}", place.random(f"clock/{number}"))
        row.check(answer is not None and answer.status == 201 and answer.json["visible"], f"a PUT behind a step was answered with {answer and (answer.status, answer.body[:200])}")
    code = ingestion.wait(300)
    row.check(code == 0, f"the ingestion ended with {code}: {ingestion.log.read_text()[-300:]}")
    looking.end()
    asked = asking.end()
    for number in range(len(steps)):
        row.check(server.ask("DELETE", f"/v1/images/put-{number}").status == 200, "a PUT is gone")
    until(lambda: server.images() == 2 * images, f"{2 * images} images are served", 60, why=server.images)
    row.told(f"{len(broken)} starts that libfaketime ended were repeated")
    row.check(during > 0, "the ingestion was over before the first step")
    row.check(min(lags) >= 0 and max(lags) < 60, f"the lag behind Postgres was told as {min(lags):.0f} to {max(lags):.0f} s")
    code, seconds = server.stop()
    row.check(code == 0, f"the server ended with {code}")
    row.check(place.hash(copy_of(cache)) == place.hash(clean), "the content is not that of an ingestion under a steady clock")
    again = place.json(*ingest)
    row.check(again["ingested"] == 0, f"the ledger does not know what was stored: {again['ingested']} rows were stored again")
    row.did(f"a replica and an ingestion under a clock set to {', '.join(f'{hours:+d} h' for hours in steps[:6])}{' and so on' if place.long else ''}, with searches, deadlines and PUTs behind each step")
    marked = sum(bool(answer.degraded) for answer in asked)
    row.told(f"{len(asked)} searches answered, {marked} of them marked catalog-unavailable, slowest of those with a deadline {max(times):.0f} ms; lag {max(lags):.1f} s at most; {during} steps under the ingestion; {len(steps)} PUTs visible at once; same content; ended after {seconds:.1f} s")
