"""`compare.json` -> the Markdown of ../../README.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from .results import DIRECTIONS, RECALLS

# Before and after a table that the page takes from the results.
_MARK = "<!-- compare.sh -->\n"


def best_row(system: Mapping[str, Any]) -> Mapping[str, Any]:
    """All pairs, where they were scored, else the longest shortlist."""
    scored = [row for row in system["rows"] if row["ranking"] != "coarse"]
    return max(scored, key=lambda row: (row["ranking"] == "full", row["shortlist"] or 0))


def coarse_row(system: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first stage alone."""
    return next(row for row in system["rows"] if row["ranking"] == "coarse")


def markdown(results: Mapping[str, Any]) -> str:
    """The table of quality and cost. The best rsum comes first."""
    systems = sorted(results["systems"], key=lambda system: -best_row(system)["rsum"])
    lines = ["| system | ranked | caption → image R@1 | R@5 | R@10 | image → caption R@1 | R@5 | R@10 | rsum | "
             "coarse: R@1 → image | R@1 → caption | rsum | bytes an image, record + embedding | "
             "pairs/s → image | pairs/s → caption | trained, min |", "|" + " --- |" * 16]
    return "\n".join(lines + [_line(system) for system in systems]) + "\n"


def _line(system: Mapping[str, Any]) -> str:
    best, coarse, rates = best_row(system), coarse_row(system), system["pairsPerSecond"]
    recalls = [f"{best[direction][name]:.1f}" for direction in DIRECTIONS for name in RECALLS]
    first = [f"{coarse[direction]['r1']:.1f}" for direction in DIRECTIONS]
    ranked = "all pairs" if best["ranking"] == "full" else str(best["shortlist"])
    cells = [f"`{system['name']}`", ranked, *recalls, f"{best['rsum']:.1f}", *first, f"{coarse['rsum']:.1f}",
             f"{system['recordBytes']:,} + {system['embeddingBytes']:,}",
             *(f"{rates[direction]['median']:,}" for direction in DIRECTIONS), _minutes(system["training"])]
    return "| " + " | ".join(cells) + " |"


def shortlists(results: Mapping[str, Any]) -> str:
    """R@1 by the length of the shortlist, and how often the own item is in it."""
    lengths = sorted({row["shortlist"] for system in results["systems"] for row in system["rows"] if row["shortlist"]})
    head = " | ".join(f"{length} pairs" for length in lengths)
    lines = [f"| system | coarse | {head} |", "|" + " --- |" * (2 + len(lengths))]
    for system in sorted(results["systems"], key=lambda system: -best_row(system)["rsum"]):
        rows = {row["shortlist"]: row for row in system["rows"] if row["ranking"] == "reranked"}
        cells = [_both(coarse_row(system)), *(_both(rows[length]) + _inside(rows[length]) for length in lengths)]
        lines.append(f"| `{system['name']}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def replaced(page: str, tables: Sequence[str]) -> str:
    """The page with `tables` in its marked places, in their order."""
    parts = page.split(_MARK)
    if len(parts) != 2 * len(tables) + 1:
        raise SystemExit(f"the page has {len(parts) - 1} lines {_MARK.strip()}, expected two for each of {len(tables)} "
                         "tables")
    parts[1::2] = [f"\n{table}\n" for table in tables]
    return _MARK.join(parts)


def _both(row: Mapping[str, Any]) -> str:
    return " / ".join(f"{row[direction]['r1']:.1f}" for direction in DIRECTIONS)


def _inside(row: Mapping[str, Any]) -> str:
    return " (" + " / ".join(f"{row[direction]['ownInside']:.1f}" for direction in DIRECTIONS) + ")"


def _minutes(training: Mapping[str, Any] | None) -> str:
    if training is None:
        return ""
    minutes = "" if training["minutes"] is None else f"{training['minutes']:.0f}"
    return minutes if training["finished"] else f"{minutes}, unfinished".removeprefix(", ")
