"""Samples of what a process holds, every few seconds."""
import http.client
import os
import pathlib
import re
import threading
import time

POSTGRES_EVERY = 4  # rounds: asking Postgres for its connections is a process of its own


class Sampler:
    """
    Series of the replicas that are never killed. `series` has for each name, such as `steady-1 memory`, pairs of seconds
    since the start and a value.
    """

    def __init__(self, replicas, postgres, every):
        self.replicas, self.postgres, self.every = replicas, postgres, every
        self.series, self.missed = {}, 0
        self._began, self._round = time.monotonic(), 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self):
        self._stop.set()
        self._thread.join(60)
        return self.series

    def _run(self):
        while not self._stop.wait(self.every):
            for replica in self.replicas:
                try:
                    for name, value in held(replica.server.process.pid, replica.cache).items():
                        self._add(f"{replica.name} {name}", value)
                    self._add(f"{replica.name} heap", replica.metrics()["dotnet_gc_last_collection_heap_size_bytes"] / 1e6)
                except (OSError, KeyError, http.client.HTTPException):
                    self.missed += 1
            self._round += 1
            if self._round % POSTGRES_EVERY == 0 and (count := self.postgres.connections()) is not None:
                self._add("postgres connections", count)

    def _add(self, name, value):
        self.series.setdefault(name, []).append((time.monotonic() - self._began, value))


def held(process, folder):
    """What a process holds: memory of its own and files below its folder in MB, and numbers of descriptors, sockets and threads."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    links = []
    for entry in os.scandir(f"/proc/{process}/fd"):
        try:
            links.append(os.readlink(entry.path))
        except OSError:
            pass  # closed meanwhile
    return {
        "memory": int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) * 1024 / 1e6,
        "handles": len(links),
        "sockets": sum(link.startswith("socket:") for link in links),
        "threads": int(re.search(r"Threads:\s+(\d+)", status).group(1)),
        "cache": sum(size(path) for path in pathlib.Path(folder).rglob("*")) / 1e6,
    }


def size(path):
    """Bytes on the disk; 0 of what has gone meanwhile."""
    try:
        return path.stat().st_blocks * 512 if path.is_file() else 0
    except OSError:
        return 0
