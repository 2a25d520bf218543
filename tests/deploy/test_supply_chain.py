"""The bill of materials, and NOTICE against it."""
import json
import re
import subprocess

import pytest

from conftest import ROOT, run


@pytest.mark.parametrize("options, runtime", [([], "Microsoft.ML.OnnxRuntime"), (["--cuda"], "Microsoft.ML.OnnxRuntime.Gpu.Linux")])
def test_the_bill_has_every_package_with_its_hash_and_its_licence(tmp_path, options, runtime):
    run(ROOT / "eng" / "sbom.py", tmp_path / "a.json", *options)
    run(ROOT / "eng" / "sbom.py", tmp_path / "b.json", *options)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    bill = json.loads((tmp_path / "a.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = {part["bom-ref"]: part for part in bill["components"]}
    assert len(parts) == len(bill["components"]) > 40 and bill["dependencies"][0]["dependsOn"] == list(parts)
    for reference, part in parts.items():
        assert reference == part["purl"] == f"pkg:nuget/{part['name']}@{part['version']}"
        assert re.fullmatch("[0-9a-f]{128}", part["hashes"][0]["content"]) and part["licenses"]
    assert runtime in {part["name"] for part in parts.values()}


def test_notice_names_every_package_with_the_licence_that_it_declares():
    assert re.search(r"^\d\d packages, 0 faults$", run(ROOT / "eng" / "sbom.py", "--check"), re.MULTILINE)


def test_a_package_that_notice_lacks_is_found(tmp_path):
    for name in ("NOTICE", "Directory.Build.props"):
        (tmp_path / name).write_text((ROOT / name).read_text().replace("    Npgsql\n", "    Nothing\n"))
    (tmp_path / "eng").mkdir()
    (tmp_path / "eng" / "sbom.py").write_text((ROOT / "eng" / "sbom.py").read_text())
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "Retrieval.Cli").symlink_to(ROOT / "src" / "Retrieval.Cli")
    done = subprocess.run(["python3", str(tmp_path / "eng" / "sbom.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Npgsql 10" in done.stderr and "named 0 times" in done.stderr and "NOTICE names Nothing" in done.stderr


def test_every_project_has_a_lock_file_that_ci_restores_by():
    projects = [path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.csproj")]
    assert projects and all((path.parent / "packages.lock.json").exists() for path in projects)
    assert "<RestoreLockedMode Condition=\"'$(CI)' == 'true'\">true</RestoreLockedMode>" in (ROOT / "Directory.Build.props").read_text()
