"""A fixed set of questions whose answers over the sound index are known, and the comparison with them."""
import json
import math
import urllib.parse

import wire
from corpus import CAPTION_MARK


class Questions:
    def __init__(self, rig, headers=()):
        self.headers = list(headers)
        ids = rig.ids()
        captions = [rig.corpus.captions_of(row)[0] for row in (0, 9, 17, 31)] + ["a cube", CAPTION_MARK]
        self.asked = [("POST", "/v1/search/images", {"caption": text, "top": 20, "shortlist": 100}) for text in captions]
        self.asked += [("POST", "/v1/search/images", {"caption": "a striped star", "filter": {"place": "3"}})]
        self.asked += [("POST", "/v1/search/captions", {"imageId": name, "top": 20, "shortlist": 400}) for name in (ids[0], ids[11], ids[-1])]
        self.asked += [("GET", "/v1/images/" + urllib.parse.quote(name, safe=""), None) for name in (*ids[:4], *ids[-5:])]
        self.asked += [("POST", "/v1/score", {"pairs": [{"imageId": a, "captionId": b + "#0"} for a, b in zip(ids[:20], reversed(ids[:20]))]})]
        self.asked += [("POST", "/v1/search/batch", {"queries": [{"caption": captions[0], "top": 5}, {"imageId": ids[2], "top": 5}]})]
        self.known = None

    def learn(self, port, oracle):
        self.known = [self.ask(port, oracle, question)[1] for question in self.asked]
        if None in self.known:
            raise RuntimeError("a question has no answer over the sound index")

    def ask(self, port, oracle, question):
        """(status or None, value or None)."""
        method, target, value = question
        body = None if value is None else json.dumps(value).encode()
        raw = wire.request(method, target, body, [("Connection", "close"), *self.headers] + ([("Content-Type", "application/json")] if body else []))
        try:
            with wire.Connection(port) as connection:
                connection.send(raw)
                answer = connection.answer(method)
        except (OSError, wire.Silence):
            return None, None
        found = oracle.check(answer, raw, method, target, sound=True)
        return (None if answer is None else answer.status), found

    def judge(self, port, oracle):
        """Asks all. Gives a list of (question, kind, detail); kind is equal, marked, refused, silent or nothing."""
        verdicts = []
        for question, known in zip(self.asked, self.known):
            status, found = self.ask(port, oracle, question)
            if status is None:
                verdicts.append((question, "nothing", "no answer"))
            elif status in (429, 503, 504):
                verdicts.append((question, "refused", status))
            elif found is None or status != 200:
                verdicts.append((question, "silent", f"{status} {str(found)[:200]}"))
            else:
                difference = differs(known, found)
                marked = "degraded" in found and found["degraded"] or any(each.get("degraded") or each.get("status") == 503 for each in found.get("answers", []))
                verdicts.append((question, "equal" if difference is None else "marked" if marked else "silent", difference))
        return verdicts


IGNORED = {"indexEpoch", "traceId", "model"}


def differs(known, found, at="$"):
    """Where two answers differ; None if they do not."""
    if isinstance(known, dict) and isinstance(found, dict):
        for key in sorted(set(known) | set(found)):
            if key in IGNORED:
                continue
            if key not in known or key not in found:
                return f"{at}.{key} is in one of them"
            inner = differs(known[key], found[key], f"{at}.{key}")
            if inner:
                return inner
        return None
    if isinstance(known, list) and isinstance(found, list):
        if len(known) != len(found):
            return f"{at} has {len(found)} entries, not {len(known)}"
        for i, (one, other) in enumerate(zip(known, found)):
            inner = differs(one, other, f"{at}[{i}]")
            if inner:
                return inner
        return None
    if isinstance(known, float) and isinstance(found, (int, float)):
        return None if math.isclose(known, found, rel_tol=1e-4, abs_tol=1e-5) else f"{at} is {found}, not {known}"
    return None if known == found else f"{at} is {str(found)[:80]!r}, not {str(known)[:80]!r}"
