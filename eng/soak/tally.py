"""What was asked and how it was answered, counted by several threads."""
import collections
import threading

MOST_EXAMPLES = 3


class Tally:
    def __init__(self):
        self._lock = threading.Lock()
        self.answers = collections.defaultdict(collections.Counter)  # by kind of request, then by status
        self.counts = collections.Counter()
        self.failures = {}  # by what is wrong: [how often, examples]

    def answered(self, what, status):
        with self._lock:
            self.answers[what][str(status)] += 1

    def count(self, what, number=1):
        with self._lock:
            self.counts[what] += number

    def fail(self, what, example=""):
        """Something no disturbance excuses."""
        with self._lock:
            entry = self.failures.setdefault(what, [0, []])
            entry[0] += 1
            if len(entry[1]) < MOST_EXAMPLES:
                entry[1].append(str(example)[:500])

    def check(self, held, what, example=""):
        if not held:
            self.fail(what, example)
        return bool(held)

    @property
    def requests(self):
        with self._lock:
            return sum(sum(found.values()) for found in self.answers.values())

    def failed(self):
        with self._lock:
            return sum(count for count, _ in self.failures.values())

    def as_json(self):
        with self._lock:
            return {
                "answers": {what: dict(sorted(found.items())) for what, found in sorted(self.answers.items())},
                "counts": dict(sorted(self.counts.items())),
                "failures": [{"what": what, "count": count, "examples": examples} for what, (count, examples) in self.failures.items()],
            }
