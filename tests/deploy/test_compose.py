"""docker-compose.yml: valid by Compose's own schema, and as hardened as it says."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat

import pytest
import yaml

from conftest import ROOT, run

COMPOSE = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
PROFILES = ["ingest", "cpu", "gpu", "observe"]


def services(*profiles):
    """What Compose makes of the file: anchors and variables resolved, everything checked against its schema."""
    chosen = [option for profile in profiles for option in ("--profile", profile)]
    return yaml.safe_load(run(*COMPOSE, *chosen, "config", cwd=ROOT))["services"]


ALL = services(*PROFILES)


def test_without_a_profile_there_are_the_database_and_its_schema():
    running = {name for name, service in services().items() if not service.get("profiles")}
    assert running == {"postgres", "migrate"}


def test_each_profile_adds_one_service():
    assert {name: service["profiles"] for name, service in ALL.items() if service.get("profiles")} == {"ingest": ["ingest"], "serve": ["cpu"], "serve-gpu": ["gpu"], "prometheus": ["observe"], "grafana": ["observe"]}


@pytest.mark.parametrize("name", ALL)
def test_every_service_is_hardened_and_knows_when_to_start_again(name):
    service = ALL[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and not service.get("cap_add") and not service.get("privileged")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert service["restart"]
    assert service.get("user") != "root"


@pytest.mark.parametrize("name", ALL)
def test_passwords_come_from_files_alone(name):
    service = ALL[name]
    secrets = {secret["source"] if isinstance(secret, dict) else secret for secret in service["secrets"]}
    text = " ".join(service.get("command") or []) + str(service.get("environment", {}))
    assert not re.search(r"password=(?!/run/secrets/)", text, re.IGNORECASE)
    assert set(re.findall(r"/run/secrets/(\w+)", text)) <= secrets | {"keys"}
    assert name == "postgres" or len(secrets) == 1, "each service gets its own password only"


@pytest.mark.parametrize("name", ALL)
def test_the_server_and_nobody_else_reads_the_keys_and_follows_what_takes_their_place(name):
    keys = [mount for mount in ALL[name].get("volumes", []) if ".secrets" in str(mount)]
    if not name.startswith("serve"):
        assert not keys
        return
    (mount,) = keys
    assert mount["source"].endswith("/.secrets/keys") and mount["target"] == "/run/secrets/keys" and mount["read_only"], "the folder: a file of its own would stay the one that it was"
    assert ALL[name]["command"][-1] == "/run/secrets/keys/keys.json"


def test_services_wait_for_what_they_need():
    healthy, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    # Newer Composes add members of their own.
    needs = {name: {other: {"condition": need["condition"]} for other, need in service.get("depends_on", {}).items()} for name, service in ALL.items()}
    assert needs == {
        "postgres": {}, "migrate": {"postgres": healthy}, "ingest": {"migrate": done},
        "serve": {"postgres": healthy, "migrate": done}, "serve-gpu": {"postgres": healthy, "migrate": done},
        "prometheus": {}, "grafana": {},
    }


def test_the_database_is_reached_from_inside_only():
    assert "ports" not in ALL["postgres"]
    assert set(ALL["postgres"]["networks"]) == {"database"}
    for name in ("serve", "serve-gpu"):
        assert all(str(port).startswith("127.0.0.1:") or port.get("host_ip") == "127.0.0.1" for port in ALL[name]["ports"])


def test_images_are_pinned_and_postgres_brings_a_pgvector_that_is_recent_enough():
    for service in ALL.values():
        assert ":" in service["image"] and not service["image"].endswith(":latest")
    version = re.fullmatch(r"pgvector/pgvector:(\d+)\.(\d+)\.(\d+)-pg17", ALL["postgres"]["image"])
    assert tuple(map(int, version.groups())) >= (0, 8, 7)
    assert ALL["postgres"]["image"] in (ROOT / "eng" / "postgres" / "docker.sh").read_text(), "tests and compose take the same image"


def test_what_is_mounted_from_the_repository_is_there():
    text = str([service.get("volumes", []) for service in ALL.values()])
    mounted = {pathlib.Path(path) for path in re.findall(re.escape(str(ROOT)) + r"[^:'\"]*", text)}
    made_by_secrets_sh = {ROOT / ".secrets" / "keys"}
    assert len(mounted) >= 4 and all(path.exists() for path in mounted - made_by_secrets_sh), mounted


def test_the_secrets_are_made_once_and_for_nobody_else_on_the_machine(tmp_path):
    (tmp_path / "docker").mkdir()
    shutil.copy(ROOT / "docker" / "secrets.sh", tmp_path / "docker")
    made = []
    for _ in range(2):
        run(tmp_path / "docker" / "secrets.sh")
        made.append({path.name: path.read_text() for path in (tmp_path / ".secrets").rglob("*") if path.is_file()})
    assert made[0] == made[1] and len(set(made[0].values())) == 9
    assert all(re.fullmatch(r"\w{32}", word) for name, word in made[0].items() if name.endswith("_password"))
    declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["secrets"]
    assert {pathlib.Path(secret["file"]).name for secret in declared.values()} == {name for name in made[0] if name not in ("query_key", "admin_key", "keys.json")}
    assert stat.S_IMODE(os.stat(tmp_path / ".secrets").st_mode) == 0o700


def test_the_keys_are_those_of_the_file_of_keys(tmp_path):
    (tmp_path / "docker").mkdir()
    shutil.copy(ROOT / "docker" / "secrets.sh", tmp_path / "docker")
    run(tmp_path / "docker" / "secrets.sh")
    stored = json.loads((tmp_path / ".secrets" / "keys" / "keys.json").read_text())["keys"]
    assert [key["name"] for key in stored] == ["query", "admin", "metrics"]
    for key in stored:
        prefix, identity, secret = (tmp_path / ".secrets" / f"{key['name']}_key").read_text().split("_")
        assert (prefix, identity) == ("rsk", key["id"]) and re.fullmatch("[0-9a-f]{64}", secret)
        assert hashlib.sha256(bytes.fromhex(key["salt"] + secret)).hexdigest() == key["hash"]
    listed = run(ROOT / "retrieval", "keys", "list", "--key-file", tmp_path / ".secrets" / "keys" / "keys.json", "--json")
    assert [key["name"] for key in json.loads(listed)["keys"]] == ["query", "admin", "metrics"]


def test_keys_of_before_they_had_a_folder_are_kept(tmp_path):
    (tmp_path / "docker").mkdir()
    shutil.copy(ROOT / "docker" / "secrets.sh", tmp_path / "docker")
    run(tmp_path / "docker" / "secrets.sh")
    keys = tmp_path / ".secrets" / "keys" / "keys.json"
    before = keys.read_text()
    keys.rename(tmp_path / ".secrets" / "keys.json")
    run(tmp_path / "docker" / "secrets.sh")
    assert keys.read_text() == before and not (tmp_path / ".secrets" / "keys.json").exists()


def test_the_secrets_are_not_for_git_or_for_the_builder():
    assert "/.secrets/" in (ROOT / ".gitignore").read_text().split()
    assert (ROOT / ".dockerignore").read_text().split("\n")[1] == "*"
