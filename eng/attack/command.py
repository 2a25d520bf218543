"""The command line under test, as processes."""
import json
import os
import pathlib
import signal
import subprocess


class Outcome:
    def __init__(self, code, output, errors):
        self.code, self.output, self.errors = code, output, errors

    def json(self):
        return json.loads(self.output)


class Command:
    """`retrieval`, built or published in a folder."""

    def __init__(self, app, bundle, report):
        self.bundle, self._report = str(bundle), report
        library, program = pathlib.Path(app) / "retrieval.dll", pathlib.Path(app) / "retrieval"
        self.program = ["dotnet", str(library)] if library.exists() else [str(program)]
        if not library.exists() and not program.exists():
            raise FileNotFoundError(f"{app} holds neither retrieval.dll nor retrieval")
        self.environment = {key: value for key, value in os.environ.items() if not key.upper().startswith("RETRIEVAL")}
        self._repairs = None

    def start(self, *arguments, **options):
        return subprocess.Popen([*self.program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, start_new_session=True, **options)

    def run(self, *arguments, timeout=180, kill_after=None):
        """Runs it to its end, or kills it. A crash is a finding; a kill of ours is not."""
        process = self.start(*arguments)
        killed = False
        try:
            output, errors = process.communicate(timeout=timeout if kill_after is None else kill_after)
        except subprocess.TimeoutExpired:
            killed = kill_after is not None
            process.kill()
            output, errors = process.communicate()
            if not killed:
                self._report.finding(f"the command '{' '.join(map(str, arguments[:2]))}' hangs", f"no end after {timeout} s", "an end")
        outcome = Outcome(process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))
        self._report.count("commands run")
        if killed:
            self._report.count("kills of commands")
        elif process.returncode not in (0, 1, 2, -signal.SIGKILL):
            name = signal.Signals(-process.returncode).name if process.returncode < 0 else process.returncode
            self._report.finding(f"the command '{' '.join(map(str, arguments[:2]))}' ends with {name}", outcome.errors[-500:], "an exit code of 0, 1 or 2 and one line that says why", sent=" ".join(map(str, arguments)))
        elif "\n   at " in outcome.errors or "Unhandled exception" in outcome.errors:
            self._report.finding(f"the command '{' '.join(map(str, arguments[:2]))}' prints a stack trace", outcome.errors[-500:], "one line that says what is wrong", sent=" ".join(map(str, arguments)))
        return outcome

    def ingest(self, index, folder, split="part", **options):
        more = [part for key, value in options.get("more", {}).items() for part in (key, value)]
        return self.run("ingest", "--bundle", self.bundle, "--index", index, "--source", folder, "--split", split, "--threads", 1, "--json", *more, kill_after=options.get("kill_after"))

    def verify(self, index):
        """(exit code, whether it says ok, its text)."""
        outcome = self.run("index", "verify", "--index", index, "--json")
        try:
            said = bool(outcome.json()["ok"])
        except (ValueError, KeyError, TypeError):
            said = False
        return outcome.code, outcome.code == 0 and said, (outcome.output + outcome.errors)[-600:]

    @property
    def repairs(self):
        """Whether this build has `index repair`."""
        if self._repairs is None:
            self._repairs = "repair" in self.run("index", "--help").output
        return self._repairs
