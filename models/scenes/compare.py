#!/usr/bin/env python3
"""The results of compare.sh: gathers them into one file, and shows that as Markdown and as a plot."""

import argparse
import json
from pathlib import Path

from scene_comparison.plot import draw
from scene_comparison.results import gather
from scene_comparison.table import markdown, replaced, shortlists


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    gathering = commands.add_parser("gather", help="what was measured, into one file")
    for folder in ("results", "bundles", "trainings"):
        gathering.add_argument(f"--{folder}", type=Path, required=True, metavar="DIR")
    gathering.add_argument("--into", type=Path, required=True, metavar="FILE")
    gathering.add_argument("names", nargs="*", help="of systems; all that were measured by default")
    showing = commands.add_parser("show", help="tables on standard output, or into a page")
    showing.add_argument("--results", type=Path, required=True, metavar="FILE")
    showing.add_argument("--plot", type=Path, metavar="FILE", help="write the plot there")
    showing.add_argument("--page", type=Path, metavar="FILE", help="replace the tables of this Markdown page")
    arguments = parser.parse_args()
    if arguments.command == "gather":
        names = arguments.names or sorted(path.stem for path in arguments.results.glob("*.json"))
        if not names:
            raise SystemExit(f"{arguments.results}: nothing was measured")
        found = gather(arguments.results, arguments.bundles, arguments.trainings, names)
        arguments.into.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return
    results = json.loads(arguments.results.read_text(encoding="utf-8"))
    tables = (markdown(results), shortlists(results))
    if arguments.page:
        page = arguments.page.read_text(encoding="utf-8")
        arguments.page.write_text(replaced(page, tables), encoding="utf-8")
    else:
        print(*tables, sep="\n", end="")
    if arguments.plot:
        draw(results, arguments.plot)


if __name__ == "__main__":
    main()
