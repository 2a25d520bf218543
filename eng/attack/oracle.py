"""What may be answered: the checks of every single answer."""
import re

import strict

# 501: the bundle has no explainer.
ALLOWED_ABOVE_500 = {501, 503, 504, 505, 507}
# Refused before there is a request: docs/http-api.md says that these have no body.
MAY_BE_EMPTY = {400, 408, 431}
LEAKS = re.compile(r"\n\s*at [\w.<>]+\(|\bSystem\.[A-Z]\w+|\bMicrosoft\.[A-Z]\w+|\.cs:line \d+|(?<![\w])/(?:tmp|home|work|root|usr|var)/[\w.-]+")
RETRY = {429, 503}


class Oracle:
    """Checks answers of one server."""

    def __init__(self, report, form, contract=None):
        self.report, self.form, self.contract = report, form, contract

    def check(self, answer, sent, method="GET", target="", sound=False):
        """Reports what is wrong with an answer; gives its JSON value, or None. `sound`: the request was well-formed HTTP."""
        if answer is None:
            return None
        report, status = self.report, answer.status
        report.status(self.form, status)
        where = f"{method} {_route(target)}" if sound else "what is no proper request"
        if not answer.whole:
            report.finding(f"an answer is cut off ({status}, {where})", f"{status} {answer.headers} {answer.body[-200:]!r}", "a complete answer", sent)
            return None
        if status >= 500 and status not in ALLOWED_ABOVE_500 or status < 200:
            report.finding(f"status {status} to {where}", answer.body[:300], "no 5xx but 501, 503, 504, 505 and 507", sent)
        if status in RETRY and not (answer.header("retry-after") or "").isdigit():
            report.finding(f"{status} without Retry-After", answer.headers, "Retry-After in seconds", sent)
        if method == "HEAD":
            return None
        return self._problem(answer, sent, method, target, sound) if status >= 400 else self._success(answer, sent, method, target, sound)

    def _problem(self, answer, sent, method, target, sound):
        report, status = self.report, answer.status
        if not answer.body:
            if status not in MAY_BE_EMPTY or sound and status != 400:
                report.finding(f"an empty body with status {status}", answer.headers, "application/problem+json with a body", sent, severity="low")
            return None
        if not (answer.header("content-type") or "").startswith("application/problem+json"):
            report.finding(f"a {status} that is no application/problem+json", answer.headers, "application/problem+json", sent)
        value = self._json(answer, sent)
        if value is None:
            return None
        if not isinstance(value, dict) or value.get("status") != status or not value.get("title") or not value.get("detail"):
            report.finding(f"a problem without title, status or detail ({status})", answer.body[:300], "title, status, detail", sent)
        # Line ends are escaped in JSON, so that a trace of a stack shows in the text alone.
        text = f"{answer.body.decode('utf-8', 'replace')}\n{value.get('detail') if isinstance(value, dict) else ''}"
        raw = bytes(sent).decode("latin-1") if isinstance(sent, (bytes, bytearray)) else str(sent)
        for leak in LEAKS.finditer(text):
            if leak.group(0).strip() not in raw:
                report.finding(f"an error shows the inside of the server ({status})", text[:400], "no path, no stack trace, no type", sent)
                break
        self._headers(answer, sent, target)
        if sound and self.contract:
            self._contract(method, target, status, value, sent)
        return value

    def _success(self, answer, sent, method, target, sound):
        kind = answer.header("content-type") or ""
        if target.startswith("/metrics"):
            return None
        if not kind.startswith("application/json"):
            if answer.body or not (answer.status == 200 and method in ("OPTIONS", "HEAD")):
                self.report.finding(f"a {answer.status} that is no application/json", f"{answer.headers} {answer.body[:80]!r}", "application/json", sent)
            return None
        value = self._json(answer, sent)
        if value is not None:
            self._ranks(value, sent)
            self._headers(answer, sent, target)
            if sound and self.contract:
                self._contract(method, target, answer.status, value, sent)
        return value

    def _json(self, answer, sent):
        try:
            return strict.parse(answer.body)
        except strict.NotStrict as fault:
            self.report.finding(f"a {answer.status} that is no complete JSON of finite numbers", f"{fault}: {answer.body[:200]!r} … {answer.body[-100:]!r}", "one JSON value of finite numbers", sent)
            return None

    def _ranks(self, value, sent):
        for answer in value.get("answers", [value]) if isinstance(value, dict) else []:
            hits = answer.get("hits") if isinstance(answer, dict) else None
            if hits is None:
                continue
            ranking = [hit["rankingScore"] for hit in hits]
            scored = [score for score in ranking if score is not None]
            ranks = [hit["rank"] for hit in hits]
            first = ranks[0] if ranks else 1
            # A page may have hits of two shortlists, whose second follows the first whatever its scores are.
            ordered = first > 1 or scored == sorted(scored, reverse=True)
            if ranks != list(range(first, first + len(hits))) or not ordered or None in ranking[:len(scored)]:
                self.report.finding("hits out of order", str(hits)[:300], "ranks one after the other in order of the ranking score, unscored hits last", sent)
            # Images like an image have no second stage.
            if hits and not scored and answer["reranked"] == 0 and answer["query"] is None:
                continue
            if None in ranking and not answer.get("degraded"):
                self.report.finding("a hit without a score in an answer that is not degraded", str(answer)[:300], "degraded says why", sent)
            if answer["reranked"] < answer["shortlisted"] and not answer.get("degraded"):
                self.report.finding("fewer reranked than shortlisted in an answer that is not degraded", str(answer)[:300], "degraded says why", sent)

    def _headers(self, answer, sent, target):
        if not target.startswith("/v1"):
            return
        if (answer.header("x-content-type-options") or "").lower() != "nosniff":
            self.report.finding("no X-Content-Type-Options on an answer", f"{answer.status} {answer.headers}", "nosniff", sent, severity="low")
        if "no-store" not in (answer.header("cache-control") or ""):
            self.report.finding("no Cache-Control: no-store on an answer", f"{answer.status} {answer.headers}", "no-store", sent, severity="low")

    def _contract(self, method, target, status, value, sent):
        fault = self.contract.undocumented(method, target, status)
        if fault:
            self.report.finding(f"not in the OpenAPI document: {fault}", str(value)[:200], "every status that occurs is in the document", sent, severity="low")
            return
        fault = self.contract.misshaped(method, target, status, value)
        if fault:
            self.report.finding(f"an answer is not of its schema: {method} {_route(target)} {status}", f"{fault}: {str(value)[:300]}", "the schema of the OpenAPI document", sent)


def _route(target):
    path = target.split("?")[0]
    for beginning in ("/v1/images", "/v1/ingestions"):
        if path.startswith(beginning):
            return beginning + ("/…" if len(path) > len(beginning) else "")
    return path[:40]
