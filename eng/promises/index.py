"""Promises 4, 6, 13 and 15: what is in an index after kills, damage and full disks."""
import base64
import http.client
import subprocess
import threading
import time

from place import CAPTIONS, Place
from row import NotRun
from served import Loop, until


def put(server, name, dice):
    """Stores a random image under an id. None where the server broke off: then nothing was acknowledged."""
    body = {"features": base64.b64encode(Place.features(dice)).decode(), "captions": [Place.caption(dice) for _ in range(CAPTIONS)]}
    try:
        return server.ask("PUT", f"/v1/images/{name}", body)
    except (OSError, http.client.HTTPException):
        return None


def is_whole(answer):
    """An image that is seen is seen with all of its captions; one that is not there yet is a 404."""
    return answer.status == 404 or (answer.status == 200 and len(answer.json["captions"]) == CAPTIONS)


def killed_ingestions(row, place):
    images, kills, rounds = place.size(800, 3000), place.size(3, 6), place.size(1, 6)
    split = place.split(images, stream="killed")
    clean = place.new("clean-index")
    options = ["--bundle", place.bundle, "--source", split, "--split", "test", "--batch", "8"]
    began = time.monotonic()
    place.run("ingest", *options, "--index", clean, "--commit-rows", "40")
    whole = time.monotonic() - began
    expected = place.hash(clean)
    done, seen = {"local index": 0, "catalog": 0}, {"whole": 0, "absent": 0}

    def disturbed(where, round_, server, *target):
        """Kills runs at random points of the clean run's time until there were enough kills, then lets one end."""
        dice = place.random(f"kills/{where}/{round_}")

        def look(number, turn):
            answer = server.get(f"/v1/images/image-{place.random(f'look/{number}/{turn}').randrange(images):05}")
            if answer.status != 503:
                row.check(is_whole(answer), f"{where}: a partial image was seen: {answer.status} {answer.body[:200]}")
                seen["whole" if answer.status == 200 else "absent"] += 1

        looking = Loop(look, threads=1, pause=0.02)
        for _ in range(kills):
            process = place.start("ingest", *options, *target)
            try:
                process.wait(whole * dice.uniform(0.2, 0.9))
                break  # it was done before
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                done[where] += 1
        place.run("ingest", *options, *target)
        until(lambda: server.images() == images, f"{where}: all images are served", why=server.images)
        looking.end()

    for round_ in range(rounds):
        index = place.new("killed-index")
        server = place.serve("--bundle", place.bundle, "--index", index, "--Snapshot:RetrySeconds=0.1", "--Snapshot:RefreshSeconds=0.05", ready=False)
        disturbed("local index", round_, server, "--index", index, "--commit-rows", "40")
        server.stop()
        row.check(place.hash(index) == expected, "local index: its content is not that of a clean run")
        place.run("index", "verify", "--index", index)

    connection, _ = place.postgres().database()
    place.run("index", "migrate", "--postgres", connection)
    for round_ in range(rounds):
        name, cache = f"killed{round_}", place.new("killed-replica")
        server = place.serve("--bundle", place.bundle, "--index", cache, "--postgres", connection, f"--Postgres:Index={name}", "--Postgres:FollowSeconds=0.05", "--Snapshot:RetrySeconds=0.1", ready=False)
        disturbed("catalog", round_, server, "--postgres", connection, "--name", name)
        server.stop()
        row.check(place.hash(copy_of(cache)) == expected, "catalog: its content is not that of a clean run")
        place.run("index", "verify", "--postgres", connection, "--name", name, "--queries", "0")
        status = next(each for each in place.json("index", "status", "--postgres", connection)["indexes"] if each["index"]["name"] == name)
        row.check((status["images"], status["captions"]) == (images, images * CAPTIONS), f"catalog: {status['images']} images and {status['captions']} captions, expected {images} and {images * CAPTIONS}")

    for where, count in done.items():
        row.check(count > 0, f"{where}: no run was killed before its end")
    row.check(seen["whole"] > 0, "no image was seen meanwhile")
    row.did(f"runs of {images} images killed at random points, {done['local index']} into a local index and {done['catalog']} into a catalog, resumed, compared with a clean run; a server followed each")
    row.told(f"same hash, each image once; {seen['whole']} whole and {seen['absent']} absent images seen meanwhile, none in part")


def copy_of(cache):
    """The replica's one copy below its cache folder."""
    copies = [folder for folder in cache.iterdir() if (folder / "manifest.json").is_file()]
    if len(copies) != 1:
        raise AssertionError(f"{len(copies)} copies in the replica's folder, expected 1")
    return copies[0]


def bad_files(row, place):
    """The damage itself is done by tests; here once from outside: what was there before is served on."""
    split = place.split(40)
    index = place.new("index")
    place.run("ingest", "--bundle", place.bundle, "--index", index, "--source", split, "--split", "test")
    before = place.hash(index)
    server = place.serve("--bundle", place.bundle, "--index", index, "--Snapshot:RefreshSeconds=0.05")
    features = (split / "test_ims.npy").read_bytes()
    dice, refused = place.random("damage"), 0
    for percent in sorted(dice.sample(range(100), place.size(3, 40))):
        (split / "test_ims.npy").write_bytes(features[:len(features) * percent // 100])
        done = subprocess.run([*place.command, "ingest", "--bundle", str(place.bundle), "--index", str(index), "--source", str(split), "--split", "test", "--restart"], capture_output=True, text=True, timeout=120)
        refused += row.check(done.returncode != 0 and "test_ims.npy" in done.stderr, f"an array cut at {percent} % was not refused by its name: {done.returncode} {done.stderr[-200:]}")
        row.check(server.post("/v1/search/images", {"caption": "w4"}).status == 200, "a search was not answered meanwhile")
    row.did(f"{refused} arrays cut at random percents, given to `retrieval ingest` beside a server")
    row.check(place.hash(index) == before, "the index has changed")
    row.told("index unchanged, served on")
    server.stop()


def full_disk(row, place):
    """A server whose index lies on a small file system that fills up."""
    disk = place.new("disk")
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode:
        raise NotRun("a small disk can be mounted only by root")
    server = None
    try:
        place.run("ingest", "--bundle", place.bundle, "--index", disk / "index", "--source", place.split(20), "--split", "test")
        server = place.serve("--bundle", place.bundle, "--index", disk / "index", "--Snapshot:RefreshSeconds=0.05")
        dice = place.random("disk")
        stored = [name for name in (f"before-{i}" for i in range(3)) if (answer := put(server, name, dice)) and answer.status == 201]
        row.check(len(stored) == 3, "an image was not stored before the disk was full")
        with open(disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass
        statuses = []
        for i in range(40):
            answer = put(server, f"full-{i}", dice)
            if not row.check(answer is not None, "the connection of a PUT was broken off"):
                continue
            statuses.append(answer.status)
            if answer.status in (200, 201):
                stored.append(f"full-{i}")
            else:
                row.check(answer.status == 507 and answer.is_problem(), f"a PUT on a full disk was answered with {answer.status}: {answer.body[:200]}")
            row.check(server.post("/v1/search/images", {"caption": "w4 w5"}).status == 200, "a search was not answered while the disk was full")
        row.check(507 in statuses, f"the disk was never full: {statuses}")
        (disk / "ballast").unlink()
        answer = until(lambda: (found := put(server, "after", dice)) and found.status == 201 and found, "there is room again and a PUT succeeds", 30)
        for name in stored + ["after"]:
            row.check(is_whole(answer := server.get(f"/v1/images/{name}")) and answer.status == 200, f"an acknowledged image is gone: {answer.status}")
        server.stop()
        place.run("index", "verify", "--index", disk / "index")
        row.did("a server's index on a tmpfs of 24 MB that was filled up, 40 PUTs and searches, and room again")
        row.told(f"{statuses.count(507)} x 507, {len(stored) + 1} acknowledged and all there, every search answered; recovered by itself")
    finally:
        if server:
            server.kill()
        subprocess.run(["umount", str(disk)], capture_output=True)


def killed_writers(row, place):
    """PUTs one after the other into a server that is killed; what it acknowledged is there when it is back."""
    kills = place.size(3, 50)
    index = place.new("index")
    place.run("ingest", "--bundle", place.bundle, "--index", index, "--source", place.split(30), "--split", "test")
    dice = place.random("writers")
    acknowledged, unknown, first_ready = [], 0, []
    for kill in range(kills + 1):
        began = time.monotonic()
        server = place.serve("--bundle", place.bundle, "--index", index, "--Snapshot:RefreshSeconds=0.05")
        first_ready.append(time.monotonic() - began)
        row.check(not server.get("/v1/model").json["index"]["manifestDamaged"], "a file of the manifest is missing or damaged")
        for name in acknowledged if kill == kills else dice.sample(acknowledged, min(20, len(acknowledged))):
            answer = server.get(f"/v1/images/{name}")
            row.check(answer.status == 200 and is_whole(answer), f"an acknowledged image is gone after a kill: {answer.status}")
        if kill == kills:
            server.stop()
            break
        timer = threading.Timer(dice.uniform(0.3, 2.0), server.process.kill)
        for number in range(100_000):
            name = f"put-{kill}-{number}"
            answer = put(server, name, dice)
            if answer is None:
                unknown += 1
                break
            if row.check(answer.status == 201, f"a PUT was answered with {answer.status}"):
                acknowledged.append(name)
            if number == 0:
                timer.start()  # the first one takes a busy machine long
        timer.cancel()
        server.process.kill()
        server.process.wait()
    place.run("index", "verify", "--index", index)
    row.check(acknowledged, "nothing was acknowledged")
    row.did(f"a server killed {kills} times at random points among PUTs, each a commit of its own")
    row.told(f"{len(acknowledged)} acknowledged and all there after {kills} kills, {unknown} broken off; index whole; ready after {max(first_ready):.1f} s at most")
