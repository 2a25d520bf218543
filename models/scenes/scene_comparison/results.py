"""What compare.sh leaves in its folders -> one document, `compare.json`."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DIRECTIONS = ("textToImage", "imageToText")
RECALLS = ("r1", "r5", "r10")
_WIDTHS = {"float32": 4, "float16": 2, "int8": 1}
_BENCHED = {"textToImage": "text-to-image", "imageToText": "image-to-text"}


def gather(results: Path, bundles: Path, trainings: Path, names: Sequence[str]) -> dict[str, Any]:
    """`names` of the systems that were measured, in the order of the table."""
    bench = _read(results / "bench")
    rates = rates_of(bench)
    systems = []
    for name in names:
        evaluated = _read(results / f"{name}.json")
        rate = rates.get(evaluated["model"])
        if rate is None:
            raise SystemExit(f"{results / 'bench'}: no rate of {evaluated['model']}; run the step measure again")
        systems.append({
            "name": name, "model": evaluated["model"], **bytes_of(_read(bundles / name / "bundle.json")),
            "training": training_of(trainings / name), "rows": [row_of(row) for row in evaluated["rows"]
                                                                if row["rankBy"] in (None, "score")],
            "pairsPerSecond": rate})
    first = _read(results / f"{names[0]}.json")
    return {"machine": bench["machine"], "pairsOfAQuery": bench["options"]["pairs"], "images": first["images"],
            "captions": first["captions"], "queries": first["queries"], "systems": systems}


def rates_of(bench: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """Pairs a second by model and direction."""
    found: dict[str, dict[str, dict[str, float]]] = {bundle["model"]: {} for bundle in bench["bundles"]}
    for scorer in bench["scorers"]:
        direction = next(name for name, benched in _BENCHED.items() if benched == scorer["direction"])
        for bundle, rate in zip(bench["bundles"], scorer["rates"]):
            found[bundle["model"]][direction] = {name: round(rate["pairsPerSecond"][name]) for name in
                                                 ("median", "min", "max")}
    return found


def bytes_of(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Of an image: its record, and its embedding, which is float32."""
    record = sum(math.prod(field["shape"]) * _WIDTHS[field["type"]] for field in manifest["records"]["image"])
    return {"recordBytes": record, "embeddingBytes": 4 * manifest["embedding"]["width"]}


def row_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of an evaluation, recalls alone."""
    kept = {direction: {name: row[direction][name] for name in (*RECALLS, "ownInside")} for direction in DIRECTIONS}
    return {"ranking": row["ranking"], "shortlist": row["shortlist"], "rsum": row["rsum"], **kept}


def training_of(folder: Path) -> dict[str, Any] | None:
    """The steps of a training, whether it came to its end, and the minutes of processor time of all processes that had
    a share in it. None where there was none of its own."""
    curves, seconds = folder / "curves.json", folder.with_name(folder.name + ".seconds")
    if not curves.exists():
        return None
    last: dict[str, int] = {}
    for point in _read(curves):
        last[point["stage"]] = max(last.get(point["stage"], 0), point["step"])
    spent = sum(float(line) for line in seconds.read_text().split() if line) if seconds.exists() else None
    return {"steps": last, "finished": not (folder / ".state").exists(),
            "minutes": None if spent is None else round(spent / 60, 1)}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
