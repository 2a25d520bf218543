"""What all rows share: the command, the folder of this run, corpora, Postgres, and an end that leaves nothing behind."""
import array
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

from row import NotRun
from served import Server

REGIONS, WIDTH, WORDS, CAPTIONS = 36, 64, 56, 2  # of the bundles in tests/Fixtures


class Place:
    def __init__(self, root, command, long, seed, keep=None, before=None):
        self.root, self.command, self.before, self.long, self.seed = root, command, before, long, seed
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="promises-"))
        self.keep = keep  # a folder for logs that outlive the run
        self._servers, self._processes, self._postgres, self._count = [], [], None, 0
        self.fixtures = root / "tests/Fixtures/bundles"
        self.bundle = self.fixtures / "camp-gate-fusion-new-concat"
        self.other_bundle = self.fixtures / "camp-gate-fusion-new-concat-compact"
        self.demo = root / "models/scenes"
        self._demo_index = None

    def close(self):
        for server in self._servers:
            server.kill()
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        if self._postgres:
            self._postgres.close()
        if self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
            for log in self.folder.rglob("*.log"):
                shutil.copy(log, self.keep / log.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def new(self, name):
        """A path in the folder of this run that nothing else has."""
        self._count += 1
        return self.folder / f"{self._count:02}-{name}"

    def size(self, short, long):
        return long if self.long else short

    def random(self, stream):
        return random.Random(f"{self.seed}/{stream}")

    # Commands

    def environment(self, **more):
        return {**os.environ, **more}

    def start(self, *arguments, **environment):
        """A command beside; its output is kept in a file whose path is `process.log`."""
        log = self.new("command.log")
        with open(log, "w") as out:
            process = subprocess.Popen([*self.command, *map(str, arguments)], stdout=out, stderr=subprocess.STDOUT, env=self.environment(**environment))
        process.log = log
        self._processes.append(process)
        return process

    def run(self, *arguments, limit=600, code=0, command=None, **environment):
        """A command to its end; its standard output."""
        done = subprocess.run([*(command or self.command), *map(str, arguments)], capture_output=True, text=True, timeout=limit, env=self.environment(**environment))
        if code is not None and done.returncode != code:
            raise AssertionError(f"retrieval {' '.join(map(str, arguments[:2]))} ended with {done.returncode}, expected {code}: {(done.stderr or done.stdout)[-400:]}")
        return done.stdout

    def json(self, *arguments, **more):
        return json.loads(self.run(*arguments, "--json", **more))

    def serve(self, *arguments, ready=True, environment=None, command=None):
        """A server that is ready; with ready=False one that listens, with None one that has been started."""
        server = Server(command or self.command, list(map(str, arguments)), self.new("serve.log"), self.environment(**(environment or {})))
        self._servers.append(server)
        return server if ready is None else server.ready() if ready else server.listening()

    def hash(self, index):
        return self.run("index", "hash", "--index", index).split()[0]

    # Corpora

    def demo_index(self):
        """The demo corpus, ingested once."""
        if self._demo_index is None:
            index = self.new("demo-index")
            self.run("ingest", "--bundle", self.demo / "bundle", "--index", index, "--source", self.demo / "corpus", "--split", "test")
            self._demo_index = index
        return self._demo_index

    def split(self, images, prefix="image", stream="split"):
        """A precomputed split `test` of random images for the fixtures' bundles; its folder."""
        folder = self.new("split")
        folder.mkdir()
        dice = self.random(f"{stream}/{prefix}/{images}")
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({images}, {REGIONS}, {WIDTH}), }}".encode()
        header += b" " * (64 - (len(header) + 11) % 64) + b"\n"
        with open(folder / "test_ims.npy", "wb") as out:
            out.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
            for _ in range(images):
                out.write(self.features(dice))
        (folder / "test_caps.txt").write_text("".join(self.caption(dice) + "\n" for _ in range(images * CAPTIONS)))
        (folder / "test_ids.txt").write_text("".join(f"{prefix}-{image:05}\n" for image in range(images)))
        return folder

    @staticmethod
    def features(dice):
        """An image's region features: float32, row by row, little-endian."""
        return array.array("f", (dice.random() for _ in range(REGIONS * WIDTH))).tobytes()

    @staticmethod
    def caption(dice):
        return " ".join(f"w{dice.randrange(4, 4 + WORDS)}" for _ in range(dice.randrange(3, 9)))

    # Postgres

    def postgres(self):
        """A Postgres of this run's own: rows kill it."""
        if self._postgres is None:
            self._postgres = Postgres(self.root, f"promises-{os.getpid()}")
        return self._postgres


class Postgres:
    """An instance of eng/postgres.sh."""

    def __init__(self, root, name, copy_of=None):
        """With copy_of, an instance made of the files of that one, as it runs."""
        self.script, self.name, self._databases = str(root / "eng/postgres.sh"), name, 0
        environment = {name: value for name, value in os.environ.items() if name != "RETRIEVAL_POSTGRES"}
        self.environment = {**environment, "POSTGRES_OWNER": str(os.getpid())}
        self.connection = self.call("clone", name, copy_of, limit=600) if copy_of else self.up()
        self.password = dict(part.split("=", 1) for part in self.connection.split(";") if "=" in part)

    def call(self, *arguments, given=None, limit=120):
        done = subprocess.run([self.script, *arguments], capture_output=True, text=True, input=given, timeout=limit, env=self.environment)
        if done.returncode:
            raise NotRun(f"eng/postgres.sh {arguments[0]} ended with {done.returncode}: {done.stderr[-300:]}") if arguments[0] == "up" else AssertionError(done.stderr[-300:])
        return done.stdout.strip()

    def up(self):
        return self.call("up", self.name, limit=600)

    def down(self):
        self.call("down", self.name, "--immediate")

    def freeze(self):
        self.call("freeze", self.name)

    def thaw(self):
        self.call("thaw", self.name)

    def sql(self, statement, database="postgres"):
        return self.call("psql", self.name, "-At", "-d", database, given=statement)

    def database(self):
        """A fresh database; its connection string, by whose last part Npgsql finds it."""
        self._databases += 1
        name = f"promise_{self._databases}"
        self.sql(f"create database {name}")
        return self.connection_of(name), name

    def connection_of(self, database):
        parts = [part for part in self.connection.split(";") if part and not part.lower().startswith("database=")]
        return ";".join([*parts, f"Database={database}"])

    def close(self):
        subprocess.run([self.script, "thaw", self.name], capture_output=True, env=self.environment)
        subprocess.run([self.script, "down", self.name, "--immediate", "--purge"], capture_output=True, env=self.environment)
