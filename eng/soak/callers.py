"""The callers: mixed requests whose answers are checked one by one."""
import base64
import http.client
import json
import random
import socket
import struct
import time
import urllib.parse

from corpus import npy  # of eng/attack
from place import REGIONS, WIDTH, Place
from stage import STABLE

QUESTIONS, OWN, LIMIT = 24, 5, 60
ABSENCE = {"killed": {503}, "postgres": {503, 504}}  # what a disturbance excuses, by its kind


class Caller:
    """One caller, with random numbers and images of its own."""

    def __init__(self, number, stage, windows, tally, first):
        self.number, self.stage, self.windows, self.tally, self.first = number, stage, windows, tally, first
        self.dice = random.Random(f"{stage.place.seed}/caller/{number}")
        self.kinds, self.weights = zip(*[
            (self.search, 30), (self.settled, 16), (self.like, 5), (self.captions, 10), (self.by_features, 5), (self.batch, 5), (self.score, 6), (self.late, 3), (self.explain, 5),
            (self.image, 8), (self.listing, 1), (self.picture, 3), (self.write, 5), (self.reports, 4), (self.stranger, 1), (self.leave, 8)])

    def turn(self, *_):
        self.replica = self.dice.choice(self.stage.replicas)
        kind = self.dice.choices(self.kinds, self.weights)[0]
        try:
            kind()
        except Exception as fault:  # noqa: BLE001: an answer of another form than expected must not end the caller
            self.tally.fail(f"{kind.__name__}: an answer could not be read", repr(fault))

    def ask(self, what, method, path, body=None, role="query", expect=(200,), headers=None, excused=()):
        """One request. The answer, or None where a disturbance excuses that there is none of an expected status."""
        replica, began = self.replica, time.monotonic()
        try:
            answer = replica.ask(method, path, body, role, headers, LIMIT)
        except (OSError, http.client.HTTPException) as fault:
            if self.windows.met("killed", began, time.monotonic(), replica.name):
                self.tally.answered(what, "broken off")
            else:
                self.tally.fail(f"{what}: no answer", f"{replica.name}: {fault!r} after {time.monotonic() - began:.1f} s")
            return None
        self.tally.answered(what, answer.status)
        if answer.status in expect:
            return answer
        problem = answer.is_problem() and answer.json.get("title") and (answer.status == 504 or "retry-after" in answer.headers)
        allowed = answer.status == 429 or any(
            answer.status in ABSENCE[kind] and (kind == "killed" or kind in excused) and self.windows.met(kind, began, answer.ended, replica.name) for kind in ABSENCE)
        if not (allowed and problem):
            self.tally.fail(f"{what}: status {answer.status}", f"{replica.name}: {answer.body[:300]!r}")
        return None

    def question(self):
        number = self.dice.randrange(QUESTIONS)
        return f"w{4 + number} w{4 + number * 7 % 50} w{4 + number * 3 % 50}"

    def id(self):
        return f"stable-{self.dice.randrange(0, STABLE, STABLE // QUESTIONS):05}"

    def asked(self, what, path, body, settled):
        answer = self.ask(what, "POST", path, body)
        if answer:
            self.first.search(what, path + json.dumps(body), answer.json, settled)

    def search(self):
        self.asked("search by caption", "/v1/search/images", {"caption": self.question(), "top": 10, "shortlist": 40}, False)

    def settled(self):
        self.asked("search with a filter", "/v1/search/images", self.of_settled(), True)

    def of_settled(self):
        return {"caption": self.question(), "top": 20, "shortlist": 1000, "filter": {"kind": "stable", "n": {"lt": 60}}}

    def like(self):
        self.asked("search like an image", "/v1/search/images", {"imageId": self.id(), "top": 10, "filter": {"kind": "stable"}}, True)

    def captions(self):
        self.asked("search by image", "/v1/search/captions", {"imageId": self.id(), "top": 10, "shortlist": 1000, "filter": {"kind": "stable", "n": {"lt": 40}}}, True)

    def late(self):
        answer = self.ask("search with a deadline", "POST", "/v1/search/images", {"caption": self.question(), "shortlist": 300, "deadlineMs": self.dice.choice([1, 3, 10, 40])}, expect=(200, 504))
        if answer and answer.status == 200:
            self.first.search("search with a deadline", "/v1/search/images" + self.question(), {**answer.json, "hits": []}, False)

    def by_features(self):
        number = self.dice.randrange(QUESTIONS)
        array = features(self.stage.place, number)
        filter_ = {"kind": "stable", "n": {"lt": 40}}
        if self.dice.random() < 0.5:
            answer = self.ask("search by features", "POST", "/v1/search/captions?" + urllib.parse.urlencode({"top": 5, "shortlist": 1000, "filter": json.dumps(filter_)}), array, headers={"Content-Type": "application/x-npy"})
        else:
            answer = self.ask("search by features", "POST", "/v1/search/captions", {"features": base64.b64encode(array).decode(), "top": 5, "shortlist": 1000, "filter": filter_})
        if answer:
            self.first.search("search by features", f"features {number}", answer.json, True)

    def batch(self):
        queries = [self.of_settled() for _ in range(4)] + [{"imageId": "nobody"}]
        answer = self.ask("batch", "POST", "/v1/search/batch", {"queries": queries})
        if answer:
            entries = answer.json["answers"]
            self.tally.check(entries[-1].get("status") == 404, "batch: an unknown image is no 404", entries[-1])
            for query, entry in zip(queries[:-1], entries):
                if self.tally.check("hits" in entry, "batch: a query was refused", entry):
                    self.first.search("batch", "/v1/search/images" + json.dumps(query), entry, True)

    def score(self):
        body = {"pairs": [{"imageId": self.id(), "caption": self.question()}, {"imageId": self.id(), "captionId": f"{self.id()}#1"}]}
        answer = self.ask("score", "POST", "/v1/score", body)
        if answer:
            for pair, value in zip(body["pairs"], answer.json["scores"]):
                self.first.same("score", (answer.json["model"], json.dumps(pair)), value)

    def explain(self):
        began = time.monotonic()
        body = {"imageId": self.id(), "caption": self.question()}
        answer = self.ask("explain", "POST", "/v1/explain", body, expect=(200, 501))
        if answer and answer.status == 200:
            self.first.same("explain", (answer.json["model"], "explain", json.dumps(body)), {key: answer.json[key] for key in ("score", "outputs", "caption")})
        elif answer:
            self.tally.check(self.stage.active == "green" or self.windows.met("switching", began, answer.ended), "explain: 501 of a bundle that has an explainer", answer.body[:200])

    def image(self):
        name = self.id()
        answer = self.ask("image", "GET", f"/v1/images/{name}")
        if answer:
            self.first.same("image", name, {key: value for key, value in answer.json.items() if key != "indexEpoch"})

    def listing(self):
        seen, after = [], ""
        while after is not None:
            answer = self.ask("listing", "GET", f"/v1/images?limit=100{after and '&after=' + after}")
            if not answer:
                return
            seen += [entry["id"] for entry in answer.json["images"]]
            after = answer.json["next"]
        stable = [name for name in seen if name.startswith("stable-")]
        self.tally.check(seen == sorted(seen) and stable == [f"stable-{number:05}" for number in range(STABLE)], "listing: not each image once in order", f"{len(seen)} images, {len(stable)} of them stable")

    def picture(self):
        width = self.dice.choice(["", "?width=64", "?width=200"])
        answer = self.ask("picture", "GET", f"/v1/pictures/stable-00000{width}")
        if answer:
            self.first.same("picture", "picture" + width, answer.body.hex())
            again = self.ask("picture", "GET", f"/v1/pictures/stable-00000{width}", expect=(304,), headers={"If-None-Match": answer.headers["etag"]})
            self.tally.check(again is None or not again.body, "picture: a 304 with a body")

    def write(self):
        """Stores an image of its own, reads it, deletes it, and finds it gone."""
        name, began = f"put-{self.number}-{self.dice.randrange(OWN)}", time.monotonic()
        dice = random.Random(name)
        captions = [Place.caption(dice) for _ in range(2)]
        body = {"features": base64.b64encode(Place.features(dice)).decode(), "captions": captions, "metadata": {"kind": "put"}}
        stored = self.ask("PUT", "PUT", f"/v1/images/{name}", body, "ingest", (200, 201), excused=("postgres",))
        self.read_back(name, stored, began, captions)
        if self.dice.random() < 0.7:
            began = time.monotonic()
            deleted = self.ask("DELETE", "DELETE", f"/v1/images/{name}", None, "ingest", (200, 404), excused=("postgres",))
            self.read_back(name, deleted if deleted and deleted.status == 200 else None, began, None)

    def read_back(self, name, written, began, captions):
        """What was acknowledged and is said to be visible is seen by the replica that said so, if no index was switched meanwhile."""
        if not written or not written.json["visible"]:
            self.tally.count("writes not read back")
            return
        answer = self.ask("image just written", "GET", f"/v1/images/{name}", expect=(200, 404))
        if answer and not self.windows.met("switching", began, answer.ended):
            found = [caption["text"] for caption in answer.json["captions"]] if answer.status == 200 else None
            self.tally.count("writes read back")
            self.tally.check(found == captions, "a write: what is read is not what was acknowledged", f"{self.replica.name} {name}: {answer.status} {found}, expected {captions}")

    def reports(self):
        kind = self.dice.randrange(5)
        if kind == 0:
            self.ask("model", "GET", "/v1/model")
        elif kind == 1:
            self.ask("indexes", "GET", "/v1/indexes", role="ingest", excused=("postgres",))
        elif kind == 2:
            self.ask("runs", "GET", "/v1/ingestions", role="ingest", excused=("postgres",))
        elif kind == 3:
            self.ask("ready", "GET", "/health/ready")
        else:
            answer = self.ask("metrics", "GET", "/metrics", role="metrics")
            self.tally.check(not answer or b"retrieval_ready" in answer.body, "metrics: lack retrieval_ready")

    def stranger(self):
        self.ask("a wrong key", "POST", "/v1/search/images", {"caption": "w4"}, expect=(401,), headers={"X-Api-Key": "rsk_0123456789ab_" + "0" * 64})

    def leave(self):
        """Leaves in the middle of a request, or of its answer, with a reset."""
        body = json.dumps({"caption": self.question(), "shortlist": 300}).encode()
        server = self.replica.server
        raw = f"POST /v1/search/images HTTP/1.1\r\nHost: {server.host}\r\nX-Api-Key: {self.replica.keys['query']}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        try:
            with socket.create_connection((server.host, server.port), LIMIT) as connection:
                connection.sendall(raw if self.dice.random() < 0.7 else raw[:self.dice.randrange(len(raw))])
                time.sleep(self.dice.random() * 0.02)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.tally.count("callers who left")
        except OSError:
            pass  # the replica is being killed; whoever asks for an answer notices if it is not


def features(place, number):
    return npy("<f4", (REGIONS, WIDTH), Place.features(place.random(f"query/{number}")))
