"""eng/postgres.sh: what tests/Retrieval.Postgres.Tests does not see of it."""
import os
import subprocess

from conftest import ROOT, run

SCRIPT = ROOT / "eng" / "postgres.sh"


def test_up_again_and_at_the_same_time_is_the_same_server(postgres):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTGRES_")}
    ups = [subprocess.Popen([SCRIPT, "up", postgres.name], stdout=subprocess.PIPE, text=True, env=environment) for _ in range(4)]
    answers = {up.communicate(timeout=120)[0] for up in ups}
    assert len(answers) == 1
    (answer,) = answers
    assert answer.startswith("Host=127.0.0.1;Port=") and answer.count("\n") == 1


def test_status_says_what_runs_and_what_does_not(postgres):
    status = run(SCRIPT, "status", postgres.name)
    assert "running" in status and "PostgreSQL" in status and "pgvector 0." in status
    absent = subprocess.run([SCRIPT, "status", "t-nobody"], capture_output=True, text=True, timeout=60)
    assert (absent.returncode, absent.stdout) == (3, "t-nobody: there is none\n")


def test_the_password_is_nobody_elses(postgres):
    home = os.environ.get("RETRIEVAL_POSTGRES_HOME") or ("/var/cache/retrieval-postgres" if os.getuid() == 0 else os.path.expanduser("~/.cache/retrieval-postgres"))
    assert os.stat(os.path.join(home, "instances", postgres.name, "password")).st_mode & 0o777 == 0o600


def test_an_instance_goes_when_its_owner_has_gone(postgres):
    run("bash", "-c", f"POSTGRES_OWNER=$$ '{SCRIPT}' up t-orphan-{os.getpid()}; true")
    done = subprocess.run([SCRIPT, "status", f"t-orphan-{os.getpid()}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "its owner is gone" in done.stderr, done


def test_a_server_that_was_named_and_does_not_answer_is_said_so():
    done = subprocess.run([SCRIPT, "status"], capture_output=True, text=True, timeout=60, env={**os.environ, "RETRIEVAL_POSTGRES": "Host=127.0.0.1;Port=1;Username=a;Database=b"})
    if "not asked" not in done.stdout:
        assert done.returncode == 3 and "does not answer" in done.stdout, done


def test_a_way_that_is_not_there_is_an_error_with_its_reason(tmp_path):
    environment = {**os.environ, "RETRIEVAL_POSTGRES_HOME": str(tmp_path), "RETRIEVAL_POSTGRES_WAYS": "native", "PATH": "/usr/bin:/bin"}
    environment.pop("RETRIEVAL_POSTGRES", None)
    done = subprocess.run([SCRIPT, "up"], capture_output=True, text=True, timeout=60, env=environment)
    if done.returncode == 0:  # this machine has one
        run(SCRIPT, "down", "--all", "--purge", env=environment)
    else:
        assert "no server programs with pgvector" in done.stderr and done.stdout == "", done
