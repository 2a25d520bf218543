"""Promises 1 to 3: load from `retrieval bench query --server` and from callers of our own."""
import json
import socket
import statistics
import struct
import time

from row import percentile
from served import Loop, until

# Eight searches of the default size, which is what a CPU admits by itself: named here, so that the bound is known.
ADMITTED = 8 * (200 + 16)
GENERAL = "a red cube and a blue star"


def bench(place, server, *arguments):
    return place.json("bench", "query", "--server", server.url, "--warm-up", "1", "--seed", str(place.seed), *arguments)


def series(report, name):
    return [each for each in report["metrics"]["series"] if each["name"].partition("{")[0] == name]


def overload(row, place):
    seconds = place.size(5, 40)
    server = place.serve("--bundle", place.demo / "bundle", "--index", place.demo_index(), f"--Limits:AdmittedPairs={ADMITTED}")
    report = bench(place, server, "--kind", "images", "--concurrency", "8", "--seconds", seconds, "--overload")
    found = report["overload"]
    row.did(f"open loop at 0.7, 10 and 0.7 times the capacity, {seconds} s each, behind a closed loop of 8 clients")
    row.check(server.alive, "the server ended")
    row.check(found["everyShedHadRetryAfter"], "a 429 had no Retry-After, or nothing was shed")
    row.check(not found["otherStatuses"], f"statuses other than 200 and 429: {found['otherStatuses']}")
    row.check(not found["failures"], f"requests without an answer: {found['failures']}")
    peak = max((each["peak"] for each in series(report, "retrieval_queue_admitted")), default=None)
    # Four requests of more than a quarter of the bound have places beside it; none of that size is asked here.
    row.check(peak is not None and peak <= ADMITTED, f"admitted work peaked at {peak} pairs, the bound is {ADMITTED}")
    row.told(f"capacity {found['capacity']:.0f}/s; {100 * found['shedShare']:.0f} % shed, each a 429 with Retry-After; admitted at most {peak:.0f} of {ADMITTED} pairs")
    row.number(f"goodput {100 * found['goodputShare']:.0f} % of the peak", found["goodputShare"] >= 0.95, ">= 95 %")
    ratio = found["p99Ratio"]
    row.number(f"p99 of the accepted {ratio:.2f} x that at 70 %" if ratio else "p99 of the accepted unknown", bool(ratio) and ratio <= 1.5, "<= 1.5 x")
    recovered = found["recoveredAfterSeconds"]
    row.number(f"recovered in second {recovered}" if recovered else f"not recovered within {seconds} s", bool(recovered) and recovered <= 10, "<= 10 s")
    row.check(server.post("/v1/search/images", {"caption": GENERAL}).status == 200, "the first query after it was not answered")
    server.stop()


def deadlines(row, place):
    seconds = place.size(5, 40)
    server = place.serve("--bundle", place.demo / "bundle", "--index", place.demo_index())
    marks = {"whole": 0, "shortened": 0, "late": 0, "shed": 0}
    overruns = []

    def ask(number, turn):
        deadline = place.random(f"deadline/{number}/{turn}").randrange(5, 200)
        answer = server.post("/v1/search/images", {"caption": GENERAL, "top": 200, "deadlineMs": deadline})
        if answer.status in (200, 504):
            overruns.append(max(0.0, answer.ms - deadline))
        if answer.status == 200:
            body = answer.json
            unscored = sum(hit["score"] is None for hit in body["hits"])
            cut = body["reranked"] < body["shortlisted"] or unscored > 0
            row.check(("deadline" in answer.degraded) == cut, f"{body['reranked']} of {body['shortlisted']} reranked, {unscored} hits without a score, degraded is {body['degraded']}")
            marks["shortened" if cut else "whole"] += 1
        elif row.check(answer.status in (429, 504), f"a request with a deadline was answered with {answer.status}"):
            marks["late" if answer.status == 504 else "shed"] += 1

    callers = Loop(ask, threads=2)
    report = bench(place, server, "--kind", "images", "--concurrency", "4", "--rate", "2x", "--seconds", seconds, "--deadline-ms", "60")
    callers.end()
    row.did(f"deadlines of 60 ms at twice the capacity for {seconds} s, and of 5 to 200 ms beside, each answer compared with its mark")
    row.check(marks["shortened"] + marks["late"] > 0, "no deadline was short")
    row.told(", ".join(f"{count} {name}" for name, count in marks.items()) + "; none shortened without its mark")
    counts = report["levels"][-1]["counts"]
    row.check(not counts["failed"] and not counts["refused"], f"under load {counts['failed']} requests failed and {counts['refused']} were refused: {counts['statuses']} {counts['faults']}")
    kept = counts["overrunMs"]
    if kept:
        row.number(f"beyond the deadline: p50 {kept['p50']:.0f}, p99 {kept['p99']:.0f} ms of {kept['count']} under load", kept["p99"] <= 50, "p99 <= 50 ms")
    else:
        row.number("no answer under load to judge", False, "some answers")
    row.number(f"p99 {percentile(overruns, 0.99):.0f} ms of {len(overruns)} with mixed deadlines", percentile(overruns, 0.99) <= 50, "<= 50 ms")
    server.stop()


def leavers(row, place):
    """
    Waves of callers who close their sockets while their searches wait: what was computed after they had gone is counted in
    the pairs the device has done. Their work is far more than the device does meanwhile, so a share can be told.
    """
    wave, waves = 500, place.size(2, 20)
    server = place.serve("--bundle", place.demo / "bundle", "--index", place.demo_index(), "--Limits:AdmittedPairs=100000000", "--Limits:Concurrent=1000")
    body = json.dumps({"caption": GENERAL}).encode()
    request = f"POST /v1/search/images HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    kept, returned = [], []
    before = server.metrics()
    for _ in range(waves):
        sockets = [socket.create_connection((server.host, server.port), timeout=30) for _ in range(wave)]
        for each in sockets:
            each.sendall(request)

        def all_in(seen=[0, -1.0]):
            # All are in when as much is admitted as before: it only falls from then on.
            now = server.metrics()["retrieval_queue_admitted"]
            rises, seen[1] = now > seen[1], now
            return now > 0 and not rises

        until(all_in, "the wave is admitted", pause=0.005)
        at_leaving = server.metrics()
        waiting = at_leaving["retrieval_queue_admitted"]
        left = time.monotonic()
        for each in sockets:
            # A reset, as from a process that dies.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()
        until(lambda: server.metrics()["retrieval_queue_admitted"] == 0, "all room is given back", why=lambda: server.metrics()["retrieval_queue_admitted"], pause=0.005)
        returned.append(1000 * (time.monotonic() - left))
        # Read before they left and after: what was computed in between counts against the promise, too.
        spent = server.metrics()["retrieval_batch_pairs_sum"] - at_leaving["retrieval_batch_pairs_sum"]
        kept.append(100 * (1 - spent / waiting))
    # What had been read of a wave that seemed to be in is admitted after that, for a moment.
    until(lambda: (now := server.metrics())["retrieval_queue_admitted"] == 0 and now["retrieval_queue_depth"] == 0, "no room and no place in the queue leaks")
    after = server.metrics()
    row.did(f"{waves * wave:,} searches whose callers reset their connections while they waited, {wave} at a time")
    row.told(f"waiting work cancelled: least {min(kept):.2f} %, median {statistics.median(kept):.2f} %; room given back: p50 {percentile(returned, 0.5):.0f} ms, p99 {percentile(returned, 0.99):.0f} ms")
    row.number(f"{statistics.mean(kept):.2f} % of the waiting work never computed", statistics.mean(kept) >= 99, ">= 99 %")
    row.check(after.get("retrieval_queue_cancelled_total", 0) > before.get("retrieval_queue_cancelled_total", 0), "no work was counted as cancelled")
    row.check(after.get("retrieval_worker_restarts_total", 0) == 0, "the worker was restarted")
    leases = "aspnetcore_rate_limiting_active_request_leases"
    until(lambda: server.metrics().get(leases, 0) <= 1, "all places of the limiter are given back", why=lambda: server.metrics().get(leases))
    times = [server.post("/v1/search/images", {"caption": GENERAL}) for _ in range(50)]
    row.check(all(answer.status == 200 for answer in times), "a query after it was not answered")
    row.told(f"50 queries after it: p50 {percentile([answer.ms for answer in times], 0.5):.0f} ms, p99 {percentile([answer.ms for answer in times], 0.99):.0f} ms")
    server.stop()
