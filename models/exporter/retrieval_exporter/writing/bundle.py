"""Writes a bundle's folder: graphs, vocabulary, parity data and the manifest that hashes them all."""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import __version__
from ..errors import ExportError
from ..explaining import Explainer
from ..fields import StoredField
from ..model import Model
from ..reading.vocabulary import SPECIAL
from ..settings import Settings
from . import graphs, parity

FORMAT = "retrieval-bundle/1"

_STATISTICS = "statistics.npz"

# As the service reads them.
_LONGEST_NAME = 200
_LARGEST_IMAGE = 2**31


def write(model: Model, out: Path | str, settings: Settings, name: str | None = None, force: bool = False) -> None:
    """Writes everything beside `out` first and renames at the end: a bundle is there whole or not at all."""
    unsupported = model.system.unsupported(settings) or model.coarse.unsupported(settings) or _unsupported(model, settings)
    if unsupported:
        raise ExportError(unsupported)
    out = Path(out)
    name = out.absolute().name if name is None else name
    unprintable = any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    if unprintable or not 0 < len(name) <= _LONGEST_NAME:
        raise ExportError(f"--name is {name[:_LONGEST_NAME]!r}, expected 1 to {_LONGEST_NAME} characters, and none that "
                          "controls a terminal")
    if 4 * settings.regions * model.system.region_width >= _LARGEST_IMAGE:
        raise ExportError(f"--regions is {settings.regions}: with {model.system.region_width} numbers each an image has 2 GiB "
                          "or more")
    try:
        _check_replaceable(out, force)
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{out}: {error.strerror or error}")
    # Named before it is made: a signal may end the export in between, and then it is removed all the same.
    work = out.parent / f".{out.name}.{secrets.token_hex(8)}"
    try:
        work.mkdir(mode=0o700)
        _fill(work, model, name, settings)
        os.chmod(work, 0o755)
        if out.exists():
            # Once more: an export takes long enough for something to be put there meanwhile.
            _check_replaceable(out, force)
            retired = Path(tempfile.mkdtemp(prefix="." + out.name + ".", dir=out.parent))
            os.replace(out, retired / "old")
            os.replace(work, out)
            shutil.rmtree(retired)
        else:
            os.replace(work, out)
    except OSError as error:
        raise ExportError(f"{out}: {error.strerror or error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_replaceable(out: Path, force: bool) -> None:
    """Refuses to replace anything but an empty folder and, with `force`, a folder that is a bundle and no more."""
    if not out.exists():
        return
    if out.is_symlink() or not out.is_dir():
        raise ExportError(f"{out}: exists and is not a folder")
    found = {path.name for path in out.iterdir()}
    if not found:
        return
    if not force:
        raise ExportError(f"{out}: exists and is not empty; --force replaces it if it is a bundle")
    foreign = sorted(found - _names_of(out))
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise ExportError(f"{out}: not replaced: {foreign[0]}{more} in it is not part of a bundle")


def _unsupported(model: Model, settings: Settings) -> str | None:
    """Why images of different numbers of regions are not for this model, None if they are or need not be."""
    wanted = f"--regions {settings.fewest_regions}-{settings.regions}"
    if not settings.ragged_regions or model.system.ragged and model.coarse.ragged:
        return None
    if not model.system.ragged:
        return f"{wanted}: {model.system.title or model.system.name} takes images of one number of regions only"
    return f"{wanted}: the coarse embedding '{model.coarse.source}' takes images of one number of regions only"


def _region_range(settings: Settings) -> dict[str, int]:
    return {"min": settings.fewest_regions, "max": settings.regions} if settings.ragged_regions \
        else {"count": settings.regions}


def _names_of(folder: Path) -> set[str]:
    """The files of the bundle in `folder` by its manifest; none if it is no bundle."""
    try:
        manifest = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return set()
    files = manifest.get("files")
    return {"bundle.json", *(files if isinstance(files, dict) else ())}


def _fill(folder: Path, model: Model, name: str, settings: Settings) -> None:
    if model.ranking is not None:
        settings = replace(settings, logits=model.ranking.transform == "logit")
    form = model.system.form(settings).eval()
    # An explainer's outputs have one size of regions for all images.
    explainer = model.system.explainer() if settings.explainer and not settings.ragged_regions else None
    graphs.write_all(model, form, explainer, folder, settings)
    _write_json(folder / "vocabulary.json", {"words": model.vocabulary})
    np.savez(folder / "parity.npz", **parity.make(model, settings, explainer))
    if model.features is not None:
        np.savez(folder / _STATISTICS, **model.features.arrays())
    manifest = {
        "format": FORMAT,
        "name": name,
        "system": model.system.name,
        "variant": model.system.variant,
        "form": settings.form,
        "profile": settings.profile,
        "precision": settings.precision,
        "exporter": {"version": __version__, "torch": str(torch.__version__), "opset": graphs.OPSET},
        "regions": {**_region_range(settings), "width": model.system.region_width},
        "tokens": {"max": settings.max_tokens, **SPECIAL},
        "embedding": {"width": model.coarse.width, "source": model.coarse.source},
        **({} if model.ranking is None else {"ranking": model.ranking.manifest()}),
        "records": {
            "image": _fields(form.stored_fields("image")),
            "caption": _fields(form.stored_fields("caption")),
        },
        "graphs": {
            "textEncoder": {"file": graphs.TEXT_ENCODER},
            "imageEncoder": {"file": graphs.IMAGE_ENCODER},
            "textToImageScorer": {"file": graphs.TEXT_TO_IMAGE},
            "imageToTextScorer": {"file": graphs.IMAGE_TO_TEXT},
            **({} if explainer is None else {"explainer": _explained(explainer, settings)}),
        },
        "vocabulary": {"file": "vocabulary.json", "size": len(model.vocabulary)},
        "parity": {"file": "parity.npz", "tolerance": parity.tolerance(settings.precision, settings.records)},
        **({} if model.features is None else {"statistics": {"file": _STATISTICS}}),
        "files": {path.name: _digest(path) for path in sorted(folder.iterdir())},
    }
    _write_json(folder / "bundle.json", manifest)


def _fields(fields: Iterable[StoredField]) -> list[dict[str, Any]]:
    return [{"name": name, "type": kind, "shape": list(shape)} for name, kind, shape in fields]


def _explained(explainer: Explainer, settings: Settings) -> dict[str, Any]:
    return {"file": graphs.EXPLAINER, "tolerance": parity.EXPLAINER_TOLERANCE[settings.records],
            "outputs": [output.manifest() for output in explainer.outputs]}


def _digest(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
