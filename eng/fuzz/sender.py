"""Sends a case and judges what comes back."""
import time

import wire
from case import KEY
from corpus import CAPTION_MARK, METADATA_MARK

LONGEST = 30  # seconds until an answer or the connection's end
PATIENCE = 0.4  # seconds for what may not be a whole request, before our side is closed
JSON_ROUTES = ("/v1/search", "/v1/score", "/v1/explain", "/v1/model", "/v1/images", "/v1/ingestions", "/v1/indexes")
HELD_BY_SOCKETS = 64 << 10  # what is longer may be refused before its end, and the refusal lost in a reset


class Sender:
    """Sends cases to one server, each on a connection of its own."""

    def __init__(self, server, oracle, report, key):
        self.server, self.oracle, self.report, self.key = server, oracle, report, key.encode()

    def send(self, case):
        """The answers. What is wrong with them is in the report."""
        raw, answers, began = case.raw, [], time.monotonic()
        try:
            with wire.Connection(self.server.port, LONGEST) as connection:
                for part in case.parts:
                    if not connection.send(part.replace(KEY, self.key)):
                        break
                if case.ends:
                    connection.half_close()
                answers = self.answers(connection, case)
        except wire.Silence:
            self.report.finding(f"neither an answer nor an end ({case.form})", f"nothing in {time.monotonic() - began:.1f} s", f"one of both within {LONGEST} s", raw)
        except ConnectionRefusedError as fault:
            self.report.finding("a connection is refused", fault, "a server that listens", raw)
        except OSError as fault:
            self.report.count(f"connections ended by the server ({type(fault).__name__})")
        if case.sound and not answers and len(raw) < HELD_BY_SOCKETS and self.server.alive:
            self.report.finding(f"no answer to {case.method} {case.target[:40]}", "the connection ended", "an answer", raw)
        for answer in answers:
            self.judge(case, answer, raw)
        self.report.high("milliseconds of a case", round((time.monotonic() - began) * 1000))
        return answers

    def answers(self, connection, case):
        found, ended = [], case.ends
        while True:
            # What is no whole request may be waited for by the server: then its sender ends it.
            if not (case.sound or ended or found and found[-1].closes) and (found or not connection.arrives(PATIENCE)):
                connection.half_close()
                ended = True
            answer = connection.answer(case.method, LONGEST)
            if answer is None:
                return found
            found.append(answer)
            if case.sound or answer.status == 0:
                return found

    def judge(self, case, answer, raw):
        if answer.status == 0:
            if case.method == "HEAD":
                self.report.finding("a body in an answer to HEAD", answer.body[:200], "headers alone", raw)
            elif not raw.startswith(b"PRI * HTTP/2.0"):
                self.report.finding("bytes that are no HTTP answer", answer.body[:200], "an HTTP answer", raw)
            return
        text = answer.body + repr(answer.headers).encode()
        if self.key[-64:] in text:
            self.report.finding("a key in an answer", f"{answer.status} {answer.body[:200]}", "no key", raw)
        if answer.status >= 400 and any(mark.encode() in text for mark in (CAPTION_MARK, METADATA_MARK)):
            self.report.finding("a caption or metadata in an error", answer.body[:300], "neither", raw)
        if not answer.whole and not case.sound:
            # It may have left as soon as we closed our side.
            self.report.count("answers cut off after the caller's own end")
            return
        if answer.status < 400 and not (answer.header("content-type") or "").startswith("application/json") and not case.target.startswith(JSON_ROUTES):
            self.report.status(case.form, answer.status)  # a picture or that it has not changed, the console, metrics
            return
        self.oracle.check(answer, raw, case.method, case.target, case.sound)
