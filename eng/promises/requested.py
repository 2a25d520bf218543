"""Promises 7 and 8: bad requests, and paths that lead elsewhere."""
import base64
import gzip
import http.client
import json
import os
import socket
import threading
import time

from place import CAPTIONS, Place
from row import percentile
from served import Loop

# The server's own words for "not now": what is at fault then is not the request.
NOT_NOW = {503, 504, 507}

# A body larger than this may not fit the sockets' buffers: refused before its end, its sender may see the connection break.
HELD_BY_SOCKETS = 64 << 10


def raw(server, data, pieces=1, pause=0.0, limit=30.0):
    """Sends bytes as they are and reads to the end; the status, or None where nothing came."""
    with socket.create_connection((server.host, server.port), timeout=limit) as connection:
        step = max(1, -(-len(data) // pieces))
        try:
            for at in range(0, len(data), step):
                connection.sendall(data[at:at + step])
                if pause:
                    time.sleep(pause)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have had enough before the end
        answer = b""
        try:
            while part := connection.recv(1 << 16):
                answer += part
        except OSError:
            pass
    try:
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), head.lower(), body
    except (IndexError, ValueError):
        return None, b"", b""


class Forms:
    """Bodies and requests that are wrong in one way or several, by a seed."""

    NUMBERS = [0, -1, 1, 1.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64, -2 ** 63, 1e308, -0.0]
    TEXTS = ["", " ", "\0", "w4\0w5", "\ud800", "\udfff\ud800", "\uffff", "a" * 10_000, "a" * 10_001, "w4 " * 300_000, "../../etc/passwd", "💥" * 3000, "\r\nX: y", "%00", "'; drop table image; --", "​‮w4"]
    RAW = ["NaN", "Infinity", "-Infinity", "1e999", "01", "+1", ".5", "tru", "nul", "{", "]", "'a'", "\"\\ud800\"", "\"\\x\"", "\"" + "\t" + "\"", "[" * 200 + "]" * 200, "{\"a\":" * 100 + "1" + "}" * 100, ""]

    def __init__(self, dice, ids):
        self.dice, self.ids = dice, ids

    def value(self):
        pick = self.dice.random()
        if pick < 0.25:
            return self.dice.choice(self.NUMBERS)
        if pick < 0.55:
            return self.dice.choice(self.TEXTS)
        return self.dice.choice([None, True, [], {}, [[]], [None], {"": None}, {"a": []}, [1, "a"], self.dice.choice(self.ids), {"key": ["v"] * 40}, ["x"] * 70])

    def body(self):
        """Path and text of a request that began as a good one."""
        image, path, good = self.dice.choice(self.ids), *self.dice.choice([
            ("/v1/search/images", {"caption": "w4 w5", "top": 3, "shortlist": 10, "deadlineMs": 1000, "filter": {"a": "b", "year": {"gte": 2000, "lt": 2010.5}, "n": [1, True, "x"]}}),
            ("/v1/search/captions", {"imageId": "X", "top": 3, "shortlist": 10}),
            ("/v1/search/batch", {"queries": [{"caption": "w4", "top": 1, "shortlist": 5}, {"imageId": "X"}]}),
            ("/v1/score", {"pairs": [{"imageId": "X", "caption": "w4"}, {"imageId": "X", "captionId": "X#0"}]}),
            ("/v1/ingestions", {"source": {"folder": "a", "split": "b"}, "replace": False, "batchRows": 8}),
        ])
        good = json.loads(json.dumps(good).replace('"X', json.dumps(image)[:-1]))
        for _ in range(self.dice.randrange(3)):
            self.spoil(good)
        text = json.dumps(good, ensure_ascii=self.dice.random() < 0.8)
        if self.dice.random() < 0.35:
            hole = self.dice.randrange(len(text) + 1)
            text = text[:hole] + self.dice.choice(self.RAW) + text[hole + self.dice.randrange(0, 12):]
        data = text.encode("utf-8", "surrogatepass")
        if data and self.dice.random() < 0.15:
            damaged = bytearray(data)
            for _ in range(self.dice.randrange(1, 6)):
                damaged[self.dice.randrange(len(damaged))] = self.dice.randrange(256)
            data = bytes(damaged)
        return path, data

    def spoil(self, node):
        """Puts something else in one place of the tree."""
        if isinstance(node, list):
            if not node or self.dice.random() < 0.2:
                node.append(self.value())
            elif isinstance(child := node[self.dice.randrange(len(node))], (dict, list)) and self.dice.random() < 0.8:
                self.spoil(child)
            else:
                node[self.dice.randrange(len(node))] = self.value()
            return
        key = self.dice.choice(list(node) or ["x"])
        if isinstance(node.get(key), (dict, list)) and self.dice.random() < 0.6:
            self.spoil(node[key])
        elif self.dice.random() < 0.15:
            node.pop(key, None)
        elif self.dice.random() < 0.15:
            node[str(self.value())[:50]] = self.value()
        else:
            node[key] = self.value()

    def image(self):
        """A PUT whose array, text or id is wrong; path, type and body."""
        dice = self.dice

        def mostly(good, *bad):
            return good if dice.random() < 0.7 else dice.choice(bad)

        shape = mostly("(36, 64)", "(36, 65)", "(-1, 64)", "(2147483648, 2147483648)", "(4294967296, 4294967297)", "(36,)", "()", "(0, 64)", "(1000000000, 64)")
        kind, order = mostly("<f4", "|O", ">f4", "<i8", "<U9", "|V8", "<f9"), mostly("False", "True", "None")
        header = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
        header += b" " * (64 - (len(header) + 11) % 64) + b"\n"
        features = bytearray(Place.features(dice))
        if dice.random() < 0.2:
            features[0:4] = dice.choice([b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\x80\xff"])
        array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + features[:mostly(len(features), 0, 1, len(features) // 2)]
        name = dice.choice(["x", "%00", "%2e%2e", "a%2fb", "%ff%fe", "x" * 256, "x" * 257, "%F0%9F%92%A5", "%zz", ".", "a%0d%0ab", "%ed%a0%80"])
        if dice.random() < 0.5:
            return f"/v1/images/{name}", "application/x-npy", array
        body = {"features": base64.b64encode(array).decode()[:mostly(None, 3, 1000)], "captions": [mostly("w4 w5", *self.TEXTS)[:30_000]]}
        for member in ("metadata", "boxes"):
            if dice.random() < 0.5:
                body[member] = {str(self.value())[:40]: self.value()} if member == "metadata" else self.value()
        return f"/v1/images/{name}", "application/json", json.dumps(body).encode()


def fuzz(row, place):
    count, clients = place.size(1200, 40_000), 4
    index = place.new("index")
    place.run("ingest", "--bundle", place.bundle, "--index", index, "--source", place.split(30), "--split", "test")
    server = place.serve("--bundle", place.bundle, "--index", index, "--Http:MinRateGraceSeconds=2", "--Http:HeaderTimeoutSeconds=3", "--Ingestion:Roots:0=" + str(place.folder), "--Limits:WriteQueue=64")
    ids = [f"image-{number:05}" for number in range(30)]
    for _ in range(200):
        server.post("/v1/search/images", {"caption": "w4 w5"})
    memory, statuses, tally = server.memory(), {}, threading.Lock()
    bare = set()

    def judge(what, answer):
        status = answer.status
        with tally:
            statuses[status] = statuses.get(status, 0) + 1
        row.check(status < 500 or status in NOT_NOW, f"{what} was answered with {status}")
        if status >= 400 and not answer.body and answer.headers.get("connection") == "close":
            bare.add(what.split(", ")[0])  # by the HTTP layer, before there was a request
        else:
            row.check(status < 400 or answer.is_problem(), f"{what} was answered with {status} and no problem+json")

    def send(number, turn):
        forms = Forms(place.random(f"fuzz/{number}/{turn}"), ids)
        if turn % 5 == 4:
            method, (path, kind, body) = "PUT", forms.image()
        else:
            method, (path, body), kind = "POST", forms.body(), "application/json"
        what = f"{method} {path[:40]}, seed {place.seed}, form {number}/{turn}"
        try:
            judge(what, server.ask(method, path, body, {"Content-Type": kind}))
        except (OSError, http.client.HTTPException) as fault:
            row.check(server.alive and len(body) > HELD_BY_SOCKETS, f"{what}, {len(body)} bytes: {fault!r}")
            with tally:
                statuses["cut off while it was sent"] = statuses.get("cut off while it was sent", 0) + 1
        return turn

    sending = Loop(send, threads=clients)
    peak = memory
    sending_until = time.monotonic() + place.size(120, 1800)
    while len(sending.results) < count and not sending.error and time.monotonic() < sending_until:
        peak = max(peak, server.memory())
        time.sleep(0.05)
    forms = len(sending.end())
    row.did(f"{forms:,} random forms of requests and images; compression bombs, slow and broken senders; seed {place.seed}")

    # A gzip of 64 MB of zeros: a coding the server does not take.
    bomb = gzip.compress(bytes(64 << 20))
    for coding in ("gzip", "br", "deflate", "gzip, gzip"):
        try:
            answer = server.ask("POST", "/v1/search/images", bomb, {"Content-Type": "application/json", "Content-Encoding": coding})
            judge(f"a body of {coding}", answer)
            row.check(answer.status in (413, 415), f"a compressed body was answered with {answer.status}")
        except OSError:
            pass  # refused while it was sent

    host = f"Host: {server.host}\r\n".encode()
    start = b"POST /v1/search/images HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\n"
    broken = [b"\x16\x03\x01\x02\x00\x01\x00", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100, start + b"Content-Length: -1\r\n\r\n", start + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", start + b"Content-Length: 99\r\n\r\n{", b"GET /v1/images/" + b"a" * 20_000 + b" HTTP/1.1\r\n" + host + b"\r\n", b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 100_000 + b"\r\n\r\n"]
    for number, data in enumerate(broken):
        status = raw(server, data)[0]
        # The protocol's own refusals have bodies of their own, or none.
        row.check(status is None or 400 <= status < 500, f"broken request {number} was answered with {status}")
    slow = [threading.Thread(target=raw, args=(server, start + b"Content-Length: 4000\r\n\r\n" + b"x" * 40, 40, 0.1), daemon=True) for _ in range(20)]
    for each in slow:
        each.start()
    times = [server.post("/v1/search/images", {"caption": "w4 w5"}) for _ in range(50)]
    row.check(all(answer.status == 200 for answer in times), "a good query beside slow senders was not answered")
    for each in slow:
        each.join(30)
    row.check(not any(each.is_alive() for each in slow), "a slow sender was not cut off")
    peak = max(peak, server.memory())
    row.check(server.alive and server.post("/v1/search/images", {"caption": "w4 w5"}).status == 200, "a good query after it was not answered")
    row.check(peak < memory + 1024, f"memory grew from {memory:.0f} to {peak:.0f} MiB")
    for number in (0, 29):
        row.check(len(server.get(f"/v1/images/{ids[number]}").json.get("captions", [])) == CAPTIONS, "an image has changed")
    row.told(", ".join(f"{amount} x {status}" for status, amount in sorted(statuses.items(), key=lambda entry: str(entry[0]))) + f"; memory {memory:.0f}, at most {peak:.0f} MiB{'; without a body by the HTTP layer: ' + ', '.join(sorted(bare)) if bare else ''}; beside slow senders p99 {percentile([answer.ms for answer in times], 0.99):.0f} ms")
    server.stop()


def paths(row, place):
    """Orders of ingestions that name what lies outside of the root."""
    base = place.new("roots")
    root, twin = base / "data", base / "data-secret"
    root.mkdir(parents=True)
    good = place.split(4)
    os.rename(good, root / "good")
    good = place.split(4, "secret")
    os.rename(good, twin)
    (root / "link").symlink_to(twin)
    (root / "twice").symlink_to(root / "link")
    (root / "file-out").mkdir()
    for name in ("test_ims.npy", "test_caps.txt", "test_ids.txt"):
        (root / "file-out" / name).symlink_to(twin / name)
    (root / "circle").symlink_to(root / "circle")
    index = place.new("index")
    place.run("ingest", "--bundle", place.bundle, "--index", index, "--source", root / "good", "--split", "test")
    server = place.serve("--bundle", place.bundle, "--index", index, f"--Ingestion:Roots:0={root}")
    folders = ["../data-secret", "good/../../data-secret", str(twin), str(root / "good"), "//" + str(twin).lstrip("/"), "-secret", "..", ".", "", "link", "twice", "file-out", "circle", "..%2fdata-secret", "%2e%2e/data-secret", "..\\data-secret", "good\0/../../data-secret", "./../data-secret", "good/./../../data-secret", "..;/data-secret", "file://" + str(twin), "~", "\u2025/data-secret", "．．/data-secret", "..%c0%afdata-secret", "/proc/self/cwd", "good/../link"]
    orders = [{"source": {"folder": folder, "split": "test"}} for folder in folders]
    orders += [{"source": {"folder": "good", "split": split}} for split in ("../../data-secret/test", "/etc/passwd", "..", "test/../test", "test\0")]
    orders += [{"source": {"tsv": tsv}} for tsv in ("../data-secret/test_caps.txt", str(twin / "test_caps.txt"), "link/test_caps.txt", "/etc/passwd", "/dev/zero", "/proc/self/environ")]
    for order in orders:
        answer = server.post("/v1/ingestions", order)
        row.check(answer.status in (400, 403, 404, 422) and answer.is_problem(), f"{order['source']} was answered with {answer.status}")
        row.check(str(base).encode() not in answer.body, f"{order['source']}: the answer names where the root lies")
    row.check(server.images() == 4, "something from outside was stored")
    taken = server.post("/v1/ingestions", {"source": {"folder": "good", "split": "test"}})
    row.check(taken.status == 202, f"what lies below the root was answered with {taken.status}")
    row.did(f"{len(orders)} orders to ingest from outside of the root: .., absolute, links, twins of the prefix, encoded separators")
    row.told("all refused, nothing read, no path told; a hard link is content of its folder, and who may write there is trusted")
    server.stop()
