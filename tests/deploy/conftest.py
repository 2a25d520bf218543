"""What the tests of docker/ and deploy/ share. They run without a container engine and without a cluster."""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    """Runs a command and gives its stdout; one that fails shows what it said."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=900, **options)
    if done.returncode != 0:
        # Without a trace, which would print the environment.
        pytest.fail(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}", pytrace=False)
    return done.stdout


def ignored(path, rules):
    """Whether a .dockerignore of these rules leaves a file out; the last rule that fits it or a folder above it decides."""
    from fnmatch import fnmatchcase

    above = [path, *path.parents][:-1]
    out = False
    for rule in rules:
        pattern = rule.lstrip("!").strip("/")
        # ** is any number of folders, none included.
        patterns = [pattern, pattern[3:]] if pattern.startswith("**/") else [pattern]
        depth_free = pattern.startswith("**/")
        if any(fnmatchcase(str(part), each) and (depth_free or part.as_posix().count("/") == each.count("/")) for part in above for each in patterns):
            out = not rule.startswith("!")
    return out


def build_context(folder):
    """Copies what git would publish and .dockerignore lets through: what a builder gets to see."""
    rules = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines() if line.strip() and not line.startswith("#")]
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).split("\0")
    for name in filter(None, names):
        path = pathlib.PurePosixPath(name)
        if not ignored(path, rules) and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def context(tmp_path_factory):
    return build_context(tmp_path_factory.mktemp("context"))


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The same once more, to build in: a build leaves its own files."""
    return build_context(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def published(source, tmp_path_factory):
    """The folder /app of the image, made by its own script from its own build context. Takes a minute or two."""
    out = tmp_path_factory.mktemp("published") / "app"
    run("docker/publish.sh", out, cwd=source)
    return out


@pytest.fixture(scope="session")
def postgres():
    """An instance of eng/postgres.sh: a function that runs psql on it with the given options and SQL."""
    name = f"t-deploy-{os.getpid()}"
    script = ROOT / "eng" / "postgres.sh"
    up = subprocess.run([script, "up", name], capture_output=True, text=True, env={**os.environ, "POSTGRES_OWNER": str(os.getpid()), "POSTGRES_OPTIONS": "-c log_statement=all"})
    if up.returncode != 0:
        subprocess.run([script, "down", name, "--immediate", "--purge"])
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no PostgreSQL with pgvector: {up.stderr}")

    def psql(sql, *options, check=True, **environment):
        done = subprocess.run([script, "psql", name, "-At", *options], input=sql, capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
        assert not check or done.returncode == 0, done.stderr
        return done

    psql.name = name
    yield psql
    run(script, "down", name, "--immediate", "--purge")
