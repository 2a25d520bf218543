"""A `retrieval serve` process, asked over sockets."""
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.parse


class Answer:
    def __init__(self, status, headers, body, began, ended):
        self.status, self.headers, self.body, self.began, self.ended = status, headers, body, began, ended

    @property
    def ms(self):
        return 1000 * (self.ended - self.began)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def degraded(self):
        return self.json.get("degraded") or ""

    def is_problem(self):
        return self.headers.get("content-type", "").startswith("application/problem+json") and "status" in self.json


class Server:
    """The process; `url` is known once it listens, which it does before it is ready."""

    def __init__(self, command, arguments, log, environment=None):
        self.log = pathlib.Path(log)
        # A file, not a pipe: a server whose log nobody reads must not stand still.
        with open(self.log, "w") as out:
            self.process = subprocess.Popen([*command, "serve", "--urls", "http://127.0.0.1:0", *arguments], stdout=out, stderr=subprocess.STDOUT, env=environment)
        self.url = self.host = self.port = None

    def listening(self, limit=60):
        def find():
            found = re.search(r"Now listening on: (http://[^\s\"]+)", self.log.read_text(errors="replace"))
            if not found and self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode} before it listened: {self.tail()}")
            return found and found.group(1)

        self.url = until(find, "the server listens", limit)
        address = urllib.parse.urlsplit(self.url)
        self.host, self.port = address.hostname, address.port
        return self

    def ready(self, limit=120):
        self.listening()
        until(lambda: self.alive_or_raise() and self.get("/health/ready").status == 200, "the server is ready", limit, lambda: self.get("/health/ready").body[:500])
        return self

    def alive_or_raise(self):
        if not self.alive:
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.tail()}")
        return True

    @property
    def alive(self):
        return self.process.poll() is None

    def tail(self):
        return self.log.read_text(errors="replace")[-600:].replace("\n", " | ")

    def ask(self, method, path, body=None, headers=None, timeout=60):
        """One request over a connection of its own. A connection that breaks is an OSError or HTTPException."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        began = time.monotonic()
        try:
            if isinstance(body, (dict, list)):
                body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
            try:
                connection.request(method, path, body, headers or {})
            except (BrokenPipeError, ConnectionResetError):
                pass  # it had enough before the end, and may have said so
            answer = connection.getresponse()
            text = answer.read()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text, began, time.monotonic())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body, **more):
        return self.ask("POST", path, body, **more)

    def images(self):
        """How many images it serves; 0 while it serves nothing."""
        model = self.get("/v1/model")
        return model.json["index"]["images"] if model.status == 200 else 0

    def metrics(self):
        return self.series(self.get("/metrics").body.decode())

    @staticmethod
    def series(text):
        """Series by name and labels as they stand in the text of metrics; families by the sum of their series."""
        found = {}
        for line in text.splitlines():
            if line and line[0] != "#":
                name, _, value = line.rpartition(" ")
                number = float(value)
                found[name] = number
                family = name.partition("{")[0]
                if family != name:
                    found[family] = found.get(family, 0) + number
        return found

    def memory(self):
        """Resident memory in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def stop(self, limit=60):
        """SIGTERM, as an operator does; the exit code and how long it took."""
        began = time.monotonic()
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit), time.monotonic() - began
        except subprocess.TimeoutExpired:
            self.kill()
            return None, time.monotonic() - began

    def kill(self):
        if self.alive:
            self.process.kill()
        self.process.wait()


def until(found, what, limit=60, why=None, pause=0.02):
    """Polls until something is found and gives it back; connections that break count as not found."""
    end = time.monotonic() + limit
    while True:
        try:
            value = found()
            if value:
                return value
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s in vain: {what}{'; ' + str(why()) if why else ''}")
        time.sleep(pause)


class Loop:
    """Threads that do something again and again until they are told to end. What they raise is kept for `end`."""

    def __init__(self, work, threads=1, pause=0.0):
        self.work, self.pause, self.error = work, pause, None
        self.results = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        turn = 0
        while not self._stop.is_set():
            try:
                result = self.work(number, turn)
            except Exception as error:  # noqa: BLE001: told by end()
                self.error = error
                return
            if result is not None:
                self.results.append(result)
            turn += 1
            self._stop.wait(self.pause)

    def more(self, count, such=lambda _: True, what="more results come", limit=120):
        start = len(self.results)

        def enough():
            if self.error:
                raise self.error
            return sum(1 for result in self.results[start:] if such(result)) >= count

        until(enough, what, limit)

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
        if self.error:
            raise self.error
        return self.results
