"""HTTP, well-formed and not, over raw sockets: one case is a few clients side by side, each with its own random numbers."""
import threading
import time
import traceback

import bodies
import wire
from corpus import ID_MARK, stream
from wire import request

CLIENTS, SCRIPTS = 4, 14
JSON = ("Content-Type", "application/json")
MODEST = 12  # seconds that an answer to what is no proper request is waited for


class Client:
    """One client: runs scripts drawn from its own random numbers."""

    def __init__(self, rng, served, oracle, report):
        self.rng, self.port, self.oracle, self.report, self.ids = rng, served.server.port, oracle, report, served.ids
        self.alive = lambda: served.server.alive

    def run(self, scripts):
        for _ in range(scripts):
            script = self.rng.choices(*zip(*SCRIPTS_OF))[0]
            self.report.count(f"http {script.__name__.strip('_')}")
            try:
                script(self)
            except ConnectionRefusedError:
                return
            except OSError as fault:
                # A reset while we connect or send: the server may close whenever it likes.
                self.report.count(f"http connections ended by the server ({type(fault).__name__})")

    # A request that is well-formed HTTP, whatever its body.
    def proper(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.75:
            target, body = rng.choice([
                ("/v1/search/images", bodies.image_search(rng)), ("/v1/search/captions", bodies.caption_search(rng, self.ids)),
                ("/v1/search/batch", bodies.batch(rng, self.ids)), ("/v1/score", bodies.score(rng, self.ids)), ("/v1/ingestions", bodies.ingestion(rng)),
            ])
            return "POST", target, bodies.mutate(rng, body), [JSON]
        if kind < 0.85:
            return "PUT", f"/v1/images/junk-{ID_MARK}-{rng.randrange(10)}", bodies.mutate(rng, {"features": "AACAPwAAAEA=", "captions": ["a", "b"], "metadata": {"k": "v", "n": 1}, "boxes": [[0, 0, 1, 1]]}), [JSON]
        return rng.choice(["GET", "GET", "DELETE"]), rng.choice([
            f"/v1/images/junk-{rng.randrange(10)}", "/v1/images/", "/v1/images", "/v1/images/a%2Fb%20c", "/v1/images/%00", "/v1/images/%ff", "/v1/images/%zz", "/v1/images/" + "a" * 3000, "/v1/ingestions/junk",
            "/v1/ingestions/00000000-0000-0000-0000-000000000000", "/v1/model", "/v1/ingestions", "/health/ready", "/metrics", "/openapi/v1.json", "/", "/v1", "/v2/model", "/v1/search/images", "/v1/model?x=%", "/v1//model"]), None, []

    def valid(self):
        rng = self.rng
        target, body = rng.choice([("/v1/search/images", bodies.image_search(rng)), ("/v1/search/captions", bodies.caption_search(rng, self.ids)),
                                   ("/v1/search/batch", bodies.batch(rng, self.ids)), ("/v1/score", bodies.score(rng, self.ids))])
        return "POST", target, bodies.dump(body), [JSON], {200, 429, 503, 504}

    def exchange(self, connection, raw, method, target, expected=None, abandoned=False):
        try:
            connection.send(raw)
            answer = connection.answer(method)
        except wire.Silence:
            self.report.finding(f"no answer to {method} {target[:40]}", f"nothing in {connection.timeout} s", "an answer or the connection's end", raw)
            return None
        if answer is None:
            # A body beyond the bounds may be cut off by a reset, in which the answer is lost.
            if len(raw) < 100_000 and self.alive():
                self.report.finding(f"the connection ends without an answer to {method} {target[:40]}", "no answer", "an answer", raw)
            return None
        self.oracle.check(answer, raw, method, target, sound=True)
        if expected and answer.status not in expected:
            self.report.finding(f"a valid request to {target} is refused with {answer.status}", answer.body[:300], f"one of {sorted(expected)}", raw)
        return answer

    def once(self, raw, method, target):
        """A well-formed request on a connection of its own."""
        with wire.Connection(self.port) as connection:
            self.exchange(connection, raw, method, target)

    def json(self):
        with wire.Connection(self.port) as connection:
            for _ in range(self.rng.randint(1, 5)):
                method, target, body, headers = self.proper()
                if self.rng.random() < 0.15:
                    headers = [*headers, ("Expect", "100-continue")]
                answer = self.exchange(connection, request(method, target, body, headers), method, target)
                if answer is None or answer.closes:
                    return

    def good(self):
        with wire.Connection(self.port) as connection:
            for _ in range(self.rng.randint(1, 4)):
                method, target, body, headers, expected = self.valid()
                answer = self.exchange(connection, request(method, target, body, headers), method, target, expected)
                if answer is None or answer.closes:
                    return

    def pipelined(self):
        asked = [self.valid()[:4] if self.rng.random() < 0.5 else self.proper() for _ in range(self.rng.randint(2, 9))]
        raw = b"".join(request(*each) for each in asked)
        with wire.Connection(self.port) as connection:
            connection.send(raw)
            for method, target, _, _ in asked:
                try:
                    answer = connection.answer(method)
                except wire.Silence:
                    self.report.finding("a pipelined request has no answer", f"{method} {target}", "an answer each, in order", raw)
                    return
                if answer is None:
                    return
                self.oracle.check(answer, raw, method, target, sound=True)
                if answer.closes:
                    return

    # Whatever this is: every answer that comes must be a proper one.
    def odd(self, *parts, pause=0.0, wait=MODEST, half_close=False):
        raw = b"".join(parts)
        try:
            with wire.Connection(self.port, wait) as connection:
                for part in parts:
                    if not connection.send(part):
                        break
                    if pause:
                        time.sleep(pause)
                if half_close:
                    connection.half_close()
                for further in range(20):
                    # Whether there is a second answer is up to the server; it is not waited for until the connection times out.
                    answer = connection.answer("HEAD" if raw.startswith(b"HEAD") else "GET", 0.4 if further else wait)
                    if answer is None:
                        return
                    if answer.status == 0 and raw.startswith(b"PRI * HTTP/2.0"):
                        return  # a frame of HTTP/2 that refuses it
                    if answer.status == 0:
                        self.report.finding("bytes that are no HTTP answer", answer.body[:200], "an HTTP answer", raw)
                        return
                    self.oracle.check(answer, raw)
                    if answer.closes:
                        return
        except wire.Silence:
            pass

    def headers(self):
        rng = self.rng
        method, target, body, headers, _ = self.valid()
        extra = rng.choice([
            [("X-Long", "a" * rng.choice([1000, 8000, 31000, 33000, 70000]))], [(f"X-{i}", "b") for i in range(rng.choice([50, 99, 101, 500]))],
            [("Content-Type", "text/plain")], [("Host", "other")], [("Content-Length", "5")], [("X-A", b"\xff\xfe")], [("X-A", b"a\x00b")], [("", "x")], [("X A", "b")], [("X-A", "a\r\n folded")],
            [("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-00")], [("traceparent", "x" * 3000)], [("Connection", "upgrade"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAA")],
            [("Connection", "close, keep-alive")], [("Expect", "200-ok")], [("Accept", "text/html;q=0")], [("Accept-Encoding", "gzip, br")], [("Range", "bytes=0-0")], [("If-None-Match", "*")],
            [("Cookie", "a=b; " * 2000)], [("X-Forwarded-For", "::1"), ("X-Original-URL", "/metrics")], [("X-HTTP-Method-Override", "DELETE")], [("Content-Type", "application/json"), ("Content-Type", "application/json")],
        ])
        self.odd(request(method, target, body, [*headers, *extra]))

    def types(self):
        rng = self.rng
        method, target, body, _, _ = self.valid()
        headers = [("Content-Type", rng.choice(["application/json; charset=utf-16", "application/json;charset=\"utf-8\"", "application/json; charset=UTF-8", "APPLICATION/JSON", "application/json; x=y", "application/problem+json", "text/json",
                                                "application/x-npy", "multipart/form-data", "application/x-www-form-urlencoded", "*/*", "", ";", "application/json, text/plain", "a" * 5000]))]
        if rng.random() < 0.4:
            headers.append(("Content-Encoding", rng.choice(["gzip", "identity", "br", "deflate, gzip", "", "x" * 100])))
        if rng.random() < 0.1:
            headers = []
        self.once(request(method, target, body, headers), method, target)

    def line(self):
        rng = self.rng
        self.odd(rng.choice([
            b"GET / HTTP/1.1\r\n\r\n", b"GET /v1/model HTTP/2.0\r\nHost: a\r\n\r\n", b"GET /v1/model HTTP/1.2\r\nHost: a\r\n\r\n", b"GET /v1/model HTTP/0.9\r\n\r\n", b"GET /v1/model HTTP/1.0\r\n\r\n", b"GET /v1/model\r\n\r\n",
            b"GET /v1/model HTTP/3\r\nHost: a\r\n\r\n", b"GET  /v1/model  HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http://127.0.0.1/v1/model HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET http://user:pw@x:99999/v1/model HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET http://localhost/v1/images/%zz%2F HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET ftp://x/y HTTP/1.1\r\nHost: x\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT /v1/model HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /" + b"a" * rng.choice([4000, 8100, 8190, 9000, 40000]) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /v1/images/%" + bytes([rng.randrange(33, 127)]) + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /v1/images/%c3%28%ff HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /v1/images/\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /v1/images/a?caption=%zz&&=&%00=%00 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /v1/model?" + b"a=b&" * 2000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /v1/model#x HTTP/1.1\r\nHost: a\r\n\r\n", b"G\x00T / HTTP/1.1\r\n\r\n", b"\r\n\r\n\r\nGET /v1/model HTTP/1.1\r\nHost: a\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /v1/model HTTP/1.1\nHost: a\n\n", b"GET /v1/model HTTP/1.1\r\nHost a\r\n\r\n", b" GET /v1/model HTTP/1.1\r\nHost: a\r\n\r\n", b"A" * 20000, bytes(rng.randrange(256) for _ in range(300)),
        ]), half_close=rng.random() < 0.3, wait=6)

    def chunked(self):
        rng = self.rng
        method, target, body, headers, _ = self.valid()
        size = b"%x" % len(body)
        chunks = rng.choice([
            size + b"\r\n" + body + b"\r\n0\r\n\r\n", size + b";ext=1;b=\"c\"\r\n" + body + b"\r\n0\r\n\r\n", size + b"\r\n" + body + b"\r\n0\r\nX-Trailer: a\r\n\r\n", b"0" * 30 + size + b"\r\n" + body + b"\r\n0\r\n\r\n",
            b"ffffffffffffffff\r\n" + body, b"7fffffffffffffff\r\n" + body, b"fffffffff\r\n" + body, b"80000000\r\n" + body, b"7fffffff\r\n" + body, b"-1\r\n" + body, b"zz\r\n" + body, b"\r\n" + body, b"0x5\r\n" + body, b" 5\r\n" + body,
            size + b"\n" + body + b"\n0\n\n", size + b"\r\n" + body + b"XX0\r\n\r\n", size + b"\r\n" + body + b"\r\n", size + b"\r\n" + body[:-5], size + b";" + b"e" * 40000 + b"\r\n" + body + b"\r\n0\r\n\r\n",
            b"".join(b"1\r\n" + bytes([each]) + b"\r\n" for each in body) + b"0\r\n\r\n", size + b"\r\n" + body + b"\r\n0\r\n" + b"X-T: " + b"t" * 50000 + b"\r\n\r\n", size + b"\r\n" + body + b"\r\n0\r\nbad trailer\r\n\r\n", size + b"\r\n" + body + b"\r\n0\r\n\x00\r\n\r\n",
            b"40001\r\n" + b" " * 0x40001 + b"\r\n0\r\n\r\n", b"fffffffffffffffff\r\n" + body, bodies.flip(rng, size + b"\r\n" + body + b"\r\n0\r\n\r\n"),
        ])
        transfer = rng.choice(["chunked"] * 8 + ["gzip, chunked", "Chunked", "chunked, identity", "identity", "x", "chunked, chunked"])
        self.odd(request(method, target, None, [*headers, ("Transfer-Encoding", transfer), *([("Content-Length", "7")] if rng.random() < 0.1 else [])]), chunks, half_close=rng.random() < 0.5)

    def lengths(self):
        rng = self.rng
        method, target, body, headers, _ = self.valid()
        length = rng.choice(["-1", "+5", "0x10", "1e3", "99999999999999999999", "9223372036854775807", "9223372036854775808", "2147483648", "262145", "8388609", "5, 5", "5,6", "", " ", str(len(body) + 1), str(len(body) - 1), "0", "0" * 20 + str(len(body)), "٥"])
        raw = request(method, target, None, [*headers, ("Content-Length", length.encode("utf-8"))]) + body
        self.odd(raw, half_close=rng.random() < 0.6, wait=8)

    def half(self):
        raw = request(*self.valid()[:4])
        with wire.Connection(self.port) as connection:
            connection.send(raw[:self.rng.randrange(len(raw))])
            time.sleep(self.rng.choice([0, 0, 0.01, 0.3]))
            connection.close(reset=self.rng.random() < 0.5)

    def slow_sender(self):
        raw = request(*self.valid()[:4])
        cut = sorted(self.rng.randrange(len(raw)) for _ in range(self.rng.randint(1, 8)))
        parts = [raw[a:b] for a, b in zip([0, *cut], [*cut, len(raw)])]
        self.odd(*parts, pause=self.rng.choice([0.02, 0.2, 0.8]))

    def slow_reader(self):
        body = bodies.dump({"queries": [{"imageId": self.rng.choice(self.ids), "top": 1000, "shortlist": 300} for _ in range(20)]})
        raw = request("POST", "/v1/search/batch", body, [JSON])
        with wire.Connection(self.port, 20, receive_buffer=2048) as connection:
            connection.send(raw)
            time.sleep(self.rng.choice([0.2, 1, 4]))
            if self.rng.random() < 0.5:
                return
            try:
                answer = connection.answer("POST")
            except wire.Silence:
                return
            # Slower than the least rate asked of callers: the server may have given up.
            if answer is not None and answer.whole:
                self.oracle.check(answer, raw, "POST", "/v1/search/batch", sound=True)

    def leave(self):
        raw = request(*self.valid()[:4]) * self.rng.choice([1, 1, 5])
        with wire.Connection(self.port) as connection:
            connection.send(raw)
            time.sleep(self.rng.random() * self.rng.choice([0.002, 0.02, 0.1]))
            connection.close(reset=self.rng.random() < 0.7)

    def idle(self):
        held = []
        try:
            for _ in range(self.rng.choice([5, 30, 100])):
                connection = wire.Connection(self.port, 5)
                held.append(connection)
                if self.rng.random() < 0.3:
                    connection.send(request("GET", "/health/live"))
            time.sleep(self.rng.choice([0.1, 1.0]))
        finally:
            for connection in held:
                connection.close(reset=self.rng.random() < 0.2)

    def hosts(self):
        host = self.rng.choice([None, "", "evil.example", "localhost:99999", "[::1]", "[::1", "127.0.0.1:1", "a b", "a/b", "a,b", "localhost\0", "é", "a" * 5000, "LOCALHOST", "127.0.0.1@evil", "*"])
        self.odd(request("GET", self.rng.choice(["/v1/model", "/health/live"]), host=host))

    def methods(self):
        method = self.rng.choice(["HEAD", "OPTIONS", "TRACE", "PATCH", "POST", "PUT", "DELETE", "GET", "BREW", "get", "Q" * 40, "M-SEARCH", "PROPFIND"])
        target = self.rng.choice(["/v1/model", "/health/live", "/health/ready", "/metrics", "/openapi/v1.json", "/v1/search/images", "/v1/ingestions", f"/v1/images/{self.rng.choice(self.ids) if method in ('HEAD', 'OPTIONS', 'GET') else 'junk-x'}", "/nowhere"])
        raw = request(method, target, b"" if method in ("POST", "PUT", "PATCH", "DELETE") else None)
        self.once(raw, method, target)

    def flipped(self):
        self.odd(bodies.flip(self.rng, request(*self.valid()[:4]), 4), half_close=self.rng.random() < 0.7, wait=6)


SCRIPTS_OF = [
    (Client.json, 30), (Client.good, 12), (Client.pipelined, 6), (Client.headers, 7), (Client.types, 5), (Client.line, 7), (Client.chunked, 9), (Client.lengths, 5), (Client.half, 5),
    (Client.slow_sender, 2), (Client.slow_reader, 2), (Client.leave, 6), (Client.idle, 2), (Client.hosts, 3), (Client.methods, 6), (Client.flipped, 6),
]


def side_by_side(report, *works):
    """Runs each in a thread; a fault of this tool in any of them is told."""
    def guarded(work):
        try:
            work()
        except Exception:
            report.breakage(traceback.format_exc())
    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(rig, case):
    served = rig.shared("http")
    oracle = served.oracle("http")
    clients = [Client(stream(rig.seed, case, "http", i), served, oracle, rig.report) for i in range(CLIENTS)]
    side_by_side(rig.report, *(lambda client=client: client.run(SCRIPTS) for client in clients))
