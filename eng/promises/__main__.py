"""The promises of docs/reliability.md as a table. Called by eng/promises.sh, which has the options."""
import argparse
import json
import os
import pathlib
import signal
import sys
import textwrap
import time

sys.dont_write_bytecode = True
import access  # noqa: E402
import backup  # noqa: E402
import clocks  # noqa: E402
import index  # noqa: E402
import load  # noqa: E402
import lost  # noqa: E402
import models  # noqa: E402
import outage  # noqa: E402
import requested  # noqa: E402
import restarts  # noqa: E402
import upgrade  # noqa: E402
from place import Place  # noqa: E402
from row import NotRun, Row  # noqa: E402
from suites import Suites  # noqa: E402

# Key, promise, what is done beside the tests that carry its number.
PROMISES = [
    ("1", "Overload sheds, never sinks", load.overload),
    ("2", "A deadline is kept", load.deadlines),
    ("3", "A caller who leaves costs nothing", load.leavers),
    ("4", "Ingestion survives kill -9", index.killed_ingestions),
    ("5", "Postgres may restart or vanish", outage.outages),
    ("6", "Bad files never enter", index.bad_files),
    ("7", "Bad requests never hurt", requested.fuzz),
    ("8", "Only allowed paths are read", requested.paths),
    ("9", "No one in without a key", access.keys),
    ("10", "A model is what it says", models.edited),
    ("11", "Never a silent CPU", models.provider),
    ("12", "SIGTERM drains", restarts.rolling),
    ("13", "A full disk, an out-of-memory device", index.full_disk),
    ("14", "Index and model always match", models.switching),
    ("15", "Durable local index", index.killed_writers),
    ("upgrade", "An upgrade fails no request", upgrade.upgrading),
    ("callers", "A noisy caller leaves others alone", access.callers),
    ("clocks", "Clocks may be stepped", clocks.stepped),
    ("backup", "A backup restores what was served", backup.restored),
    ("lost", "A lost device restarts the process", lost.hung),
]


def main():
    parser = argparse.ArgumentParser(prog="promises.sh")
    parser.add_argument("--long", action="store_true", help="the long form: outages of minutes, 10,000 disconnects, load phases of 40 s")
    parser.add_argument("--only", metavar="KEY,KEY", help="of 1 to 15, upgrade, callers, clocks, backup and lost")
    parser.add_argument("--json", metavar="FILE", help="the table as JSON, too")
    parser.add_argument("--app", metavar="DIR", help="folder of the published command; otherwise the one this checkout builds")
    parser.add_argument("--before", metavar="DIR", help="folder of an earlier version's command, published or built, for 'upgrade' to begin with; otherwise this one, under the schema before the last migration")
    parser.add_argument("--reports", metavar="DIR", help="reports of test suites that ran already (xunit's XML): their tests are not run again")
    parser.add_argument("--logs", metavar="DIR", help="keeps the logs of the processes there")
    parser.add_argument("--seed", type=int, default=1, help="of kills, forms and corpora (default 1)")
    parser.add_argument("--no-tests", action="store_true", help="without the xunit tests")
    parser.add_argument("--counts", metavar="FILE", help=argparse.SUPPRESS)  # for test.sh: held, not held, not run
    options = parser.parse_args()

    root = pathlib.Path(__file__).resolve().parents[2]
    command = command_in(pathlib.Path(options.app)) if options.app else ["dotnet", str(root / "src/Retrieval.Cli/bin/Release/net10.0/retrieval.dll")]
    before = options.before and command_in(pathlib.Path(options.before))
    wanted = options.only.split(",") if options.only else [key for key, _, _ in PROMISES]
    unknown = set(wanted) - {key for key, _, _ in PROMISES}
    if unknown:
        parser.error(f"--only names {', '.join(sorted(unknown))}; expected 1 to 15, upgrade, callers, clocks, backup or lost")

    ci = os.environ.get("CI") == "true"
    began = time.monotonic()
    place = Place(root, command, options.long, options.seed, options.logs and pathlib.Path(options.logs), before)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = []
    try:
        suites = None if options.no_tests else Suites(root, wanted, options.reports, place)
        for key, promise, work in PROMISES:
            if key in wanted:
                rows.append(Row(key, promise))
                judge(rows[-1], work, place, suites, ci)
    except SystemExit:
        rows[-1:] and rows[-1].check(False, "was broken off")
    finally:
        place.close()
    return report(rows, options, time.monotonic() - began)


def command_in(folder):
    """The command in a folder that it was published or built into."""
    return [str(folder.resolve() / "retrieval")] if (folder / "retrieval").exists() else ["dotnet", str(folder.resolve() / "retrieval.dll")]


def report(rows, options, seconds):
    verdicts = [row.verdict for row in rows]
    form = "long" if options.long else "short"
    if options.json:
        whole = {"form": form, "seed": options.seed, "seconds": round(seconds, 1), "rows": [row.as_json() for row in rows]}
        pathlib.Path(options.json).write_text(json.dumps(whole, indent=2) + "\n")
    if options.counts:
        fine = sum(verdict in ("held", "number missed") for verdict in verdicts)
        pathlib.Path(options.counts).write_text(f"{fine} {verdicts.count('NOT HELD')} {verdicts.count('not run')}\n")
    show(rows)
    print(f"\n{form} form, seed {options.seed}, {seconds:.0f} s: "
          + ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in ("held", "number missed", "NOT HELD", "not run") if verdict in verdicts))
    return 1 if "NOT HELD" in verdicts else 0


def judge(row, work, place, suites, ci):
    print(f"promises: {row.key} {row.promise}", file=sys.stderr)
    began = time.monotonic()
    tests = suites.judge(row, ci) if suites else 0
    # In CI all suites have run: a promise without tests has lost their marks.
    row.check(tests or not ci or not row.key.isdigit(), "no test carries its number")
    try:
        if work:
            work(row, place)
        elif not tests:
            row.not_run = "none of its tests is built"
    except NotRun as reason:
        row.not_run = str(reason)
        row.check(not ci, f"could not be run: {reason}")
    except Exception as error:  # noqa: BLE001: one row's fault is not the others'
        row.check(False, f"{type(error).__name__}: {error}")
    row.seconds = time.monotonic() - began
    print(f"promises: {row.key} {row.verdict} after {row.seconds:.0f} s{''.join('; ' + text for text in row.failures)}", file=sys.stderr)


def show(rows):
    widths = (28, 46, 62, 13)
    line = "-+-".join("-" * width for width in widths)

    def put(*cells):
        columns = [[part for text in cell for part in textwrap.wrap(text, width, subsequent_indent="  ") or [""]] for cell, width in zip(cells, widths)]
        for number in range(max(map(len, columns))):
            print(" | ".join((column[number] if number < len(column) else "").ljust(width) for column, width in zip(columns, widths)).rstrip())

    put(["promise"], ["what was done"], ["numbers"], ["verdict"])
    for row in rows:
        print(line)
        notes = [f"FAILED: {text}" for text in row.failures] + ([f"and {row.more_failures} failures more"] if row.more_failures else []) + ([f"not run: {row.not_run}"] if row.not_run else [])
        put([f"{row.key} {row.promise}"], row.done, row.numbers + notes, [row.verdict])
    print(line)


if __name__ == "__main__":
    sys.exit(main())
