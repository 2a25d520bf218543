"""A running `retrieval serve`, watched: its log, its memory, its health, its end."""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

import wire
from corpus import CAPTION_MARK, ID_MARK, METADATA_MARK

# Short, so that slow callers are met within seconds.
SHORT = {
    "Http:HeaderTimeoutSeconds": 3, "Http:MinRateGraceSeconds": 2, "Http:KeepAliveSeconds": 5,
    "Limits:RequestTimeoutSeconds": 10, "Snapshot:RefreshSeconds": 0.2, "Snapshot:RetrySeconds": 1,
}
LONGEST_HEALTH = 10  # seconds; this machine may be shared
MOST_MEMORY = 3 << 30
# A run that failed, a load that failed, a generation that cannot be taken up: said at this level by design.
EXPECTED_ERRORS = {1101, 1103, 1105, 1120, 1403}


class Server:
    """Starts a server on a port of its own; `stop` ends it and says what was wrong."""

    def __init__(self, command, index, folder, report, form, options=None, damage=False, environment=None, files=None, most_memory=MOST_MEMORY):
        self.report, self.form, self.damage, self.index = report, form, damage, pathlib.Path(index)
        self.most_memory = most_memory
        self.folder = pathlib.Path(folder)
        number = 0
        while (self.folder / f"serve-{number}.log").exists():
            number += 1
        self.log_path = self.folder / f"serve-{number}.log"
        self._log = open(self.log_path, "wb")
        self.expect_end = False
        self.port = None
        self._read, self._ended = 0, False
        # The audit names images; without a file of its own it would stand in the log, where no id may be.
        settings = {**SHORT, "Ingestion:Roots:0": str(self.folder), "Audit:File": str(self.folder / "audit.log"), **(options or {})}
        arguments = [*command.program, "serve", "--bundle", command.bundle, "--index", str(index), "--urls", "http://127.0.0.1:0", "--threads", "1",
                     "--log-format", "json", *(f"--{key}={value}" for key, value in settings.items() if value is not None)]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True, env={**command.environment, **(environment or {})},
            preexec_fn=None if files is None else lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
        report.count("servers started")
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._observe, daemon=True)

    def listen(self, timeout=60):
        """Waits for the port; false if it never listens."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            found = re.search(rb'Now listening on: \\?"?http://127\.0\.0\.1:(\d+)', self.log_path.read_bytes())
            if found:
                self.port = int(found.group(1))
                self._watch.start()
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.03)
        return False

    def ready(self, timeout=60):
        """Waits until the server is ready; false with `reasons` if it is not in time."""
        if self.port is None and not self.listen(timeout):
            self.reasons = ["it does not listen"]
            return False
        until = time.monotonic() + timeout
        self.reasons = []
        while time.monotonic() < until and self.alive:
            try:
                answer = wire.ask(self.port, "GET", "/health/ready")
                if answer is not None and answer.status == 200:
                    return True
                self.reasons = [answer.body.decode("utf-8", "replace")[:400] if answer else "no answer"]
            except (OSError, wire.Silence) as fault:
                self.reasons = [repr(fault)]
            if self.damage and b'"Id":1101' in self.log_path.read_bytes():
                return False  # the load has failed, and nothing mends the files
            time.sleep(0.05)
        return False

    @property
    def alive(self):
        return self.process.poll() is None

    def _observe(self):
        misses = 0
        while not self._stop.wait(0.4) and self.alive:
            self._memory()
            begun = time.monotonic()
            try:
                with wire.Connection(self.port, LONGEST_HEALTH) as connection:
                    connection.send(wire.request("GET", "/health/live", headers=[("Connection", "close")]))
                    answer = connection.answer(timeout=LONGEST_HEALTH)
                # A connection that is closed at once was counted against the bound on connections.
                good = answer is not None and answer.status == 200
                what = "closed" if answer is None else answer.status
            except (OSError, wire.Silence) as fault:
                good, what = False, repr(fault)
            self.report.count("looks at /health/live")
            self.report.high("milliseconds of /health/live", round((time.monotonic() - begun) * 1000))
            misses = 0 if good else misses + 1
            if misses and not self.expect_end and self.alive and (misses == 3 or what not in ("closed",)):
                self.report.finding(f"{self.form}: /health/live does not answer", f"{what}, {misses} in a row", f"a 200 within {LONGEST_HEALTH} s")

    def _memory(self):
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return
        found = {key: int(value) << 10 for key, value in re.findall(r"^(VmHWM|RssAnon):\s+(\d+) kB", status, re.M)}
        self.report.high(f"MB of the server's memory ({self.form})", found.get("VmHWM", 0) >> 20)
        self.anonymous = found.get("RssAnon", 0)
        if self.anonymous > self.most_memory:
            self.report.finding(f"{self.form}: memory is not bounded", f"{self.anonymous >> 20} MB of its own", f"at most {self.most_memory >> 20} MB")

    def scan(self):
        """Reads what the log has since the last look, and reports what may not stand there."""
        data = self.log_path.read_bytes()
        # A line at a time: the last may be half written while the server lives.
        end = len(data) if not self.alive else data.rfind(b"\n") + 1
        new, self._read = data[self._read:end], end
        plain = []
        for line in new.splitlines():
            for mark in (CAPTION_MARK, METADATA_MARK, ID_MARK):
                if mark.encode() in line:
                    at = line.index(mark.encode())
                    self.report.finding(f"{mark[2:-2]} in the log", line[max(0, at - 300):at + 100].decode("utf-8", "replace"), "no caption, metadata or id in the log")
            try:
                event = json.loads(line)
            except ValueError:
                plain.append(line)
                continue
            number = (event.get("EventId") or {}).get("Id")
            what = f"{event.get('@m', '')[:200]} {event.get('@x', '')[:1500]}"
            if number == 1300:
                self.report.count(f"log event 1300 ({self.form})")
                if not self.damage:
                    self.report.finding(f"log event 1300: {_exception(event)}", what, "no event 1300 without damage", severity="fault")
                elif not re.match(r"[\w.]*(IndexCorrupt|Damaged|ManifestLost|InferenceException)", event.get("@x", "")):
                    self.report.finding(f"log event 1300 for another reason than damage: {_exception(event)}", what, "IndexCorruptException, which names the damage")
            elif event.get("@l") in ("Error", "Fatal") and number not in EXPECTED_ERRORS and not self.damage:
                self.report.finding(f"log {event['@l'].lower()} {number} of {event.get('SourceContext')}: {_exception(event)}", what, "no error in the log without damage")
            method = event.get("Method")
            if number == 1200 and method not in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT") and not re.match(r"[(_][a-z]+[)]?$", str(method)):
                self.report.finding("a caller's own method stands in the log", what, "a bounded name", severity="low")
        if self.damage:
            # ONNX Runtime writes by itself what a graph makes of damaged numbers.
            native = [line for line in plain if re.search(rb":onnxruntime:|\bnmemb=\d|^(\x1b\[m)?$", line)]
            self.report.count("lines of ONNX Runtime in the log", len(native))
            plain = [line for line in plain if line not in native]
        if plain:
            self.report.finding(f"{self.form}: plain text in the log: {re.sub(rb'[0-9]+', b'N', plain[0])[:80].decode('utf-8', 'replace')}", b"\n".join(plain[:12]).decode("utf-8", "replace"), "log events only; no crash")

    def kill(self):
        """kill -9, as ours; false if the server had ended by itself before."""
        if self._ended:
            return False
        self.expect_end = True
        lived = self.alive
        if lived:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.report.count("kills of servers")
        self.process.wait()
        self._end(lived)
        return lived

    def stop(self, timeout=45):
        """SIGTERM, and an orderly end. Does nothing where it has ended already."""
        if self._ended:
            return
        self.expect_end = True
        lived = self.alive
        if lived:
            self._memory()
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.report.finding(f"{self.form}: no end after SIGTERM", f"it runs on after {timeout} s", "an end within its limits")
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            else:
                if self.process.returncode in (-signal.SIGABRT, -signal.SIGBUS, -signal.SIGSEGV):
                    lived = False
                elif self.process.returncode not in (0, 143, -signal.SIGTERM):
                    self.report.finding(f"{self.form}: SIGTERM ends with {self.process.returncode}", self.tail(), "exit code 0")
        self._end(lived)

    def refused(self):
        """After a start that was refused, which the caller has judged."""
        self.process.wait()
        self._end(True)

    def _end(self, lived):
        self._ended = True
        self._stop.set()
        if self._watch.is_alive():
            self._watch.join(LONGEST_HEALTH + 2)
        self._log.close()
        if not lived:
            code = self.process.returncode
            name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            self.report.finding(f"{self.form}: the server ended by itself: {name}", self.tail(), "a server that ends only when it is told to")
        self.scan()

    def tail(self, size=500):
        return self.log_path.read_bytes()[-size:].decode("utf-8", "replace")


def _exception(event):
    """Type of the exception and the first frame, which tell faults apart."""
    text = event.get("@x", "")
    kind = re.match(r"[\w.`]+", text)
    frame = re.search(r"\n\s+at ([\w.<>`]+)", text)
    return f"{kind.group(0) if kind else event.get('@m', '')[:60]}{' at ' + frame.group(1) if frame else ''}"
