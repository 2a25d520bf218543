"""Tests that carry a promise's number: [Trait("Promise", "4")]. Run here, or read from reports of a run that was made already."""
import pathlib
import subprocess
import sys
import xml.etree.ElementTree


class Suites:
    def __init__(self, root, keys, reports, place):
        self.found = {}
        self.broken = []
        if reports:
            for report in sorted(pathlib.Path(reports).glob("*.xml")):
                self.read(report)
        else:
            self.run(root, keys, place)

    def run(self, root, keys, place):
        traits = [part for key in keys for part in ("-trait", f"Promise={key}")]
        marks = [f'Trait("Promise", "{key}")' for key in keys]
        texts = ((path.relative_to(root).parts[1], path.read_text(errors="replace")) for path in root.glob("tests/*.Tests/**/*.cs"))
        for source in sorted({name for name, text in texts if any(mark in text for mark in marks)}):
            library = root / f"tests/{source}/bin/Release/net10.0/{source}.dll"
            if not library.is_file():
                print(f"promises: {source} is not built, its tests are left out", file=sys.stderr)
                continue
            report = place.new(f"{source}.xml")
            print(f"promises: tests of {source}", file=sys.stderr)
            done = subprocess.run(["dotnet", str(library), "-noLogo", "-noColor", *traits, "-xml", str(report)], capture_output=True, text=True, timeout=1800)
            if report.is_file():
                self.read(report)
            if done.returncode and not (report.is_file() and any(test.get("result") == "Fail" for test in xml.etree.ElementTree.parse(report).iter("test"))):
                self.broken.append(f"{source} ended with {done.returncode}: {(done.stderr or done.stdout)[-200:]}")

    def read(self, report):
        try:
            tests = xml.etree.ElementTree.parse(report).iter("test")
        except xml.etree.ElementTree.ParseError as error:
            self.broken.append(f"{report.name}: {error}")
            return
        for test in tests:
            for trait in test.iter("trait"):
                if trait.get("name") == "Promise" and test.get("result") != "NotRun":
                    self.found.setdefault(trait.get("value"), []).append((test.get("result"), test.get("name")))

    def judge(self, row, ci):
        """Puts the tests of a promise into its row."""
        tests = self.found.get(row.key, [])
        failed = [name for result, name in tests if result == "Fail"]
        skipped = [name for result, name in tests if result == "Skip"]
        for name in failed[:5]:
            row.check(False, f"test failed: {name}")
        row.check(len(failed) <= 5, f"and {len(failed) - 5} more tests")
        for text in self.broken:
            row.check(False, f"tests broke off: {text}")
        if tests:
            row.did(f"{len(tests) - len(failed) - len(skipped)} of {len(tests)} tests passed{f', {len(skipped)} skipped' if skipped else ''}")
        if ci:
            row.check(not skipped, f"{len(skipped)} tests were skipped")
        return len(tests)
