"""Whether a series of samples grows: Theil–Sen's slope after a warm-up, against a bound."""
import statistics

WARM_UP = 1 / 3  # of a run: tiered compilation, pools and caches fill
SHORTEST = 100  # seconds after the warm-up, below which no slope is judged
MOST_POINTS = 600  # the slope is a median over all pairs of points


class Bound:
    """
    How much a quantity may grow in an hour. `least` is the rise over the judged time below which nothing is said, since so
    much comes and goes by itself: in a run of five minutes any noise is a steep slope.
    """

    def __init__(self, unit, an_hour, least, why):
        self.unit, self.an_hour, self.least, self.why = unit, an_hour, least, why


# A leak of one kilobyte a request is some 300 MB in an hour of this load, of one handle a reconnect some dozens.
BOUNDS = {
    "memory": Bound("MB", 64, 48, "resident memory that no file stands behind; the collector keeps some tens of MB more or less"),
    "heap": Bound("MB", 16, 24, "managed heap at the last collection: what is reachable, and what died since the last full one"),
    "handles": Bound("", 12, 16, "open descriptors: connections that come and go, some files of a generation of the index"),
    "threads": Bound("", 6, 8, "the pool adds one at a time under load and gives it back"),
    "sockets": Bound("", 12, 16, "of callers, and of the pool to Postgres, which closes idle ones after minutes"),
    "cache": Bound("MB", 32, 64, "two copies, in each of which replaced images stay until it has 1,024 rows and is compacted"),
    "connections": Bound("", 6, 12, "of all replicas to Postgres, by Postgres' own count"),
}


def theil_sen(points):
    """The median of the slopes between all pairs of (time, value); 0 of fewer than two points."""
    if len(points) > MOST_POINTS:
        step = len(points) / MOST_POINTS
        points = [points[int(number * step)] for number in range(MOST_POINTS)]
    slopes = [(later[1] - earlier[1]) / (later[0] - earlier[0]) for number, earlier in enumerate(points) for later in points[number + 1:] if later[0] > earlier[0]]
    return statistics.median(slopes) if slopes else 0.0


class Judgement:
    """A series: its first and last values after the warm-up (medians of a tenth), its slope an hour, and what is said of it."""

    def __init__(self, name, points):
        self.name, self.bound = name, BOUNDS[name.rsplit(" ", 1)[-1]]
        began = points[0][0] if points else 0
        length = points[-1][0] - began if points else 0
        kept = [point for point in points if point[0] >= began + length * WARM_UP]
        self.samples, self.seconds = len(kept), (kept[-1][0] - kept[0][0] if kept else 0)
        tenth = max(1, len(kept) // 10)
        self.first = statistics.median(value for _, value in kept[:tenth]) if kept else None
        self.last = statistics.median(value for _, value in kept[-tenth:]) if kept else None
        slope = theil_sen(kept)
        self.an_hour = 3600 * slope
        self.leaks = self.seconds >= SHORTEST and self.an_hour > self.bound.an_hour and slope * self.seconds > self.bound.least
        self.verdict = "too short" if self.seconds < SHORTEST else "GROWS" if self.leaks else "flat"

    def as_json(self):
        return {
            "name": self.name, "unit": self.bound.unit, "samples": self.samples, "seconds": round(self.seconds), "first": self.first, "last": self.last,
            "anHour": round(self.an_hour, 2), "bound": self.bound.an_hour, "least": self.bound.least, "verdict": self.verdict,
        }


def judge(series):
    """A judgement for each series: name, whose last word is the quantity, to a list of (seconds, value)."""
    return [Judgement(name, points) for name, points in series.items()]
