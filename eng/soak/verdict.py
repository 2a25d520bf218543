"""The table, the JSON and the exit code."""
import json
import os
import pathlib
import platform

from slopes import judge


def show(judgements):
    rows = [("series", "first", "last", "an hour", "at most", "samples", "verdict")]
    for each in judgements:
        unit = f" {each.bound.unit}".rstrip()
        rows.append((each.name, *(("-" if value is None else f"{value:,.1f}{unit}") for value in (each.first, each.last)),
                     "-" if each.verdict == "too short" else f"{each.an_hour:+,.1f}{unit}", f"{each.bound.an_hour}{unit}", str(each.samples), each.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        if number == 0:
            print("-+-".join("-" * width for width in widths))


def finish(options, tally, windows, judgements, series, missed, seconds):
    """Prints everything, writes the JSON, and gives the exit code: 0 held, 1 not."""
    told = tally.as_json()
    failed, leaks = tally.failed(), [each.name for each in judgements if each.leaks]
    print("requests:")
    for what, found in told["answers"].items():
        print(f"  {what}: " + ", ".join(f"{count:,} x {status}" for status, count in found.items()))
    for what, count in told["counts"].items():
        print(f"  {what}: {count:,}")
    for kind in ("postgres", "killed", "switching"):
        print(f"  disturbed by {kind}: {windows.count(kind)} times, {windows.seconds(kind):.0f} s")
    print()
    show(judgements)
    print()
    for failure in told["failures"]:
        print(f"FAILED x {failure['count']}: {failure['what']}")
        for example in failure["examples"]:
            print(f"    {example}")
    verdict = "held" if not failed and not leaks else "NOT HELD"
    print(f"soak of {options.minutes:g} min, seed {options.seed}, {seconds:.0f} s, {tally.requests:,} requests ({tally.requests / seconds:.0f} a second): {failed} failures, {len(leaks)} of {len(judgements)} series grow{''.join('; ' + name for name in leaks)}; {missed} samples missed: {verdict}")
    if options.json:
        whole = {"minutes": options.minutes, "seed": options.seed, "seconds": round(seconds, 1), "machine": f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[2]:.1f}", "verdict": verdict, **told,
                 "judgements": [each.as_json() for each in judgements], "samplesMissed": missed, "series": series}
        pathlib.Path(options.json).write_text(json.dumps(whole, indent=1) + "\n")
    if options.counts:
        # Each kind of request whose every answer was right passed, and each series that is flat.
        right = sum(not any(failure["what"].startswith(f"{what}:") for failure in told["failures"]) for what in told["answers"])
        flat = sum(each.verdict == "flat" for each in judgements)
        pathlib.Path(options.counts).write_text(f"{right + flat} {len(told['failures']) + len(leaks)} 0\n")
    return 0 if verdict == "held" else 1


def analyse(options):
    try:
        series = json.loads(pathlib.Path(options.analyse).read_text())["series"]
        judgements = judge(series)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as fault:
        print(f"soak: {options.analyse} is no report of a soak: {fault!r}")
        return 2
    show(judgements)
    leaks = [each.name for each in judgements if each.leaks]
    print(f"{len(leaks)} of {len(judgements)} series grow{''.join('; ' + name for name in leaks)}")
    return 1 if leaks else 0
