#!/usr/bin/env python3
"""The software bill of materials of the program, CycloneDX 1.6, from the lock file of its packages.

    eng/sbom.py FILE [--cuda]     writes it; with --cuda of the program with ONNX Runtime's CUDA provider
    eng/sbom.py --check           compares the packages with NOTICE: each has to be named there with its licence

Hashes are the lock file's (SHA-512 of the package), licences those that the packages declare in NuGet's folder.
"""
import argparse
import base64
import fnmatch
import json
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROJECT = ROOT / "src" / "Retrieval.Cli"
PACKAGES = pathlib.Path(os.environ.get("NUGET_PACKAGES") or pathlib.Path.home() / ".nuget" / "packages")
# Of the build, and no part of the program.
BUILD = {"Microsoft.CodeAnalysis.BannedApiAnalyzers"}


def packages(cuda):
    """Name, version and hash of each package of the program, in the order of the names."""
    lock = json.loads((PROJECT / ("packages.lock.json" if cuda else "packages.cpu.lock.json")).read_text())
    found = {}
    for framework in lock["dependencies"].values():
        for name, entry in framework.items():
            if entry["type"] != "Project" and name not in BUILD:
                found[name] = (entry["resolved"], entry["contentHash"])
    return [(name, *found[name]) for name in sorted(found, key=str.lower)]


def licence_of(name, version):
    """An SPDX expression, or the name of the file in the package that has the licence; None where the package is not at hand."""
    folder = PACKAGES / name.lower() / version.lower()
    try:
        metadata = xml.parse(folder / f"{name.lower()}.nuspec").getroot()[0]
    except OSError:
        return None
    for element in metadata:
        if element.tag.endswith("}license"):
            return element.text if element.get("type") == "expression" else f"file {element.text}"
    return "none declared"


def component(name, version, content):
    purl = f"pkg:nuget/{name}@{version}"
    entry = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
             "hashes": [{"alg": "SHA-512", "content": base64.b64decode(content).hex()}]}
    licence = licence_of(name, version)
    if licence is not None and not licence.startswith("none"):
        entry["licenses"] = [{"license": {"name": licence}}] if licence.startswith("file ") else [{"expression": licence}]
    return entry


def bill(cuda):
    version = re.search(r"<VersionPrefix>(.+?)</VersionPrefix>", (ROOT / "Directory.Build.props").read_text()).group(1)
    own = f"pkg:generic/retrieval@{version}"
    parts = [component(*package) for package in packages(cuda)]
    # No time and no random serial number: the same lock file gives the same bytes.
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"component": {"type": "application", "bom-ref": own, "name": "retrieval", "version": version, "licenses": [{"expression": "MIT"}]}},
            "components": parts, "dependencies": [{"ref": own, "dependsOn": [part["bom-ref"] for part in parts]}]}


def noticed():
    """The lines of NOTICE that name packages: a pattern, and the licence behind it."""
    section = (ROOT / "NOTICE").read_text().split("Packages of the program, by licence:\n", 1)[1].split("\n\n", 1)[0]
    found, licence = [], None
    for line in section.splitlines():
        if heading := re.fullmatch(r"  (\S.*):", line):
            licence = heading.group(1)
        else:
            found += [(pattern, licence) for pattern in line.replace(",", " ").split()]
    return found


def check():
    faults, used = [], set()
    every = {(name, version): None for cuda in (False, True) for name, version, _ in packages(cuda)}
    for name, version in every:
        patterns = [(pattern, licence) for pattern, licence in noticed() if fnmatch.fnmatchcase(name, pattern)]
        used.update(patterns)
        declared = licence_of(name, version)
        if len(patterns) != 1:
            faults.append(f"{name} {version} ({declared}) is named {len(patterns)} times in NOTICE; expected once")
        elif declared is None:
            faults.append(f"{name} {version} is not in {PACKAGES}: its licence cannot be compared; restore first")
        elif declared != patterns[0][1] and not (declared.startswith(("file ", "none")) and "declared by file" in patterns[0][1]):
            faults.append(f"{name} {version} declares {declared}; NOTICE has it under {patterns[0][1]}")
    faults += [f"NOTICE names {pattern}, which is no package of the program" for pattern, licence in noticed() if (pattern, licence) not in used]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(every)} packages, {len(faults)} faults")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(prog="sbom.py", description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", help="where it is written")
    parser.add_argument("--cuda", action="store_true", help="of the program with CUDA")
    parser.add_argument("--check", action="store_true", help="compare with NOTICE instead")
    options = parser.parse_args()
    if options.check == (options.file is not None):
        parser.error("expected a file, or --check")
    if options.check:
        return check()
    pathlib.Path(options.file).write_text(json.dumps(bill(options.cuda), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
