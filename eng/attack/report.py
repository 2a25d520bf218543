"""What was done and what was found, safe to use from several threads."""
import collections
import json
import threading
import time

MOST_EXAMPLES = 5


class Report:
    """Counts, and findings grouped by their kind: a fault met a thousand times is one finding with its count."""

    def __init__(self, seed, replay):
        self._lock = threading.Lock()
        self.seed, self._replay = seed, replay
        self.started = time.time()
        self.statuses = collections.defaultdict(collections.Counter)
        self.counts = collections.Counter()
        self.highest = collections.Counter()
        self.findings = {}
        self.broken = []
        self.cases = []
        self.case, self.notes = None, []

    def begin(self, case):
        self.case, self.notes = case, []

    def note(self, text):
        """What this case did, for whoever reads its line."""
        with self._lock:
            self.notes.append(text)

    def status(self, form, status):
        with self._lock:
            self.statuses[form][str(status)] += 1

    def count(self, what, number=1):
        with self._lock:
            self.counts[what] += number

    def high(self, what, value):
        with self._lock:
            self.highest[what] = max(self.highest[what], value)

    def finding(self, kind, got, expected="", sent=None, severity="fault"):
        """Records a finding. `kind` groups; `got` and `sent` describe this instance."""
        example = {"case": self.case, "got": str(got)[:1500], "replay": f"{self._replay} --case {self.case}"}
        if sent is not None:
            example["sent"] = shorten(sent)
        with self._lock:
            entry = self.findings.setdefault(kind, {"kind": kind, "severity": severity, "expected": expected, "count": 0, "examples": []})
            entry["count"] += 1
            if len(entry["examples"]) < MOST_EXAMPLES and all(each["case"] != self.case for each in entry["examples"]):
                entry["examples"].append(example)
                if len(entry["examples"]) == 1:
                    print(f"  FOUND in case {self.case}: {kind}: {example['got'][:300]}" + (f"\n    sent {example['sent'][:300]}" if sent is not None else ""), flush=True)

    def breakage(self, text):
        """A fault of this tool, which says nothing about the server."""
        with self._lock:
            self.broken.append({"case": self.case, "trace": text})
        print(f"  THE TOOL FAILED in case {self.case}:\n{text}", flush=True)

    def write(self, path, minutes, head):
        with self._lock:
            document = {
                "seed": self.seed, "minutes": round(minutes, 2), **head,
                "statuses": {form: dict(sorted(found.items())) for form, found in sorted(self.statuses.items())},
                "counts": dict(sorted(self.counts.items())), "highest": dict(sorted(self.highest.items())),
                "findings": list(self.findings.values()), "toolFailures": self.broken, "cases": self.cases,
            }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=True)
            file.write("\n")

    def print(self, minutes):
        print(f"\nseed {self.seed}, {minutes:.1f} minutes, {len(self.cases)} cases")
        for form, found in sorted(self.statuses.items()):
            print(f"  {form:8} {sum(found.values()):>8} answers: " + ", ".join(f"{status} x {count}" for status, count in sorted(found.items())))
        for what, number in sorted(self.counts.items()):
            print(f"  {what}: {number}")
        for what, number in sorted(self.highest.items()):
            print(f"  highest {what}: {number}")
        for severity in ("fault", "low"):
            for entry in (each for each in self.findings.values() if each["severity"] == severity):
                print(f"{'FINDING' if severity == 'fault' else 'FINDING (low)'} x {entry['count']}: {entry['kind']}")
                print(f"    expected: {entry['expected']}" if entry["expected"] else "", end="\n" if entry["expected"] else "")
                for example in entry["examples"][:2]:
                    print(f"    got: {example['got'][:400]}")
                    if "sent" in example:
                        print(f"    sent: {example['sent'][:300]}")
                    print(f"    {example['replay']}")
        faults = sum(each["severity"] == "fault" for each in self.findings.values())
        print(f"{faults} kinds of faults, {len(self.findings) - faults} low; {len(self.broken)} failures of the tool itself")


def shorten(data):
    """Bytes as text a person can read, cut in the middle."""
    text = repr(data) if isinstance(data, (bytes, bytearray)) else str(data)
    return text if len(text) <= 700 else text[:450] + f" … ({len(data)} bytes) … " + text[-200:]
