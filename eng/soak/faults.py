"""What is done to the replicas and the catalog while callers ask, one after the other so that each has a span of its own."""
import base64
import time

from access import made
from callers import Caller
from place import Place
from served import until
from stage import MOVING


class Conductor:
    def __init__(self, stage, windows, tally, first):
        self.stage, self.windows, self.tally = stage, windows, tally
        self.turns = 0
        self.probe = Caller("probe", stage, windows, tally, first)
        self.acts = [self.ingest, self.switch, self.kill, self.exchange_keys, self.postgres]

    def act(self, number):
        act = self.acts[number % len(self.acts)]
        self.turns = number // len(self.acts)
        try:
            act()
            self.tally.count(f"acts: {act.__name__.replace('_', ' ')}")
        except Exception as fault:  # noqa: BLE001: a failure of the run, which goes on
            self.tally.fail(f"{act.__name__.replace('_', ' ')}: {str(fault)[:200]}", repr(fault))

    def ingest(self):
        """A run that replaces all images of a source by others of the same ids."""
        replica, source = self.stage.steady[self.turns % len(self.stage.steady)], self.stage.moving[self.turns // 2 % 2]  # each index meets both
        order = {"source": {"folder": source.name, "split": "test"}, "replace": True, "restart": True, "batchRows": 8}
        answer = replica.ask("POST", "/v1/ingestions", order, "ingest")
        if not self.tally.check(answer.status == 202, f"ingestion: status {answer.status}", answer.body[:300]):
            return
        run = until(lambda: (found := replica.ask("GET", answer.headers["location"], role="ingest").json).get("state", "running") != "running" and found, "the run ends", 300)
        self.tally.check(run["state"] == "completed" and run["rejected"] == 0 and run["nextRow"] == MOVING, "ingestion: the run did not store its source", run)
        self.stage.follow()

    def switch(self):
        other = {"blue": "green", "green": "blue"}[self.stage.active]
        with self.windows.during("switching"):
            answer = self.stage.steady[0].ask("PUT", "/v1/indexes/active", {"name": other}, "admin")
            if self.tally.check(answer.status == 200, f"switch: status {answer.status}", answer.body[:300]):
                self.stage.active = other
                self.stage.follow()
        models = {replica.model()["model"] for replica in self.stage.replicas}
        self.tally.check(models == {self.stage.models.setdefault(other, next(iter(models)))}, "switch: replicas serve other models", models)

    def kill(self):
        with self.windows.during("killed", self.stage.victim.name):
            self.stage.victim.kill_and_restart()
            self.stage.follow()

    def exchange_keys(self):
        """A key that is made is taken, and one that is revoked is not, within seconds and without a restart."""
        place, file = self.stage.place, self.stage.key_file
        text = made(place, file, f"guest-{self.turns}", "query")

        def all_say(status):
            return all(replica.ask("GET", "/v1/model", headers={"X-Api-Key": text}).status == status for replica in self.stage.replicas)

        until(lambda: all_say(200), "a new key is taken", 20)
        place.run("keys", "revoke", "--key-file", file, "--name", f"guest-{self.turns}")
        until(lambda: all_say(401), "a revoked key is refused", 20)

    def postgres(self):
        """Postgres is restarted without a checkpoint; at every other turn after its backends were killed, with three seconds in between."""
        with self.windows.during("postgres"):
            if self.turns % 2:
                self.stage.postgres.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self.stage.database}' and pid <> pg_backend_pid()")
            self.stage.postgres.down()
            if self.turns % 2:
                time.sleep(3)
            self.stage.postgres.up()
            self.stage.follow()
            for replica in self.stage.replicas:
                self.probe.replica = replica
                until(lambda: replica.ask("PUT", "/v1/images/put-after-restart", self.image(), "ingest").status in (200, 201), f"{replica.name} writes again", 60)

    def image(self):
        return {"features": base64.b64encode(Place.features(self.stage.place.random("after-restart"))).decode(), "captions": ["w4"]}
