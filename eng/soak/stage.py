"""The stage: a catalog of two indexes in a Postgres of its own, and replicas that serve it."""
import json
import shutil
import subprocess

from access import made
from served import until

STABLE, MOVING = 240, 80
KINDS = ("query", "ingest", "admin", "metrics")


class Replica:
    """A slot for a process, which may be killed and started again over the same cache."""

    def __init__(self, name, place, cache, arguments, keys):
        self.name, self.place, self.cache, self.arguments, self.keys = name, place, cache, arguments, keys
        self.server = place.serve(*arguments)

    def ask(self, method, path, body=None, role="admin", headers=None, timeout=60):
        return self.server.ask(method, path, body, {"X-Api-Key": self.keys[role], **(headers or {})}, timeout)

    def model(self):
        answer = self.ask("GET", "/v1/model", role="query")
        return answer.json if answer.status == 200 else {"model": None, "catalog": {"reachable": False, "lag": None, "index": None}}

    def metrics(self):
        """As of `Server.metrics`, with the key that this server asks for."""
        return self.server.series(self.ask("GET", "/metrics", role="metrics").body.decode())

    def kill_and_restart(self):
        self.server.kill()
        self.server = self.place.serve(*self.arguments)


def split(place, images, prefix, stream):
    """A split whose images say in their metadata what they are, for filters."""
    folder = place.split(images, prefix, stream)
    (folder / "test_metadata.jsonl").write_text("".join(json.dumps({"kind": prefix, "n": number}) + "\n" for number in range(images)))
    return folder


def catalog(place):
    """Two indexes of different models in a database of their own: its connection, its name, and the bundles by the indexes' names."""
    bundles = {"blue": place.fixtures / "ranking-logit-explained", "green": place.bundle}
    connection, database = place.postgres().database()
    stable = split(place, STABLE, "stable", "stable")
    # The first that is complete becomes the active one.
    for name, bundle in bundles.items():
        place.run("ingest", "--migrate", "--bundle", bundle, "--postgres", connection, "--source", stable, "--split", "test", "--name", name)
    return connection, database, bundles


class Stage:
    def __init__(self, place, steady):
        self.place = place
        self.replicas, self.models = [], {}
        self.postgres = place.postgres()
        self.connection, self.database, self.bundles = catalog(place)
        # The same ids twice with other content: each run replaces all of them.
        self.moving = [split(place, MOVING, "moving", f"moving{turn}") for turn in range(2)]

        pictures = place.new("pictures")
        pictures.mkdir()
        shutil.copy(next((place.root / "models/scenes/pictures").glob("*.webp")), pictures / "stable-00000.webp")
        self.key_file = place.new("keys.json")
        keys = {role: made(place, self.key_file, f"soak-{role}", role) for role in KINDS}
        for name in [f"steady-{number + 1}" for number in range(steady)] + ["killed"]:
            cache = place.new(f"{name}-cache")
            self.replicas.append(Replica(name, place, cache, [
                "--bundle", ";".join(map(str, self.bundles.values())), "--index", cache, "--postgres", self.connection, "--key-file", self.key_file,
                "--Postgres:FollowSeconds=0.2", "--Postgres:ConnectSeconds=20",
                # On a busy machine three slow shortlists would count as an outage that nobody made.
                "--Postgres:ShortlistTimeoutMs=2000", f"--Pictures:Folder={pictures}", f"--Ingestion:Roots:0={place.folder}",
                f"--Audit:File={place.new(f'{name}-audit.log')}", "--Search:RecallBudget=0.01"], keys))
        self.active = "blue"
        self.models["blue"] = self.replicas[0].model()["model"]

    @property
    def steady(self):
        return self.replicas[:-1]

    @property
    def victim(self):
        return self.replicas[-1]

    def follow(self, limit=120):
        """Waits until all replicas serve what the catalog has, and reach it."""
        for replica in self.replicas:
            def caught_up():
                catalog = replica.model()["catalog"]
                return catalog["reachable"] and catalog["lag"] == 0 and catalog["index"] == self.active
            until(caught_up, f"{replica.name} follows the catalog", limit, replica.model)

    def connections(self):
        """Connections of replicas to the catalog; None while Postgres is away."""
        try:
            return int(self.postgres.sql(f"select count(*) from pg_stat_activity where datname = '{self.database}'"))
        except (AssertionError, subprocess.TimeoutExpired, ValueError):
            return None

    def verify(self):
        for name in self.bundles:
            self.place.run("index", "verify", "--postgres", self.connection, "--name", name, "--queries", "0")
