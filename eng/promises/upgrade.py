"""docs/upgrade.md: replicas of an earlier version, the migration, this version, and back, under searches and PUTs."""
import http.client
import json

from balancer import Balancer
from index import put
from restarts import stopped
from row import percentile
from served import Loop, until

# Where no earlier program is given, this one begins with the schema of the version before: migration 0003 undone.
UNDONE = """drop table retrieval.compatibility; alter table retrieval.run drop column findings; delete from retrieval.migration where version = 3"""


def upgrading(row, place):
    images, grace, drain = place.size(60, 400), 20, 5
    before = place.before or place.command
    postgres = place.postgres()
    connection, database = postgres.database()
    connection = f"Timeout=60;{connection}"  # a machine that is busy with this takes more than the usual five seconds to connect
    schema = lambda: int(postgres.sql("select max(version) from retrieval.migration", database))  # noqa: E731
    roots = place.new("roots")
    roots.mkdir()
    for name in ("first", "old", "new"):
        place.split(images, name).rename(roots / name)
    job = ["ingest", "--bundle", place.bundle, "--postgres", connection, "--split", "test", "--batch", "8", "--name", "blue"]
    place.run(*job, "--migrate", "--source", roots / "first", command=before)
    if not place.before:
        postgres.sql(UNDONE, database)
    schemas = [schema()]

    caches = [place.new("replica") for _ in range(2)]
    cache_of = {}

    def serve(cache, command):
        server = place.serve(
            "--bundle", place.bundle, "--index", cache, "--postgres", connection, "--Postgres:FollowSeconds=0.2", f"--Ingestion:Roots:0={roots}",
            f"--Limits:DrainDelaySeconds={drain}", f"--Limits:DrainSeconds={grace}", command=command)
        cache_of[server] = cache
        return server

    balancer = Balancer(*(serve(cache, before) for cache in caches))
    stored, failed = [], [0]

    def judged(what, answer, fine):
        if answer is not None and not row.check(answer.status in fine, f"{what} was answered with {answer.status}: {answer.body[:200]}"):
            failed[0] += 1
        return answer

    def asked(what, turn, request, fine):
        try:
            return judged(what, balancer.ask(turn, request), fine)
        except (OSError, http.client.HTTPException) as error:
            failed[0] += 1
            row.check(False, f"{what} broke off: {type(error).__name__} {error}")
            return None

    def search(number, turn):
        return asked("a search", number + turn, lambda server: server.post("/v1/search/images", {"caption": f"w{4 + turn % 50} w{9 + turn % 7}", "shortlist": 50}), (200,))

    def write(_, turn):
        answer = asked("a PUT", turn, lambda server: put(server, f"put-{turn}", place.random(f"put/{turn}")), (200, 201))
        if answer is not None and answer.status in (200, 201):
            stored.append(f"put-{turn}")
        return answer

    searching, writing = Loop(search, threads=2, pause=0.02), Loop(write, pause=0.1)

    def go_on(what):
        searching.more(20, what=f"searches {what}")
        writing.more(3, what=f"PUTs {what}")

    def ingest(server, source):
        """An ingestion over HTTP, to its end."""
        begun = server.post("/v1/ingestions", {"source": {"folder": source, "split": "test"}})
        if not row.check(begun.status == 202, f"an ingestion of '{source}' was refused with {begun.status}: {begun.body[:300]}"):
            return None
        path = begun.headers["location"]
        run = until(lambda: (answer := server.get(path).json)["state"] != "running" and answer, f"the ingestion of '{source}' ends", 300)
        row.check(run["state"] == "completed" and run["stored"] == images, f"the ingestion of '{source}' ended so: {json.dumps(run)[:300]}")
        return path

    def restart(server, command):
        times.append(stopped(row, server, grace, drain))
        balancer.remove(server)
        balancer.add(new := serve(cache_of[server], command))
        return new

    times = []
    try:
        go_on("before the migration")
        applied = place.json("index", "migrate", "--postgres", connection)["applied"]
        schemas.append(schema())
        row.check(schemas[1] > schemas[0], f"the schema was at {schemas[0]} and is at {schemas[1]} after the migration")
        go_on("after the migration")
        of_old = ingest(balancer.pool[0], "old")
        for server in list(balancer.pool):
            restart(server, place.command)
            go_on("between two restarts")
        of_new = ingest(balancer.pool[0], "new")
        for path in filter(None, (of_old, of_new)):
            run = balancer.pool[1].get(path)
            row.check(run.status == 200 and run.json["state"] == "completed", f"{path} is not shown by the other replica: {run.status}")
            row.check(path == of_old or run.json["recognised"], f"the other replica does not know what {path} recognised")
        back = restart(balancer.pool[0], before)
        go_on("with one replica of the version before")
        row.check(of_new is None or back.get(of_new).json["stored"] == images, "the replica of the version before does not show the run of the later one")

        writing.end()
        expected = 3 * images + len(stored)
        for server in balancer.pool:
            until(lambda: server.images() == expected, f"{expected} images are served", 120, server.images)
    finally:
        # First the loops: what they ask is stopped at the end of this run.
        writes, answers = writing.end(), searching.end()
        balancer.end()
    row.did(f"two replicas{' of the program given' if place.before else ''} under schema {schemas[0]}, then {', '.join(applied)}, both restarted with this program, one of them back: under 2 clients that search and one that stores; ingestions over HTTP of either version under the new schema")
    row.told(f"{len(answers)} searches and {len(writes)} PUTs, {failed[0]} failed; {balancer.refused} connections not taken; none of {len(stored)} images lost; a replica ended after at most {max(times):.1f} s")
    row.told(f"searches: p50 {percentile([answer.ms for answer in answers], 0.5):.0f} ms, p99 {percentile([answer.ms for answer in answers], 0.99):.0f} ms")
    for server in balancer.pool:
        server.stop()
