"""The faults of the first attack that are seen over HTTP, as fixed cases."""
import base64
import json
import re
import socket
import subprocess
import time

import bodies
import strict
import wire
from book import Book
from corpus import stream
from oracle import Oracle
from wire import request

JSON = ("Content-Type", "application/json")


def own(rig, form="http", **options):
    """A server of this case alone, on a copy of the base index."""
    folder = rig.place("named")
    server = rig.serve(rig.copy(folder), folder, form, **options)
    return server, Oracle(rig.report, form, rig._contract)


def unbounded_metadata(rig, _):
    """1: what is stored has a bound, an answer has one, and what a burst took is given back. Under a heap limit, as a guard for this machine."""
    server, oracle = own(rig, environment={"DOTNET_GCHeapHardLimit": "0x60000000"}, options={"Limits:RequestTimeoutSeconds": 30})
    try:
        features = base64.b64encode(rig.corpus.npy(1)).decode()
        for what, members in (("metadata of 8 MB", {"metadata": {"k": "big", "m": "x" * 8_000_000}}), ("metadata of 1 MB", {"metadata": {"k": "big", "m": "x" * 1_000_000}}), ("metadata of 64 x 100 KB", {"metadata": {"k": "big", **{f"m{i}": "x" * 100_000 for i in range(60)}}}),
                              ("a name of 1 MB", {"metadata": {"k": "big", "n" * 1_000_000: "v"}}), ("captions of 8 MB", {"captions": ["w" * 9_000] * 880, "metadata": {"k": "big"}})):
            body = json.dumps({"features": features, **members}).encode()
            answer = wire.ask(server.port, "PUT", "/v1/images/big", body, [JSON])
            oracle.check(answer, what, "PUT", "/v1/images/big", sound=True)
            if answer is not None and answer.status in (200, 201) and "metadata" in what + "name":
                if what != "captions of 8 MB":
                    rig.report.finding("metadata has no bound", f"{what}: {answer.status}", "a 4xx that names the bound")
                queries = {"queries": [{"caption": "a red cube", "top": 1, "filter": {"k": "big"}} for _ in range(64)]}
                raw = request("POST", "/v1/search/batch", json.dumps(queries).encode(), [JSON])
                for _ in range(3):
                    try:
                        with wire.Connection(server.port, 40) as connection:
                            connection.send(raw)
                            oracle.check(connection.answer("POST"), raw, "POST", "/v1/search/batch", sound=True)
                    except (OSError, wire.Silence) as fault:
                        rig.report.finding("a batch over a large image has no answer", f"{what}: {fault!r}", "an answer")
        time.sleep(3)
        wire.ask(server.port, "GET", "/v1/model")
        time.sleep(1)
        server._memory()
        rig.report.high("MB of its own after the burst of large answers", getattr(server, "anonymous", 0) >> 20)
    finally:
        server.stop()


def descriptors(rig, _):
    """3: a hard limit of 1,024 files, and 1,000 connections of half a request each."""
    folder = rig.place("named")
    server = rig.serve(rig.copy(folder), folder, "http", ready=False, files=1024)
    held = []
    try:
        if not server.ready(30):
            # Refused at start with a word is one of the two ways out.
            rig.report.count("starts refused for their limit of files")
            if server.alive or "   at " in server.tail(3000):
                rig.report.finding("no proper refusal of a limit of 1,024 files", server.tail(), "one line that says why")
            else:
                server.refused()
            return
        server.expect_end = True  # /health/live may wait behind the connections here; the process may not end
        for _ in range(1000):
            try:
                connection = wire.Connection(server.port, 3)
                connection.send(b"POST /v1/search/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
                held.append(connection)
            except (OSError, wire.Silence):
                break
        time.sleep(2)
        rig.report.high("connections held with 1,024 files", len(held))
        if not server.alive:
            rig.report.finding("the process ends when file descriptors run out", f"{len(held)} connections: {server.tail()}", "connections are bounded by the limit of files")
    finally:
        for connection in held:
            connection.close()
        server.expect_end = False
        server.stop()


def chunk_size(rig, _):
    """6: chunk sizes that overflow, to every route that has a body."""
    server, oracle = own(rig)
    try:
        for method, target, kind in (("POST", "/v1/search/images", "application/json"), ("POST", "/v1/score", "application/json"), ("POST", "/v1/ingestions", "application/json"), ("PUT", "/v1/images/junk", "application/x-npy"), ("PUT", "/v1/images/junk", "application/json")):
            for size in (b"ffffffffffffffff", b"7fffffffffffffff", b"8000000000000000", b"ffffffff", b"80000000", b"fffffffffffffffff", b"-1", b"g"):
                raw = request(method, target, None, [("Content-Type", kind), ("Transfer-Encoding", "chunked")]) + size + b"\r\n{}\r\n0\r\n\r\n"
                try:
                    with wire.Connection(server.port, 15) as connection:
                        connection.send(raw)
                        answer = connection.answer(method)
                        oracle.check(answer, raw)
                        if answer is not None and answer.status not in (400, 408, 413):
                            rig.report.finding(f"a chunk size that overflows is a {answer.status}", answer.body[:200], "400, 408 or 413", raw)
                except wire.Silence:
                    rig.report.finding("no answer to a chunk size that overflows", size, "400, 408 or 413", raw)
    finally:
        server.stop()


def idle_connections(rig, _):
    """7: as many idle keep-alive connections as are let in; health answers all the same."""
    server, oracle = own(rig, options={"Http:KeepAliveSeconds": 120, "Http:HeaderTimeoutSeconds": 15})
    server.expect_end = True  # judged here
    held = []
    try:
        for _ in range(1000):
            connection = wire.Connection(server.port, 3)
            held.append(connection)
            try:
                connection.send(request("GET", "/health/live"))
                if connection.answer() is None:
                    break
            except wire.Silence:
                break
        rig.report.high("idle connections held", len(held))
        good = 0
        for _ in range(5):
            try:
                answer = wire.ask(server.port, "GET", "/health/live", timeout=4)
                good += answer is not None and answer.status == 200
            except (OSError, wire.Silence):
                pass
            time.sleep(0.5)
        if good < 4:
            rig.report.finding("idle connections silence /health/live", f"{good} of 5 looks were answered while {len(held)} connections stay", "health answers; idle connections give way")
    finally:
        for connection in held:
            connection.close()
        server.expect_end = False
        server.stop()


def empty_bodies(rig, _):
    """Low: other HTTP versions and long request lines have a body; HEAD; headers of every answer; Host."""
    server, oracle = own(rig)
    report = rig.report
    try:
        for raw in (b"GET /v1/model HTTP/2.0\r\nHost: a\r\n\r\n", b"GET /v1/model HTTP/1.2\r\nHost: a\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /v1/model?" + b"a" * 30000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"):
            with wire.Connection(server.port, 10) as connection:
                connection.send(raw)
                oracle.check(connection.answer(), raw)
        for target in ("/v1/model", "/health/live", "/health/ready", "/metrics", "/openapi/v1.json", "/v1/images/" + rig.corpus.ids[0], "/v1/ingestions"):
            answer = wire.ask(server.port, "HEAD", target)
            report.status("http", answer.status)
            if answer.status != 200:
                report.finding("HEAD is refused on a GET route", f"HEAD {target}: {answer.status}", "200", severity="low")
        for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""):
            raw = request("GET", "/v1/model", host=host)
            with wire.Connection(server.port, 10) as connection:
                connection.send(raw)
                answer = connection.answer()
            oracle.check(answer, raw)
            if answer is not None and answer.status == 200 and host:
                report.finding("any Host is accepted", f"Host: {host}: {answer.status}", "a 400 on the loopback interface", severity="low")
    finally:
        server.stop()


def openapi_statuses(rig, _):
    """Low: every status that occurs is in the document."""
    server, _ = own(rig)
    try:
        operations = [(path, method, operation) for path, methods in rig._contract.document["paths"].items() for method, operation in methods.items() if isinstance(operation, dict) and "responses" in operation]
        lacking = {status: [f"{method.upper()} {path}" for path, method, operation in operations if status not in operation["responses"] and "default" not in operation["responses"] and path.startswith("/v1") and (status != "408" or "requestBody" in operation)] for status in ("408", "414", "431", "500", "505")}
        for status, where in lacking.items():
            if where:
                rig.report.finding(f"the OpenAPI document lacks {status}", ", ".join(where)[:400], "every status where it occurs", severity="low")
    finally:
        server.stop()


def queries_and_numbers(rig, _):
    """Low: unknown query parameters and broken percent-encoding of an npy PUT; `top: 1.0`; a method of the caller's own in the log."""
    server, oracle = own(rig)
    report = rig.report
    try:
        for target in ("/v1/images/q1?captoin=a", "/v1/images/q2?caption=a&x=y", "/v1/images/q3?caption=%zz", "/v1/images/%zz", "/v1/images/q5%", "/v1/images/q6%f"):
            raw = request("PUT", target, rig.corpus.npy(3), [("Content-Type", "application/x-npy"), ("Connection", "close")])
            with wire.Connection(server.port) as connection:
                connection.send(raw)
                answer = connection.answer("PUT")
            oracle.check(answer, raw, "PUT", target)
            if answer is not None and answer.status in (200, 201):
                report.finding("unknown query parameters of an npy PUT are ignored" if "%" not in target else "broken percent-encoding is taken literally", f"{target}: {answer.status}", "400", severity="low")
        for top in (b"1.0", b"1e0", b"10E-1"):
            body = b'{"caption":"a cube","top":' + top + b"}"
            answer = wire.ask(server.port, "POST", "/v1/search/images", body, [JSON])
            oracle.check(answer, body, "POST", "/v1/search/images", sound=True)
            if answer.status != 200 and top == b"1.0":
                report.finding("a whole number written as 1.0 is refused", answer.body[:200], "200: JSON Schema's integer allows it", severity="low")
        for method in ("QZMETHODQZ", "Qz" * 20):
            answer = wire.ask(server.port, method, "/v1/model")
            oracle.check(answer, method, method, "/v1/model")
        server.scan()
    finally:
        server.stop()


def refused_source(rig, _):
    """Low: a source of which every row is refused does not end as completed."""
    server, oracle = own(rig)
    try:
        folder = server.folder / "bad"
        rig.corpus.write(folder, range(700, 708))
        path = folder / "part_ims.npy"
        data = bytearray(path.read_bytes())
        row = rig.corpus.regions * rig.corpus.width * 2
        for i in range(8):
            data[len(data) - (i + 1) * row:len(data) - (i + 1) * row + 2] = b"\x00\x7e"
        path.write_bytes(data)
        answer = wire.ask_json(server.port, "POST", "/v1/ingestions", {"source": {"folder": "bad", "split": "part"}})
        run = oracle.check(answer, "POST /v1/ingestions", "POST", "/v1/ingestions", sound=True) or {}
        for _ in range(200):
            if answer.status != 202 or run.get("state") != "running":
                break
            time.sleep(0.05)
            run = strict.parse(wire.ask(server.port, "GET", f"/v1/ingestions/{run['id']}").body)
        rig.report.count(f"a source of refused rows ends as {run.get('state')}")
        if run.get("state") == "completed" and run.get("rejected") == run.get("totalRows"):
            rig.report.finding("a source of which every row is refused ends as completed", str(run)[:300], "another state, or a message", severity="low")
    finally:
        server.stop()


def starts(rig, _):
    """Low: a port in use and a limit of 64 files end the start with a word, not with a stack trace."""
    folder = rig.place("named")
    index = rig.copy(folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = rig.command.start("serve", "--bundle", rig.command.bundle, "--index", index, "--urls", f"http://127.0.0.1:{taken.getsockname()[1]}", "--threads", 1)
        judge_start(rig, process, "a port in use")
    import resource
    process = rig.command.start("serve", "--bundle", rig.command.bundle, "--index", index, "--urls", "http://127.0.0.1:0", "--threads", 1, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    judge_start(rig, process, "a limit of 64 files")


def judge_start(rig, process, what):
    try:
        output, errors = process.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        rig.report.finding(f"the start with {what} does not end", "it runs on", "an end with a word", severity="low")
        return
    text = (output + errors).decode("utf-8", "replace")
    if process.returncode < 0 or process.returncode > 100:
        rig.report.finding(f"the start with {what} ends in a crash", f"{process.returncode}: {text[-300:]}", "an exit code and a word", severity="low")
    elif re.search(r"\n\s+at [\w.<>]+\(|Unhandled exception", text):
        rig.report.finding(f"the start with {what} ends with a stack trace", f"{process.returncode}: {text[:400]}", "one line", severity="low")


CASES = [
    ("issue 9, 1: what is stored has a bound", "http", unbounded_metadata), ("issue 9, 3: file descriptors run out", "http", descriptors), ("issue 9, 6: chunk sizes that overflow", "http", chunk_size),
    ("issue 9, 7: idle connections and health", "http", idle_connections), ("issue 9, low: empty bodies, HEAD, headers, Host", "http", empty_bodies), ("issue 9, low: statuses of the OpenAPI document", "http", openapi_statuses),
    ("issue 9, low: query parameters, percent-encoding, 1.0, methods in the log", "http", queries_and_numbers), ("issue 9, low: a source of refused rows", "http", refused_source), ("issue 9, low: starts that fail", "http", starts),
]
