"""Backup and restore: a dump and a copy of Postgres's files, restored; replicas notice, and serve what was saved."""
import json
import os
import shutil
import subprocess
import time

from index import put
from place import Postgres
from served import Loop, until

IMAGES = 60
QUESTIONS = [
    ("/v1/search/images", {"caption": "w4 w5 w6", "shortlist": 50}),
    ("/v1/search/images", {"caption": "w20 w30", "shortlist": 50, "filter": {"year": {"gte": 1990, "lt": 2030}}}),
    ("/v1/search/captions", {"imageId": "image-00007", "shortlist": 50}),
    ("/v1/search/images", {"imageId": "image-00011"}),
]


def answers(server):
    """The hits of all questions. On a machine that is busy, Postgres may be late for a shortlist, and the answer says so."""
    return [until(lambda: (answer := server.post(path, body)).status == 200 and not answer.degraded and answer.json["hits"], f"{path} is answered whole")
            for path, body in QUESTIONS]


def served_copy(cache):
    """The one of a replica's copies that it serves; a former one is removed later."""
    return cache / json.loads((cache / "serving.json").read_text())["folder"]


def fresh(row, place, connection, options, expected, what):
    """A new replica without a copy: what it fetches and answers is what was saved."""
    cache = place.new("fresh")
    began = time.monotonic()
    server = place.serve("--index", cache, "--postgres", connection, *options)
    seconds = time.monotonic() - began
    row.check(answers(server) == expected["answers"], f"{what}: a new replica answers otherwise than before the backup")
    row.check(place.hash(served_copy(cache)) == expected["hash"], f"{what}: the content hash is not that before the backup")
    place.run("index", "verify", "--postgres", connection, "--name", "blue", "--queries", "0")
    return server, cache, seconds


def follows(row, place, old, old_cache, new, new_cache, what):
    """A replica that is ahead of a restored catalog keeps its copy until their epochs part, and then fetches what is there."""
    answer = until(lambda: (stored := put(new, "after-restore", place.random("after-restore"))) is not None and stored.status == 201 and stored, f"{what}: a PUT is taken again")
    row.check(answer.status == 201, f"{what}: a PUT is answered with {answer.status}")
    until(lambda: old.get("/v1/images/after-restore").status == 200 and old.get("/v1/images/after-backup").status == 404, f"{what}: the replica that was ahead serves what was restored", 120)
    row.check(answers(old) == answers(new), f"{what}: the two replicas answer differently")
    hashes = {place.hash(served_copy(cache)) for cache in (old_cache, new_cache)}
    row.check(len(hashes) == 1, f"{what}: the two replicas have different content")


def restored(row, place):
    postgres = place.postgres()
    connection, database = postgres.database()
    split, metadata = place.split(IMAGES), place.new("metadata.jsonl")
    metadata.write_text("".join(json.dumps({"id": f"image-{image:05}", "metadata": {"year": 1980 + image}}) + "\n" for image in range(IMAGES)))
    options = ("--bundle", place.bundle, "--Postgres:FollowSeconds=0.2", "--Postgres:ConnectSeconds=20")
    place.run("ingest", "--migrate", "--bundle", place.bundle, "--postgres", connection, "--source", split, "--split", "test", "--name", "blue", "--metadata", metadata)
    cache = place.new("replica")
    replica = place.serve("--index", cache, "--postgres", connection, *options)
    for number in range(3):
        row.check(put(replica, f"put-{number}", place.random(f"put/{number}")).status == 201, "a PUT before the backup was refused")
        row.check(replica.ask("DELETE", f"/v1/images/image-0005{number}").status == 200, "a DELETE before the backup was refused")
    until(lambda: replica.images() == IMAGES, "the replica has all changes")
    expected = {"answers": answers(replica), "hash": place.hash(served_copy(cache))}

    # The two backups, and what they do not have.
    dump = place.new("catalog.dump")
    with open(dump, "wb") as out:
        subprocess.run([postgres.script, "pg_dump", postgres.name, "-Fc", "-d", database], check=True, stdout=out, env=postgres.environment)
    copied = Postgres(place.root, f"promises-{os.getpid()}-copy", copy_of=postgres.name)
    try:
        row.check(put(replica, "after-backup", place.random("after-backup")).status == 201, "a PUT after the backup was refused")
        until(lambda: replica.get("/v1/images/after-backup").status == 200, "it is served")

        # The dump, restored in the place of the database below a replica that serves.
        queries = Loop(lambda number, turn: replica.post("/v1/search/images", {"caption": f"w{4 + turn % 50}", "shortlist": 50}), pause=0.02)
        queries.more(5, what="queries are answered")
        postgres.sql(f"drop database {database} with (force)")
        queries.more(5, lambda answer: "catalog-unavailable" in answer.degraded, "answers without the database are marked")
        began = time.monotonic()
        postgres.sql(f"create database {database}")
        with open(dump, "rb") as saved:
            subprocess.run([postgres.script, "pg_restore", postgres.name, "-d", database, "--exit-on-error"], check=True, stdin=saved, env=postgres.environment)
        seconds = time.monotonic() - began
        new, new_cache, hydrated = fresh(row, place, connection, options, expected, "dump")
        follows(row, place, replica, cache, new, new_cache, "dump")
        asked = queries.end()
        row.check(all(answer.status == 200 for answer in asked), f"queries during the restore were answered with {sorted({answer.status for answer in asked})}")
        row.told(f"dump of {dump.stat().st_size / 1024:.0f} KiB restored in {seconds:.1f} s below a serving replica: {len(asked)} queries, all 200; a new one ready after {hydrated:.1f} s, hash {expected['hash'][:12]} and answers as before the backup; the one that was ahead fetched anew")
        new.stop()
        replica.stop()

        # The files, as another server, and a replica with the copy of the first one, which is ahead of them.
        ahead = place.new("ahead")
        shutil.copytree(cache, ahead)
        other = copied.connection_of(database)
        new, new_cache, hydrated = fresh(row, place, other, options, expected, "files")
        old = place.serve("--index", ahead, "--postgres", other, *options)
        follows(row, place, old, ahead, new, new_cache, "files")
        row.told(f"files (pg_basebackup) as another server: a new replica ready after {hydrated:.1f} s, same hash and answers; one with a later copy fetched anew")
    finally:
        copied.close()
    row.did(f"{IMAGES} images, 3 PUTs and 3 DELETEs saved by pg_dump and by pg_basebackup, one PUT later; both restored")
