"""A replica that is switched between two indexes of different models, again and again, and its memory meanwhile."""
import pathlib
import time

from sampler import held
from served import until
from stage import KINDS, Replica, catalog

EVERY = 10  # switches between two samples
BOUND = 90  # MB above the memory before the first switch: a second model for the time of a switch, and what the allocator keeps


def switches(options, place):
    """Switches and prints; the exit code: 0 held, 1 not."""
    connection, _, bundles = catalog(place)
    cache = place.new("cache")
    replica = Replica("switched", place, cache, ["--bundle", ";".join(map(str, bundles.values())), "--index", cache, "--postgres", connection, "--Postgres:FollowSeconds=0.2"], dict.fromkeys(KINDS, ""))
    first = last = told(replica, cache, 0, time.monotonic())
    began = time.monotonic()
    for number in range(1, options.switches + 1):
        name = list(bundles)[number % 2]
        ask(replica, "PUT", "/v1/indexes/active", {"name": name})
        until(lambda: replica.model()["catalog"]["index"] == name, f"{name} is served")
        ask(replica, "POST", "/v1/search/images", {"caption": "w4 w9 w20"})
        ask(replica, "POST", "/v1/search/captions", {"imageId": "stable-00003"})
        if number % EVERY == 0 or number == options.switches:
            last = told(replica, cache, number, began)
    grows = last - first > BOUND
    print(f"{options.switches} switches: {last - first:+.0f} MB, at most {BOUND}: {'NOT HELD' if grows else 'held'}")
    if options.counts:
        pathlib.Path(options.counts).write_text(f"{int(not grows)} {int(grows)} 0\n")
    return int(grows)


def ask(replica, *request):
    answer = replica.ask(*request)
    assert answer.status == 200, f"{request}: {answer.status} {answer.body[:300]}"


def told(replica, cache, number, began):
    found, metrics = held(replica.server.process.pid, cache), replica.metrics()
    print(f"{number:4} switches, {time.monotonic() - began:4.0f} s: {found['memory']:4.0f} MB of its own, of it managed {metrics['dotnet_gc_last_collection_memory_committed_size_bytes'] / 1e6:.0f}; {found['threads']} threads", flush=True)
    return found["memory"]
