"""Images put and deleted: valid ones, which are remembered, and mutated .npy files and JSON bodies."""
import base64
import struct
import time
import urllib.parse

import bodies
import wire
from book import ABSENT, state
from corpus import CAPTION_MARK, ID_MARK, METADATA_MARK, npy, stream
from form_http import side_by_side

CLIENTS, STEPS = 3, 12


def _number(data):
    # Python turns at most 4,300 digits into a number; the service takes none that is so long.
    return int(data) if len(data) <= 4300 else data.decode()


def run(rig, case):
    served = rig.shared("npy")
    oracle = served.oracle("npy")
    writers = [Writer(rig, served, oracle, stream(rig.seed, case, "npy", i), f"npy-{case}-{i}") for i in range(CLIENTS)]
    side_by_side(rig.report, *(writer.run for writer in writers))


class Writer:
    """One client, which writes ids of its own."""

    def __init__(self, rig, served, oracle, rng, prefix):
        self.rig, self.served, self.oracle, self.rng, self.prefix = rig, served, oracle, rng, prefix
        self.port, self.corpus, self.report = served.server.port, rig.corpus, rig.report
        self.used, self.last = 0, None

    def run(self):
        for _ in range(STEPS):
            if not self.served.server.alive:
                return
            step = self.rng.choices([self.valid, self.valid_npy, self.bad_npy, self.bad_json, self.delete, self.leave, self.limits], [4, 2, 5, 3, 2, 1, 3])[0]
            self.report.count(f"npy {step.__name__}")
            step()

    def name(self):
        return f"{self.prefix}-{ID_MARK}-{self.rng.choice(['a', 'b/ü', 'c d', 'e%2F', 'f?x#'])}"

    def send(self, name, raw, new, expected, what):
        """Sends a PUT or DELETE; what is surely valid must be done, what surely is not must be refused."""
        status = self.rig.change(self.port, self.oracle, self.served.book, name, new, raw, raw[:raw.index(b" ")].decode())
        busy = {409, 429, 503, 504, 507, None}
        if expected == "valid" and status not in {200, 201, *busy}:
            self.report.finding(f"a valid image is refused ({what})", status, "201 or 200", raw)
        if expected == "refused" and status in (200, 201):
            self.report.finding(f"accepted: {what}", status, "a 4xx that says what is wrong", raw)
        if status in (200, 201) and new is not ABSENT:
            self.served.book.check(self.port, self.report, self.oracle, [name])
        return status

    def valid(self):
        rng, row, name = self.rng, self.rng.randrange(1000), self.name()
        captions = [f"{CAPTION_MARK} {text}" for text in self.corpus.captions_of(row)[:rng.randint(0, 5)]]
        metadata = rng.choice([None, {}, {"place": str(row % 7), "note": METADATA_MARK}, {f"k{i}": "v" for i in range(64)}, {"ü\"\\": "日本\n", "n": 3, "f": -2.5e-3, "t": True}])
        status = self.rig.put(self.port, self.oracle, self.served.book, name, row, captions, metadata, rng.choice([None, self.corpus.boxes(row)]))
        if status not in (200, 201, 409, 429, 503, 504, 507, None):
            self.report.finding("a valid image is refused", status, "201 or 200")
        if status in (200, 201):
            self.served.book.check(self.port, self.report, self.oracle, [name])

    def put_npy(self, name, body, captions=(), kind="application/x-npy"):
        query = "&".join("caption=" + urllib.parse.quote(text) for text in captions)
        return wire.request("PUT", f"/v1/images/{urllib.parse.quote(name, safe='')}" + (f"?{query}" if query else ""), body, [("Content-Type", kind), ("Connection", "close")])

    def valid_npy(self):
        row, name = self.rng.randrange(1000), self.name()
        captions = [f"{CAPTION_MARK} {text}" for text in self.corpus.captions_of(row)[:2]]
        kind = self.rng.choice(["<f2", "<f4", "<f8"])
        self.send(name, self.put_npy(name, self.corpus.npy(row, kind), captions), state(captions, None, None), "valid", f"npy {kind}")

    def bad_npy(self):
        rng, row, name = self.rng, self.rng.randrange(1000), self.name()
        what, body = self.mutated(row)
        # Whether a few flipped bytes still make a valid array nobody knows: only the answer is judged.
        expected = None if what in ("flipped", "header bytes") else "refused"
        captions = [] if expected else [f"{CAPTION_MARK} x"]
        self.send(name, self.put_npy(name, body, captions), state(captions, None, None), expected, f"npy with {what}")

    def mutated(self, row):
        rng = self.rng
        shape, half = (self.corpus.regions, self.corpus.width), self.corpus.half(row)
        whole, single = npy("<f2", shape, half), struct.pack(f"<{len(half) // 2}f", *self.corpus.values(row))
        poisoned = bytearray(single)
        struct.pack_into("<I", poisoned, 4 * rng.randrange(len(poisoned) // 4), rng.choice([0x7FC00000, 0x7F800000, 0xFF800000, 0x7FA00001]))
        huge = struct.pack("<d", 1e300) + struct.pack(f"<{len(half) // 2 - 1}d", *self.corpus.values(row)[1:])
        return rng.choice([
            lambda: ("a truncated body", whole[:int(len(whole) * rng.random())]), lambda: ("a truncated body", whole[:-1]), lambda: ("trailing bytes", whole + b"\0" * rng.choice([1, 2, 4096])),
            lambda: ("a wrong dtype", npy(rng.choice(["|O", "<i8", "<i2", "|b1", "<c8", "<U4", "|V2", "<f16", "x" * 200, "", "f", "<m8[s]", "[('a','<f2')]"]), shape, half)),
            lambda: ("another order", npy("<f2", shape, half, order=True)), lambda: ("another order", npy(rng.choice([">f2", ">f4"]), shape, half)),
            lambda: ("a wrong shape", npy("<f2", rng.choice([shape[::-1], (shape[0],), (1, *shape), (shape[0] - 1, shape[1]), (-1, 5), (2 ** 31, 2), (2 ** 63, 1), (0, 0), (), (1 << 40, 1 << 40)]), half)),
            lambda: ("NaN or infinity", npy("<f4", shape, bytes(poisoned))), lambda: ("a double beyond float32", npy("<f8", shape, huge)),
            lambda: ("a wrong header length", npy("<f2", shape, half, length=rng.choice([0, 1, 65535, 10]))), lambda: ("a wrong header length", npy("<f2", shape, half, version=b"\x02\x00", length=rng.choice([0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 3]))),
            lambda: ("an unknown version", npy("<f2", shape, half, version=rng.choice([b"\x09\x00", b"\x00\x00", b"\xff\xff"]))), lambda: ("no magic", b"\x93NUMPX" + whole[6:]), lambda: ("nothing", b""),
            lambda: ("a broken header", npy("", (), half, header=rng.choice(["", "{", "{}", "None", "{'descr': '<f2'}", "{'descr': '<f2', 'fortran_order': False, 'shape': (36, 192), 'x': __import__('os')}", "{'descr': '<f2', 'fortran_order': 0, 'shape': (36, 192)}",
                                                                              "{'descr': '<f2', 'fortran_order': False, 'shape': [36, 192]}", "(" * 5000, "{'shape': (36, 192), 'descr': '<f2', 'fortran_order': False, 'descr': '<f4'}"]))),
            lambda: ("flipped", bodies.flip(rng, whole)), lambda: ("header bytes", bodies.flip(rng, whole[:128], 2) + whole[128:]),
            lambda: ("random bytes", bytes(rng.randrange(256) for _ in range(rng.choice([1, 9, 600])))), lambda: ("beyond the longest body", npy("<f2", shape, half) + b"\0" * (9 << 20)),
        ])()

    def body(self, row, **members):
        return {"features": base64.b64encode(self.corpus.npy(row)).decode(), "captions": [f"{CAPTION_MARK} a"], "metadata": {"k": METADATA_MARK}, "boxes": self.corpus.boxes(row), **members}

    def put_json(self, name, body):
        return wire.request("PUT", f"/v1/images/{urllib.parse.quote(name, safe='')}", body, [("Content-Type", "application/json"), ("Connection", "close")])

    def bad_json(self):
        rng, row, name = self.rng, self.rng.randrange(1000), self.name()
        what, members = rng.choice([
            ("features that are no base64", {"features": "é" * 100}), ("features with a broken end", {"features": base64.b64encode(self.corpus.npy(row)).decode()[:-3]}), ("no features", {"features": None}),
            ("too few floats", {"features": base64.b64encode(b"\0" * 4 * 36).decode()}), ("NaN in raw floats", {"features": base64.b64encode(b"\0\0\xc0\x7f" * 36 * 192).decode()}), ("features of another kind", {"features": [1, 2]}),
            ("a mutated array", {"features": base64.b64encode(npy("<f2", (36, 191), self.corpus.half(row))).decode()}),
            ("a caption without words' kind", {"captions": [1]}), ("an empty caption", {"captions": [""]}), ("a caption with NUL", {"captions": ["a\0b"]}), ("captions of another kind", {"captions": "a"}), ("1,001 captions", {"captions": ["a"] * 1001}),
            ("a caption of 10,001 characters", {"captions": ["a" * 10001]}), ("metadata of 65 entries", {"metadata": {f"k{i}": "v" for i in range(65)}}), ("nested metadata", {"metadata": {"k": {"a": 1}}}), ("metadata of another kind", {"metadata": ["k"]}),
            ("boxes of three corners", {"boxes": [[0, 0, 1]] * 36}), ("35 boxes", {"boxes": [[0, 0, 1, 1]] * 35}), ("boxes of text", {"boxes": [["0", 0, 1, 1]] * 36}), ("a box beyond float32", {"boxes": [[0, 0, 1, bodies.Raw(b"1e39")]] * 36}),
            ("a box of 1e400", {"boxes": [[0, 0, 1, bodies.Raw(b"1e400")]] * 36}), ("10,001 boxes", {"boxes": [[0, 0, 1, 1]] * 10001}), ("an unknown member", {"caption": "a"}), ("half a surrogate pair", {"captions": [bodies.Raw(b'"\\ud800"')]}),
            ("half a surrogate pair in metadata", {"metadata": {"k": bodies.Raw(b'"\\udc00"')}}), ("a doubled key", {"metadata": bodies.Pairs([("k", "a"), ("k", "b")])}),
        ])
        body = self.body(row, **members)
        raw = self.put_json(name, bodies.dump(body))
        self.send(name, raw, state([], None, None), "refused", what)
        if rng.random() < 0.5:
            mutated = self.put_json(self.unique(), bodies.mutate(rng, self.body(row)))
            with wire.Connection(self.port) as connection:
                connection.send(mutated)
                answer = connection.answer("PUT")
            self.oracle.check(answer, mutated, "PUT", "/v1/images/x", sound=True)
            if answer is None or answer.status in (200, 201, 504):
                # Some mutations are valid; what is stored then is not known.
                self.served.book.unknown(self.last)

    def unique(self):
        """A name that is used once: nothing that is still at work can meet a later change of it."""
        self.used += 1
        self.last = f"{self.prefix}-once-{self.used}"
        return self.last

    def limits(self):
        """At the bounds: the answer is judged, and what is acknowledged must be there as it was sent."""
        rng, row, name = self.rng, self.rng.randrange(1000), self.name()
        members = rng.choice([
            {"captions": ["a" * 10000]}, {"captions": ["b c"] * 1000}, {"captions": ["é" * 9999] * 3}, {"metadata": {"k": "m" * rng.choice([1000, 15_000, 16_384, 17_000, 66_000, 400_000])}}, {"metadata": {"k" * rng.choice([200, 3000, 70_000]): "v"}},
            {"metadata": {f"k{i}": "m" * rng.choice([100, 255, 256, 1000]) for i in range(64)}}, {"boxes": [[-3.4e38, 3.4e38, 0, 1e-45]] * 36}, {"metadata": {"n": bodies.Raw(b"1" + b"0" * rng.choice([20, 300, 5000]))}}, {"captions": ["w" * 9000] * 200},
        ])
        body = {"features": base64.b64encode(self.corpus.npy(row)).decode(), "captions": [], **members}
        metadata = body.get("metadata")
        plain = None if metadata is None else {key: _number(value.data) if isinstance(value, bodies.Raw) else value for key, value in metadata.items()}
        self.send(name, self.put_json(name, bodies.dump(body)), state(body["captions"], plain, body.get("boxes")), None, "limits")
        long_id = self.prefix + "i" * rng.choice([0, 100, 256 - len(self.prefix), 257 - len(self.prefix), 3000])
        self.send(long_id, self.put_npy(long_id, self.corpus.npy(row)), state([], None, None), "refused" if len(long_id) > 256 else "valid", "an id of 257 characters or more" if len(long_id) > 256 else "an id within bounds")

    def delete(self):
        name = self.name()
        status = self.rig.delete(self.port, self.oracle, self.served.book, name)
        if status in (200, 404):
            self.served.book.check(self.port, self.report, self.oracle, [name])

    def leave(self):
        """A caller who leaves at some moment: it may have been done or not."""
        rng, row, name = self.rng, self.rng.randrange(1000), self.unique()
        captions = [f"{CAPTION_MARK} {row}"]
        raw = self.put_npy(name, self.corpus.npy(row), captions)
        self.served.book.sent(name, state(captions, None, None))
        with wire.Connection(self.port) as connection:
            connection.send(raw if rng.random() < 0.6 else raw[:rng.randrange(len(raw))])
            time.sleep(rng.random() * 0.05)
            connection.close(reset=rng.random() < 0.5)
