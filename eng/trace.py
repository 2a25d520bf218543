#!/usr/bin/env python3
"""Prints the trace of one query with its spans and their durations, and measures what tracing costs.

    eng/trace.py                the trace of one query by caption of the demo corpus
    eng/trace.py --cost ROUNDS  two servers, one that traces every request and one that traces none, asked in turns

It starts the command that this checkout has built, over the committed demo bundle, and is the collector itself.
"""
import argparse
import http.client
import http.server
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMAND = ["dotnet", str(ROOT / "src/Retrieval.Cli/bin/Release/net10.0/retrieval.dll")]
DEMO = ROOT / "models" / "scenes"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CAPTIONS = [line for line in (DEMO / "corpus" / "test_caps.txt").read_text().splitlines()[:1000]]


def varint(message, at):
    value = shift = 0
    while True:
        part = message[at]
        value, shift, at = value | (part & 0x7F) << shift, shift + 7, at + 1
        if part < 0x80:
            return value, at


def fields(message):
    """A protobuf message: its fields by number, bytes each."""
    found, at = defaultdict(list), 0
    while at < len(message):
        key, at = varint(message, at)
        if key & 7 == 0:
            _, at = varint(message, at)
            continue
        length, at = varint(message, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
        found[key >> 3].append(message[at:at + length])
        at += length
    return found


def spans_of(request):
    for resource in fields(request)[1]:
        for scope in fields(resource)[2]:
            for span in fields(scope)[2]:
                span = fields(span)
                began, ended = (int.from_bytes(span[number][0], "little") for number in (7, 8))
                yield {"trace": span[1][0].hex(), "id": span[2][0].hex(), "parent": b"".join(span[4]).hex(), "name": span[5][0].decode(),
                       "began": began, "ended": ended, "links": len(span[13])}


class Collector(http.server.BaseHTTPRequestHandler):
    spans = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/v1/traces":
            self.spans.extend(spans_of(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, index, log, *options):
        self.log = log
        with open(log, "w") as out:
            self.process = subprocess.Popen([*COMMAND, "serve", "--bundle", str(DEMO / "bundle"), "--index", str(index), "--urls", "http://127.0.0.1:0", *options],
                                            stdout=out, stderr=subprocess.STDOUT)
        while not (found := re.search(r"Now listening on: http://127.0.0.1:(\d+)", log.read_text())):
            if self.process.poll() is not None:
                sys.exit(f"the server ended: {log.read_text()}")
            time.sleep(0.1)
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=60)
        while self.ask("GET", "/health/ready") != 200:
            time.sleep(0.1)

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json", **headers} if body else headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def search(self, caption, **headers):
        status = self.ask("POST", "/v1/search/images", {"caption": caption}, **headers)
        assert status == 200, status

    def processor_seconds(self):
        numbers = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def show(spans, parent="", depth=0, start=None):
    for span in sorted((span for span in spans if span["parent"] == parent), key=lambda span: (span["began"], -span["ended"])):
        start = start or span["began"]
        links = f"  linked to {span['links']} request{'s' if span['links'] != 1 else ''}" if span["links"] else ""
        print(f"{(span['began'] - start) / 1e6:9.2f} ms {(span['ended'] - span['began']) / 1e6:9.2f} ms  {'  ' * depth}{span['name']}{links}")
        show(spans, span["id"], depth + 1, start)


def one(index, folder, address):
    server = Server(index, folder / "serve.log", f"--Telemetry:OtlpEndpoint={address}", "--Telemetry:TraceShare=0.000000001")
    for caption in CAPTIONS[:20]:
        server.search(caption)
    server.search("a striped red cube and a green star", traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    server.end()
    print("    begins       lasts  span")
    show([span for span in Collector.spans if span["trace"] == TRACE], "b7ad6b7169203331")


def cost(index, folder, address, rounds):
    plain = Server(index, folder / "plain.log", f"--Telemetry:OtlpEndpoint={address}")
    traced = Server(index, folder / "traced.log", f"--Telemetry:OtlpEndpoint={address}", "--Telemetry:TraceShare=1")
    for server in (plain, traced):
        for caption in CAPTIONS[:200]:
            server.search(caption)
    ratios, times = [], {plain: [], traced: []}
    for turn in range(rounds):
        used = {}
        for server in (plain, traced) if turn % 2 else (traced, plain):
            before = server.processor_seconds()
            for caption in CAPTIONS[:500]:
                began = time.perf_counter()
                server.search(caption)
                times[server].append(1000 * (time.perf_counter() - began))
            used[server] = server.processor_seconds() - before
        ratios.append(used[traced] / used[plain])
        print(f"round {turn + 1}: processor time of 500 queries {used[plain]:.2f} s without, {used[traced]:.2f} s with tracing: ratio {ratios[-1]:.3f}", flush=True)
    for server in (plain, traced):
        server.end()
    medians = [statistics.median(times[server]) for server in (plain, traced)]
    print(f"processor time: median ratio {statistics.median(ratios):.3f} of {rounds} rounds; time of a query: median {medians[0]:.2f} ms without, {medians[1]:.2f} ms with: ratio {medians[1] / medians[0]:.3f}")


def main():
    parser = argparse.ArgumentParser(prog="trace.py", description=__doc__.split("\n")[0])
    parser.add_argument("--cost", metavar="ROUNDS", type=int, help="measure what tracing costs instead")
    options = parser.parse_args()
    if not pathlib.Path(COMMAND[1]).exists():
        print(f"trace.py: {pathlib.Path(COMMAND[1]).relative_to(ROOT)} is not there: build it by dotnet build src/Retrieval.Cli -c Release", file=sys.stderr)
        return 2
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{collector.server_address[1]}"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        index = folder / "index"
        subprocess.run([*COMMAND, "ingest", "--bundle", str(DEMO / "bundle"), "--source", str(DEMO / "corpus"), "--split", "test", "--index", str(index)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        one(index, folder, address) if options.cost is None else cost(index, folder, address, options.cost)
    return 0


if __name__ == "__main__":
    sys.exit(main())
