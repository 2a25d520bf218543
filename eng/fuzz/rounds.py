"""The server under the fuzzer, and the questions whose answers stay the same."""
import json
import re
import subprocess
import urllib.parse

import wire
from oracle import Oracle
from questions import Questions
from rig import Rig

# A sender on a busy machine may be slow without meaning it: the attack's own short limits are not for it.
PATIENT = {"Http:HeaderTimeoutSeconds": 20, "Http:MinRateGraceSeconds": 20, "Http:KeepAliveSeconds": None, "Limits:RequestTimeoutSeconds": None}
MOST_MEMORY = 2 << 30  # docs/http-api.md has what bodies may take together


class Round:
    """A server with a key over a copy of the base index."""

    def __init__(self, root, app, seed, report, folder):
        self.rig = rig = Rig(root, app, seed, report, folder)
        rig.prepare()
        self.report, self.ids = report, rig.ids()
        place = rig.place("fuzz")
        pictures = place / "pictures"
        pictures.symlink_to(rig.root / "models/scenes/pictures")
        keys = place / "keys.json"
        made = subprocess.run([*rig.command.program, "keys", "new", "--key-file", str(keys), "--name", "fuzz", "--role", "admin"], capture_output=True, text=True, check=True)
        self.key = made.stdout.strip()
        self.server = rig.serve(rig.copy(place), place, "fuzz", most_memory=MOST_MEMORY, options={"Access:KeyFile": str(keys), "Pictures:Folder": str(pictures), **PATIENT})
        self.questions = Questions(rig, [("X-Api-Key", self.key)])
        self.oracle = self.make_oracle("reference")
        self.questions.learn(self.server.port, self.oracle)

    def make_oracle(self, form):
        return Oracle(self.report, form, self.rig._contract)

    def judge(self):
        """What the cases stored is deleted; then every question must have the answer of before."""
        headers = [("X-Api-Key", self.key)]
        after, found = "", []
        while after is not None:
            part = json.loads(wire.ask(self.server.port, "GET", f"/v1/images?limit=1000{after and '&after=' + urllib.parse.quote(after, safe='')}", headers=headers).body)
            found += [image["id"] for image in part["images"]]
            after = part["next"]
        for name in set(found) - set(self.ids):
            wire.ask(self.server.port, "DELETE", "/v1/images/" + urllib.parse.quote(name, safe=""), headers=headers)
        self.report.count("images that cases stored", len(set(found) - set(self.ids)))
        if lost := set(self.ids) - set(found):
            self.report.finding("images are gone that no case may delete", sorted(lost)[:5], "all that were there")
        for question, verdict, detail in self.questions.judge(self.server.port, self.oracle):
            self.report.count("reference questions")
            if verdict != "equal":
                self.report.finding("a reference question has another answer than before", f"{question}: {verdict} {detail}", "the same scores")

    def end(self):
        self.server.stop()
        log = self.server.log_path.read_text(errors="replace")
        if self.key[-64:] in log:
            at = log.index(self.key[-64:])
            self.report.finding("a key in the log", re.sub(self.key[-64:], "KEY", log[max(0, at - 300):at + 100]), "no key")
        self.rig.verified(self.server.index)
