"""A report that keeps the cases that failed as files."""
import pathlib
import threading

from report import Report

MOST_KEPT = 3  # of one kind


class KeepingReport(Report):
    def __init__(self, seed, folder):
        self._current = threading.local()
        super().__init__(seed, "eng/fuzz.sh --replay")
        self.folder, self.kept = pathlib.Path(folder), {}

    @property
    def case(self):
        """The number of this thread's case."""
        return getattr(self._current, "number", None)

    @case.setter
    def case(self, number):
        self._current.number = number

    def sending(self, number, case):
        self._current.number, self._current.case = number, case

    def finding(self, kind, got, expected="", sent=None, severity="fault"):
        super().finding(kind, got, expected, sent, severity)
        case = getattr(self._current, "case", None)
        if case is None:
            return
        with self._lock:
            count = self.kept[kind] = self.kept.get(kind, 0) + 1
        if count <= MOST_KEPT:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"case-{self.seed}-{self.case}.json"
            case.keep(path, self.case, self.seed)
            print(f"    kept as {path}", flush=True)
