"""What a fit prints: plain lines, the same to a terminal and to a file."""

import sys
import time


def duration(seconds: float) -> str:
    """75 -> "1:15"."""
    whole = max(0, round(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"


class Progress:
    """Lines with the time since the start. `every`: seconds between two lines of the same work."""

    def __init__(self, every: float = 10.0) -> None:
        self._started = time.monotonic()
        self._every = every
        self._work = ""
        self._first = (0.0, 0)
        self._last = 0.0

    def line(self, text: str) -> None:
        print(f"[{duration(time.monotonic() - self._started)}] {text}", file=sys.stdout, flush=True)

    def tick(self, work: str, done: int, of: int, also: str = "") -> None:
        """Says how far `work` is and when it will end; not more often than every few seconds, and at its end."""
        now = time.monotonic()
        if work != self._work:
            self._work, self._first, self._last = work, (now, done), now
        elif now - self._last < self._every and done < of:
            return
        if done >= of:
            self.line(f"{work}: {of}{also}")
            self._work = ""
        elif now > self._first[0]:
            self._last = now
            self.line(f"{work}: {done} of {of}, {self.left(done, of)} left{also}")

    def left(self, done: int, of: int) -> str:
        """The time that is left of the present work at its pace so far."""
        started, before = self._first
        if done <= before:
            return "?"
        return duration((time.monotonic() - started) / (done - before) * (of - done))

    def begin(self, work: str, done: int) -> None:
        """Work whose lines the caller writes, from where it starts now."""
        self._work, self._first = work, (time.monotonic(), done)
