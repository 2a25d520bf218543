"""When what was disturbed: an answer is excused only by a disturbance that it met."""
import contextlib
import threading
import time


class Windows:
    """Spans of disturbances by their kind, and by the replica where it is one replica's."""

    def __init__(self):
        self._lock = threading.Lock()
        self._spans = []

    @contextlib.contextmanager
    def during(self, kind, replica=None):
        """The span of a disturbance. One that is broken off stays open: whatever comes after is its consequence."""
        span = [kind, replica, time.monotonic(), None]
        with self._lock:
            self._spans.append(span)
        yield
        span[3] = time.monotonic()

    def met(self, kind, began, ended, replica=None):
        """Whether something that lasted from `began` to `ended` overlaps a disturbance of that kind."""
        with self._lock:
            return any(name == kind and who in (None, replica) and start <= ended and (end is None or began <= end) for name, who, start, end in self._spans)

    def count(self, kind):
        with self._lock:
            return sum(name == kind for name, *_ in self._spans)

    def seconds(self, kind):
        with self._lock:
            return sum((end or time.monotonic()) - start for name, _, start, end in self._spans if name == kind)
