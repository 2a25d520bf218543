"""Promise 5: Postgres is killed, restarted, stopped and frozen under queries, PUTs and a running ingestion."""
import time

from index import copy_of, is_whole, put
from row import percentile
from served import Loop, until


def whereabouts(answer, gone):
    """In which disturbance an answer began, or how long after the last."""
    name, (began, ended) = max(((name, span) for name, span in gone.items() if span[0] <= answer.began), key=lambda entry: entry[1][0], default=("the start", (answer.began, answer.began)))
    return f"{answer.began - began:.0f} s into '{name}'" if answer.began <= ended else f"{answer.began - ended:.0f} s after '{name}'"


def outages(row, place):
    away = place.size(4, 150)
    images = place.size(200, 1000)
    postgres = place.postgres()
    connection, database = postgres.database()
    # One part of the corpus for each disturbance, so that each meets a running ingestion.
    names = ("backends killed and the server restarted", f"stopped for {away} s", f"frozen for {away} s")
    parts = {name: place.split(images, f"part{number}") for number, name in enumerate(("start", *names))}
    clean = place.new("clean-index")
    for split in parts.values():
        place.run("ingest", "--bundle", place.bundle, "--index", clean, "--source", split, "--split", "test", "--batch", "2")
    place.run("ingest", "--migrate", "--bundle", place.bundle, "--postgres", connection, "--source", parts["start"], "--split", "test", "--batch", "2", "--name", "blue")
    cache = place.new("replica")
    server = place.serve("--bundle", place.bundle, "--index", cache, "--postgres", connection, "--Postgres:FollowSeconds=0.2", "--Postgres:ConnectSeconds=2")

    queries = Loop(lambda number, turn: server.post("/v1/search/images", {"caption": f"w{4 + turn % 50} w{4 + turn % 7}", "shortlist": 50}), threads=2, pause=0.005)
    live = Loop(lambda *_: server.get("/health/live"), pause=0.02)
    acknowledged, attempts = [], [0]

    def write(_, turn):
        attempts[0] = turn + 1
        answer = put(server, f"put-{turn}", place.random(f"put/{turn}"))
        if answer is None:
            row.check(False, "the connection of a PUT was broken off")
        elif answer.status in (200, 201):
            acknowledged.append(f"put-{turn}")
        else:
            row.check(answer.status in (429, 503, 504) and answer.is_problem(), f"a PUT was answered with {answer.status}: {answer.body[:200]}")

    writes = Loop(write, pause=0.5)
    gone = {}

    def stop_and_start(name, seconds):
        postgres.down()
        gone[name] = [time.monotonic(), None]
        time.sleep(seconds)  # the length of the outage is what is asked for
        gone[name][1] = time.monotonic()
        postgres.up()

    def freeze(name):
        postgres.freeze()
        # A query may wait for its share of the time first.
        gone[name] = [time.monotonic(), None]
        time.sleep(away)
        gone[name][1] = time.monotonic()
        postgres.thaw()

    def kill_and_restart(name):
        for _ in range(3):
            postgres.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}' and pid <> pg_backend_pid()")
            queries.more(5, what="queries are answered between two kills")
        # A backend that dies takes all the others with it, and the server recovers.
        pid = postgres.sql(f"select pid from pg_stat_activity where datname = '{database}' and backend_type = 'client backend' limit 1")
        if pid:
            postgres.call("crash", postgres.name, pid)
            queries.more(5, what="queries are answered while it recovers")
        stop_and_start(name, 0)

    disturbances = dict(zip(names, (kill_and_restart, lambda name: stop_and_start(name, away), freeze)))
    images_before = server.images()
    for name, disturb in disturbances.items():
        process = place.start("ingest", "--bundle", place.bundle, "--postgres", connection, "--source", parts[name], "--split", "test", "--batch", "2", "--name", "blue")
        until(lambda: process.poll() is not None or server.get(f"/v1/images/part{1 + names.index(name)}-00000").status == 200, f"{name}: the ingestion has begun", 120)
        row.check(process.poll() is None, f"{name}: the ingestion was over before")
        disturb(name)
        code = process.wait(away + 300)
        row.check(code == 0, f"{name}: the ingestion ended with {code}: {process.log.read_text()[-300:]}")
        queries.more(5, lambda answer: answer.status == 200 and not answer.degraded, f"{name}: answers are whole again", 120)
    writes.end()
    stored = acknowledged[-1] if acknowledged else None
    until(lambda: server.get("/v1/model").json["catalog"]["lag"] == 0 and (stored is None or server.get(f"/v1/images/{stored}").status == 200), "the replica has caught up", 120)
    answers, lives = queries.end(), live.end()

    bad = [answer.status for answer in answers if answer.status != 200]
    row.check(not bad, f"{len(bad)} of {len(answers)} queries were not answered with 200: {sorted(set(bad))}")
    for name, (began, ended) in gone.items():
        during = [answer for answer in answers if began <= answer.began and answer.ended <= ended]
        unmarked = [answer for answer in during if answer.status == 200 and "catalog-unavailable" not in answer.degraded]
        row.check(not unmarked, f"{name}: {len(unmarked)} of {len(during)} answers were not marked")
        if ended - began > 1:
            row.check(during, f"{name}: no query was answered meanwhile")
            row.told(f"{name}: {len(during)} queries answered and marked, p99 {percentile([answer.ms for answer in during], 0.99):.0f} ms")
    row.check(all(answer.status == 200 for answer in lives), "/health/live was not 200")
    lost = [name for name in acknowledged if not (server.get(f"/v1/images/{name}").status == 200 and is_whole(server.get(f"/v1/images/{name}")))]
    row.check(not lost, f"{len(lost)} of {len(acknowledged)} acknowledged images are gone")
    row.did(f"{'; '.join(names)}: each under queries, PUTs and a running ingestion of {images} images")
    row.told(f"{len(names)} of {len(names)} ingestions ended by themselves; {len(answers)} queries, all 200; {len(acknowledged)} PUTs acknowledged, none lost")
    slowest = [answer.ms for answer in lives]
    worst = max(lives, key=lambda answer: answer.ms)
    when = "" if worst.ms <= 100 else f" {whereabouts(worst, gone)}, {sum(answer.ms > 100 for answer in lives)} above 100 ms, {sum(worst.began <= answer.ended and answer.began <= worst.ended for answer in answers)} queries meanwhile"
    row.number(f"/health/live: p99 {percentile(slowest, 0.99):.0f} ms, most {worst.ms:.0f} ms of {len(slowest)}{when}", worst.ms <= 100, "<= 100 ms")

    # Without the images put meanwhile, whether acknowledged or not, the content is that of undisturbed ingestions.
    for number in range(attempts[0]):
        answer = server.ask("DELETE", f"/v1/images/put-{number}")
        row.check(answer.status in (200, 404), f"a DELETE was answered with {answer.status}")
    expected = images_before + len(names) * images
    until(lambda: server.images() == expected, f"{expected} images are served", 120, why=server.images)
    server.stop()
    row.check(place.hash(copy_of(cache)) == place.hash(clean), "the content is not that of undisturbed ingestions")
    place.run("index", "verify", "--postgres", connection, "--name", "blue", "--queries", "0")
