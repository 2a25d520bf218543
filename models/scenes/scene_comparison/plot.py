"""`compare.json` -> a picture: what quality costs."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .results import DIRECTIONS
from .table import best_row


def point(system: Mapping[str, Any]) -> tuple[float, float]:
    """Pairs a second, the geometric mean of both directions, and the mean R@1 of both."""
    rates = [system["pairsPerSecond"][direction]["median"] for direction in DIRECTIONS]
    return math.sqrt(math.prod(rates)), sum(best_row(system)[direction]["r1"] for direction in DIRECTIONS) / 2


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Writes the picture."""
    try:
        import matplotlib
    except ImportError:
        raise SystemExit("the plot needs matplotlib (Debian: python3-matplotlib)")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for system in results["systems"]:
        x, y = point(system)
        axes.plot(x, y, "o", color="C0" if system["training"] else "C1")
        axes.annotate(system["name"], (x, y), textcoords="offset points", xytext=(5, 4), fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.2, y=0.1)
    axes.set_xlabel("pairs a second, 2 cores")
    axes.set_ylabel("R@1 in percent, mean of both directions")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    # No date and no version inside: the same results give the same bytes.
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)
