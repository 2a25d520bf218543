"""Loss and recalls over a training, as JSON and, where matplotlib is installed, as a picture."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..runs.files import replace_file

Point = Mapping[str, Any]


def write(folder: Path, points: Sequence[Point]) -> None:
    """`curves.json`: what was measured, in order."""
    content = "[\n" + ",\n".join(json.dumps(point) for point in points) + "\n]\n"
    replace_file(folder / "curves.json", lambda file: file.write(content.encode()))


def draw(folder: Path, points: Sequence[Point]) -> bool:
    """`curves.png`. Whether there is something to draw with."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    epochs = [point["epoch"] for point in points]
    starts = [point["epoch"] for before, point in zip(points, points[1:]) if before["stage"] != point["stage"]]
    for stage in dict.fromkeys(point["stage"] for point in points):
        of_stage = [point for point in points if point["stage"] == stage]
        left.plot([point["epoch"] for point in of_stage], [point["loss"] for point in of_stage], label=stage)
    for name, label in (("captionToImage", "caption to image"), ("imageToCaption", "image to caption")):
        right.plot(epochs, [point[name][0] for point in points], label=label)
    for axes, title in ((left, "loss of a pair"), (right, "dev R@1, percent")):
        for start in starts:
            axes.axvline(start, color="grey", linestyle=":")
        axes.set(title=title, xlabel="epoch")
        axes.legend()
    replace_file(folder / "curves.png", lambda file: figure.savefig(file, format="png", dpi=100))
    return True
