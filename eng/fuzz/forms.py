"""The forms of cases. Seed and number alone say what a case is."""
import base64
import re

import bodies
import texts
from case import KEY, Case
from corpus import ID_MARK, stream
from form_http import JSON, Client
from form_npy import Writer
from wire import request

bodies.TOPS, bodies.SHORTLISTS = [1, 5, 10], [1, 5, 20]
NPY = ("Content-Type", "application/x-npy")
REQUEST_LINE = re.compile(rb"[^\r\n]* HTTP/1\.[01]\r\n")


class Forms(Client):
    """Makes one case: the scripts of the attack's clients, written down in the place of sent, and further ones."""

    def __init__(self, seed, number, corpus, ids):
        self.rng, self.corpus, self.ids = stream(seed, number, "fuzz"), corpus, ids
        self.made = None

    def case(self):
        script = self.rng.choices(*zip(*FORMS))[0]
        script(self)
        made = self.made
        made.form = script.__name__.strip("_")
        # Most requests have the key: what has none is turned away before its body is looked at.
        if script is not Forms.keys and self.rng.random() < 0.95 and (line := REQUEST_LINE.match(made.parts[0])):
            made.parts[0] = made.parts[0][:line.end()] + b"X-Api-Key: " + KEY + b"\r\n" + made.parts[0][line.end():]
        return made

    def odd(self, *parts, half_close=False, **_):
        # To HEAD there is no body, whatever else is wrong with the request.
        self.made = Case("", parts, method="HEAD" if parts[0].startswith(b"HEAD ") else "GET", ends=half_close)

    def once(self, raw, method, target):
        self.made = Case("", [raw], True, method, target)

    def send(self, method, target, body=None, headers=()):
        self.once(request(method, target, body, headers), method, target)

    def json(self):
        rng = self.rng
        if rng.random() < 0.7:
            return self.send(*self.proper())
        target, method, body = rng.choice([
            ("/v1/explain", "POST", {"imageId": rng.choice(self.ids), "caption": "a cube", "deadlineMs": 50}), ("/v1/indexes/active", "PUT", {"name": "blue", "force": False}),
            ("/v1/search/captions", "POST", {"features": self.features(), "top": 3, "filter": {"place": ["1", {"gt": 2}]}}), ("/v1/search/images", "POST", {"imageId": rng.choice(self.ids), "top": 3, "offset": 2}),
            ("/v1/search/images", "POST", {"caption": "a star", "rankBy": "score", "offset": 10, "top": 10}),
            ("/v1/ingestions", "POST", {"source": {"hdf5": "a.h5", "captions": "a.json", "split": "b", "datasets": {"features": "x"}, "metadata": "m"}, "restart": True})])
        self.send(method, target, bodies.mutate(rng, body), [JSON])

    def good(self):
        self.send(*self.valid()[:4])

    def deep(self):
        rng = self.rng
        depth = rng.choice([32, 63, 64, 65, 1000, 30_000, 60_000])
        opening, middle, closing = rng.choice([(b"[", b"", b"]"), (b'{"a":', b"1", b"}"), (b'[{"a":', b"[]", b"}]"), (b'{"filter":', b"{}", b"}")])
        nest = opening * depth + middle + (closing * depth if rng.random() < 0.6 else b"")
        body = rng.choice([b"%s", b'{"caption":"a","filter":%s}', b'{"caption":%s}', b'{"queries":[%s]}', b'{"caption":"a","x":%s}'])
        self.send("POST", rng.choice(["/v1/search/images", "/v1/search/batch", "/v1/score", "/v1/explain"]), body.replace(b"%s", nest), [JSON])

    def wide(self):
        """Many members, many entries, long numbers."""
        rng, count = self.rng, self.rng.choice([33, 65, 2001, 20_000])
        body = rng.choice([
            lambda: {"caption": "a", "filter": {f"k{number}": number for number in range(count)}}, lambda: {"caption": "a", "filter": {"k": [{"gt": number} for number in range(count)]}},
            lambda: {"queries": [{"caption": "a", "top": 1}] * count}, lambda: {"pairs": [{"imageId": "a", "caption": "b"}] * count}, lambda: bodies.Pairs([("caption", "a")] * count),
            lambda: {"caption": "a", "top": bodies.Raw(b"1" * count)}, lambda: {"caption": "a", "top": bodies.Raw(b"1e" + b"9" * count)}, lambda: {"caption": "a", "filter": {"k": bodies.Raw(b"0." + b"1" * count)}},
            lambda: {"caption": "a", "top": bodies.Raw(b"1." + b"0" * count)}, lambda: {"caption": "a", "filter": {"k": {"gt": bodies.Raw(b"1e-" + b"1" * rng.choice([2, 3, 9, 20]))}}}])()
        self.send("POST", "/v1/search/batch" if "queries" in dict(getattr(body, "pairs", None) or body) else "/v1/score" if isinstance(body, dict) and "pairs" in body else "/v1/search/images", bodies.dump(body), [JSON])

    def captions(self):
        rng, text = self.rng, texts.caption(self.rng)
        target, method, body = rng.choice([
            ("/v1/search/images", "POST", {"caption": text, "top": 1, "shortlist": 5}), ("/v1/search/batch", "POST", {"queries": [{"caption": text, "shortlist": 5}, {"caption": "a", "shortlist": 5}]}),
            ("/v1/score", "POST", {"pairs": [{"imageId": rng.choice(self.ids), "caption": text}]}), ("/v1/explain", "POST", {"imageId": rng.choice(self.ids), "caption": text}),
            ("/v1/search/images", "POST", {"caption": "a", "shortlist": 5, "filter": {"k": text}}), (self.junk(), "PUT", {"features": self.features(), "captions": [text], "metadata": {"k": text}})])
        self.send(method, target, bodies.dump(body), [JSON])

    def paths(self):
        rng, path = self.rng, texts.path(self.rng, self.ids)
        method = rng.choice(["GET", "GET", "GET", "HEAD", "DELETE" if not any(name in path for name in self.ids) else "GET", "POST", "PUT"])
        raw = request(method, path, b"" if method in ("POST", "PUT") else None)
        # What is no path by HTTP's own rules is refused before there is a request, and dots lead to another one.
        self.odd(raw) if re.search(r"[^!-~]|%00|%(?![0-9a-fA-F]{2})|[\\#]|(/|%2[fF])(\.|%2[eE]){1,2}(/|\?|$|%2[fF])", path) or len(path) > 4000 or method == "HEAD" else self.once(raw, method, path)

    def parameters(self):
        rng = self.rng
        target = rng.choice(["/v1/images", "/v1/images", f"/v1/pictures/{rng.choice(self.ids)}", f"/v1/images/{rng.choice(self.ids)}", "/v1/model", "/v1/ingestions"])
        if rng.random() < 0.3:
            self.send("POST", f"/v1/search/captions?{texts.query(rng)}", self.corpus.npy(rng.randrange(64)), [NPY])
        else:
            self.send("GET", f"{target}?{texts.query(rng)}")

    def arrays(self):
        rng = self.rng
        _, array = Writer.mutated(self, rng.randrange(64))
        target, method = rng.choice([(self.junk(), "PUT"), (f"{self.junk()}?caption=a", "PUT"), ("/v1/search/captions?top=2", "POST"), ("/v1/search/images?top=2", "POST")])
        if rng.random() < 0.5 or len(array) > 1 << 20:
            return self.send(method, target, array, [NPY])
        text = base64.b64encode(array).decode()
        if rng.random() < 0.2:
            text = text[:rng.randrange(len(text) + 1)] + rng.choice(["", "=", "====", "\n", "é", "-_", " "])
        self.send(method, target.partition("?")[0], bodies.dump({"features": text, **({"captions": ["a"]} if method == "PUT" else {"top": 2})}), [JSON])

    def fields(self):
        """Headers that some part of the service reads."""
        rng = self.rng
        value = rng.choice(["", "*", "bytes=0-0", "bytes=5-2", "bytes=-1", "bytes=0-99999999999999999999", "bytes=0-1,2-3," + "4-5," * 500, "items=1", "W/\"x\"", "\"" * 3000, "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "00-" + "A" * 32 + "-" + "b" * 16 + "-01", "ff-" + "a" * 32 + "-" + "b" * 16 + "-ff-x",
                            "00-" + "a" * 32, "a=b," * 600, "gzip;q=0.0001", "text/html;q=nan", "identity;q=0, *;q=0", "Thu, 32 Foo 9999 99:99:99 GMT", "-1", "chunked", "100-continue", "1" * 20_000, "é", "\x7f", "a\tb", "::1, 127.0.0.1", "for=\"_x\";proto=evil"])
        name = rng.choice(["Range", "If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "traceparent", "tracestate", "baggage", "Accept", "Accept-Encoding", "Accept-Language", "Origin", "Expect", "TE", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Request-Id", "Cookie", "Content-Encoding", "Content-Language", "Date", "Referer", "User-Agent", "Upgrade", "Keep-Alive", "Sec-Fetch-Site"])
        method, target, body, headers, _ = self.valid() if rng.random() < 0.5 else ("GET", rng.choice([f"/v1/pictures/{rng.choice(self.ids)}", "/v1/model", "/", "/metrics", "/openapi/v1.json", "/v1/images"]), None, [], None)
        self.odd(request(method, target, body, [*headers, *[(name, value)] * rng.choice([1, 1, 2, 90])]))

    def keys(self):
        rng, key = self.rng, KEY.decode()
        text = rng.choice([key, key[:-1], key + "0", key.upper(), key[:20], "", " " + key, "Bearer " + key, "bearer  " + key, "Basic " + base64.b64encode(key.encode()).decode(), "Bearer", "Bearer a.b.c", "Bearer " + "a" * 9000, "é" * 100, "rsk_" + "0" * 12 + "_" + "0" * 64, "Bearer eyJhbGciOiJub25lIn0.e30.", "rsk__", "\x00", key + "," + key])
        headers = [(rng.choice(["X-Api-Key", "Authorization", "x-api-key", "Proxy-Authorization"]), text)] * rng.choice([1, 1, 2])
        if rng.random() < 0.2:
            headers.append(("X-Api-Key", key))
        target = rng.choice(["/v1/model", "/v1/images", "/metrics", "/health/live", "/nowhere", "/"]) + rng.choice(["", "", f"?api_key={key}", f"?x={key}", f"?key={key[:30]}"])
        self.odd(request("GET", target, None, headers))

    def truncated(self):
        raw = request(*(self.valid()[:4] if self.rng.random() < 0.5 else self.proper()))
        self.odd(raw[:self.rng.randrange(len(raw))], half_close=self.rng.random() < 0.9)

    def smuggled(self):
        """Two lengths, and what one reader takes for a body and another for a request."""
        rng = self.rng
        method, target, body, headers, _ = self.valid()
        inner = request("GET", "/v1/model", headers=[("X-Api-Key", KEY)])
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        def headed(*more):
            return request(method, target, None, [*headers, *more])
        length = ("Content-Length", str(len(body)))
        self.odd(rng.choice([
            lambda: headed(("Transfer-Encoding", "chunked"), ("Content-Length", "4")) + chunks + inner, lambda: headed(("Content-Length", "4"), ("Transfer-Encoding", "chunked")) + chunks + inner,
            lambda: headed(("Transfer-Encoding", rng.choice(["xchunked", " chunked", "chunked ", "\tchunked", "chunk", "chunked\x0b", "\"chunked\"", "cow, chunked"]))) + chunks + inner,
            lambda: headed(("Transfer-Encoding ", "chunked"), length) + body + inner, lambda: headed(("Transfer_Encoding", "chunked"), length) + body + inner, lambda: headed((b"X: y\nTransfer-Encoding", "chunked"), length) + body,
            lambda: headed((b"X: y\rTransfer-Encoding", "chunked"), length) + body, lambda: headed(length, ("Content-Length", str(len(body) + len(inner)))) + body + inner, lambda: headed(("Content-Length", f"{len(body)}, {len(body)}")) + body + inner,
            lambda: headed(("Content-Length", f" {len(body)}\t")) + body + inner, lambda: request("GET", "/v1/model", inner) + inner, lambda: headed(length) + body + b"\r\n\r\n" + inner, lambda: headed(length, ("Connection", "Content-Length")) + body + inner,
            lambda: request("GET", "/v1/model", headers=[("Content-Length", "0"), ("Transfer-Encoding", "identity")]) + inner, lambda: headed(("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")) + chunks, lambda: headed(("Transfer-Encoding", "chunked")) + b"%x\n%s\r\n0\r\n\r\n" % (len(body), body) + inner,
            lambda: headed(("Transfer-Encoding", "chunked")) + b"0\r\n\r\n" + inner, lambda: inner * rng.choice([2, 20, 200]), lambda: inner.replace(b"\r\nHost", b"\r\n Host") + inner, lambda: inner.replace(b"Host: localhost", b"Host: localhost\r\nHost: evil"),
        ])(), half_close=rng.random() < 0.5)

    def second_version(self):
        """HTTP/2, spoken where only HTTP/1.1 is."""
        rng, preface = self.rng, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        frame = lambda kind, flags, id, data=b"": len(data).to_bytes(3, "big") + bytes([kind, flags]) + id.to_bytes(4, "big") + data  # noqa: E731
        frames = [frame(4, 0, 0), frame(4, 1, 0), frame(1, 5, 1, b"\x82\x84\x87"), frame(0, 1, 1, b"x" * 100), frame(6, 0, 0, b"12345678"), frame(3, 0, 1, b"\0\0\0\0"), frame(8, 0, 0, b"\xff\xff\xff\xff"), frame(9, 0, 1, b"x" * 5000), b"\xff" * 9, bytes(rng.randrange(256) for _ in range(60))]
        self.odd(preface[:rng.choice([len(preface), len(preface), 10, 18, 20])] + b"".join(rng.choices(frames, k=rng.randrange(6))), half_close=True)

    def noise(self):
        rng = self.rng
        size = rng.choice([1, 2, 9, 100, 4000])
        self.odd(rng.choice([bytes(rng.randrange(256) for _ in range(size)), bytes(rng.choice(b"GETPOS /v1HT.\r\n: \0%\xff") for _ in range(size)), b"\x16\x03\x01" + bytes(rng.randrange(256) for _ in range(size)), b"\0" * size, b"\r\n" * size, b"GET / " * size]), half_close=True)

    def junk(self):
        return f"/v1/images/junk-{ID_MARK}-{self.rng.randrange(10)}"

    def features(self):
        return base64.b64encode(self.corpus.npy(self.rng.randrange(64))).decode()


FORMS = [
    (Forms.json, 26), (Forms.good, 2), (Forms.deep, 2), (Forms.wide, 2), (Forms.captions, 8), (Forms.paths, 12), (Forms.parameters, 7), (Forms.arrays, 8), (Forms.fields, 6), (Forms.keys, 4), (Forms.truncated, 4), (Forms.smuggled, 5), (Forms.second_version, 1),
    (Forms.noise, 2), (Forms.headers, 4), (Forms.types, 3), (Forms.line, 3), (Forms.chunked, 4), (Forms.lengths, 3), (Forms.hosts, 2), (Forms.methods, 3), (Forms.flipped, 5),
]
