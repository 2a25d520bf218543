"""One row of the table: what was done for a promise, what was found, and whether it was held."""
import math

MOST_FAILURES = 8  # told in full; one fault may show in thousands of answers


class NotRun(Exception):
    """What a row needs is not there: no Postgres, no libfaketime, no right to mount. In CI that is a failure."""


class Row:
    def __init__(self, key, promise):
        self.key, self.promise = key, promise
        self.done, self.numbers = [], []
        self.failures, self.missed, self.more_failures = [], [], 0
        self.not_run = None
        self.seconds = 0.0

    def did(self, text):
        """Says what was done."""
        self.done.append(text)

    def check(self, held, failure):
        """A criterion of function: the wrong status, a lost row. Fails the run, in CI too."""
        if not held and len(self.failures) < MOST_FAILURES:
            self.failures.append(failure)
        elif not held:
            self.more_failures += 1
        return bool(held)

    def told(self, text):
        """A number nobody judges."""
        self.numbers.append(text)

    def number(self, text, met, aim):
        """A criterion of time. What is missed is said, and does not fail the run: two shared cores decide nothing."""
        self.numbers.append(text if met else f"{text} (aim: {aim})")
        if not met:
            self.missed.append(text)

    @property
    def verdict(self):
        if self.failures:
            return "NOT HELD"
        if self.not_run:
            return "not run"
        return "number missed" if self.missed else "held"

    def as_json(self):
        return {
            "promise": self.key, "title": self.promise, "verdict": self.verdict, "done": self.done, "numbers": self.numbers,
            "failures": self.failures, "moreFailures": self.more_failures, "missed": self.missed, "notRun": self.not_run,
            "seconds": round(self.seconds, 1),
        }


def percentile(values, share):
    """By nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1] if ordered else None
