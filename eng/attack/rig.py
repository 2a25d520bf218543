"""What the cases stand on: a base index made once, copies of it, and a server that several cases share."""
import os
import pathlib
import shutil
import urllib.parse

import wire
from book import ABSENT, Book, state
from command import Command
from contract import Contract
from corpus import CAPTION_MARK, ID_MARK, METADATA_MARK, Corpus
from oracle import Oracle
from server import Server

BASE_ROWS = 64
CASES_A_SERVER = 25


class Served:
    """A server on a copy of the base index, with what the index must hold."""

    def __init__(self, server, book, ids, contract):
        self.server, self.book, self.ids, self.contract = server, book, ids, contract
        self.cases = 0

    def oracle(self, form):
        return Oracle(self.server.report, form, self.contract)


class Rig:
    def __init__(self, root, app, seed, report, folder):
        self.seed, self.report, self.root = seed, report, pathlib.Path(root).resolve()
        self.folder = pathlib.Path(folder)
        self.corpus = Corpus(root)
        self.command = Command(app, pathlib.Path(root) / "models/scenes/bundle", report)
        self.base = self.folder / "base"
        self.book = None
        self._shared = None
        self._contract = None
        self._numbers = 0

    def place(self, name):
        """An empty folder for a case."""
        self._numbers += 1
        folder = self.folder / f"{name}-{self._numbers}"
        folder.mkdir()
        return folder

    def prepare(self):
        """Makes the base index: ingested rows, images put, replaced and deleted since, in several generations."""
        source = self.folder / "base-source"
        images = self.corpus.write(source, range(BASE_ROWS))
        outcome = self.command.ingest(self.base, source, more={"--commit-rows": 24, "--batch": 8})
        if outcome.code != 0:
            raise RuntimeError(f"the base index could not be made: {outcome.errors}")
        self.book = Book(images)
        server = self.serve(self.base, self.folder, "prepare")
        self._contract = Contract(server.port)
        oracle = Oracle(self.report, "prepare", self._contract)
        for i in range(8):
            name = f"{ID_MARK}-{i}/é" if i else self.corpus.ids[3]
            # Long enough that damage to metadata does something.
            self.put(server.port, oracle, self.book, name, i + 200, captions=[f"{CAPTION_MARK} {text}" for text in self.corpus.captions_of(i + 200)], metadata={"place": str(i), "note": METADATA_MARK * 20, "n": i})
        for name in self.corpus.ids[5:8]:
            self.delete(server.port, oracle, self.book, name)
        self.book.check(server.port, self.report, oracle)
        server.stop()
        code, said, text = self.command.verify(self.base)
        if not said:
            raise RuntimeError(f"the base index does not verify: {code} {text}")

    def ids(self):
        """Ids of images that are in the base index and are never written by cases that only read."""
        return [name for name, states in self.book.states.items() if states != [ABSENT]]

    def copy(self, folder):
        target = pathlib.Path(folder) / "index"
        shutil.copytree(self.base, target)
        return target

    def serve(self, index, folder, form, ready=True, **options):
        server = Server(self.command, index, folder, self.report, form, **options)
        if ready and not server.ready():
            tail = server.tail()
            server.kill()
            raise RuntimeError(f"a server on a sound index does not become ready: {server.reasons} {tail}")
        return server

    def shared(self, form):
        """The server that cases share; a fresh one now and then, and after its end."""
        if self._shared and (self._shared.cases >= CASES_A_SERVER or not self._shared.server.alive):
            self.end_shared()
        if not self._shared:
            folder = self.place("shared")
            server = self.serve(self.copy(folder), folder, "shared")
            self._shared = Served(server, self.book.copy(), self.ids(), self._contract)
        self._shared.cases += 1
        self._shared.server.form = form
        return self._shared

    def look_after(self):
        """After a case: the log, and whether the shared server lives."""
        if self._shared:
            self._shared.server.scan()
            if not self._shared.server.alive:
                self.end_shared()

    def end_shared(self):
        """Checks everything that was acknowledged to have come to pass, stops the server, and verifies the index."""
        if not self._shared:
            return
        served, self._shared = self._shared, None
        if served.server.alive:
            served.book.check(served.server.port, self.report, served.oracle("check"))
            self.totals(served.server.port, served.book)
        served.server.stop()
        self.verified(served.server.index)
        self.clear(served.server.folder)

    def verified(self, index):
        code, said, text = self.command.verify(index)
        self.report.count("indexes verified")
        if not said:
            self.report.finding("index verify finds damage nobody did", f"exit {code}: {text}", "exit 0")
        return said

    def totals(self, port, book):
        """Counts of the index against the model: nothing half visible."""
        (few, most), (few_captions, most_captions) = book.totals()
        counts = wire.ask_json(port, "GET", "/v1/model")
        import strict
        index = strict.parse(counts.body).get("index", {}) if counts is not None and counts.status == 200 else {}
        if not few <= index.get("images", -1) <= most or not few_captions <= index.get("captions", -1) <= most_captions:
            self.report.finding("the index counts other images or captions than were acknowledged", index, f"{few} to {most} images, {few_captions} to {most_captions} captions")

    def clear(self, folder):
        shutil.rmtree(folder, ignore_errors=True)

    def put(self, port, oracle, book, name, row, captions=None, metadata=None, boxes=None, patience=40):
        """Puts an image as JSON and books it. Gives the answer's status, or None where there was no answer."""
        import base64
        import json
        import time
        value = {"features": base64.b64encode(self.corpus.npy(row)).decode(), "captions": captions or [], "metadata": metadata, "boxes": boxes}
        raw = wire.request("PUT", "/v1/images/" + urllib.parse.quote(name, safe=""), json.dumps(value).encode(), [("Content-Type", "application/json"), ("Connection", "close")])
        return self.change(port, oracle, book, name, state(captions or [], metadata, boxes), raw, "PUT", patience)

    def delete(self, port, oracle, book, name, patience=40):
        raw = wire.request("DELETE", "/v1/images/" + urllib.parse.quote(name, safe=""), headers=[("Connection", "close")])
        return self.change(port, oracle, book, name, ABSENT, raw, "DELETE", patience)

    def change(self, port, oracle, book, name, new, raw, method, patience=40):
        import time
        for _ in range(patience):
            book.sent(name, new)
            try:
                with wire.Connection(port) as connection:
                    connection.send(raw)
                    answer = connection.answer(method)
            except (OSError, wire.Silence):
                return None
            if answer is None or not answer.whole:
                return None
            oracle.check(answer, raw, method, "/v1/images/" + urllib.parse.quote(name, safe=""), sound=True)
            if answer.status in (200, 201) or answer.status == 404 and method == "DELETE":
                book.acknowledged(name, new)
                self.report.count("writes acknowledged")
                return answer.status
            if answer.status in (409, 429):
                book.refused(name, new)
                time.sleep(0.05)
                continue
            # What is not done says so with any 4xx, a 507, or a 503; after a 504 it may have been done.
            if answer.status != 504 and answer.status < 500 or answer.status == 507:
                book.refused(name, new)
            return answer.status
        return None
