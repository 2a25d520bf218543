"""Writes a bundle's folder: graphs, vocabulary, parity data and the manifest that hashes them all."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from . import __version__, graphs, parity
from .camp import IN_BYTES, build_form, default_records
from .errors import ExportError
from .vocabulary import SPECIAL

FORMAT = "retrieval-bundle/1"


def write(model, out, name=None, form="serving", profile="fast", precision="float32", records=None,
          region_count=36, max_tokens=50, force=False):
    """Writes everything beside `out` first and renames at the end: a bundle is there whole or not at all."""
    if precision == "int8" and (form != "serving" or model.system not in IN_BYTES):
        raise ExportError("--precision int8 is for the serving form of %s" % " and ".join(IN_BYTES))
    out = Path(out)
    try:
        _check_replaceable(out, force)
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="." + out.name + ".", dir=out.parent))
    except OSError as error:
        raise ExportError("%s: %s" % (out, error.strerror or error))
    try:
        _fill(work, model, name or out.name, form, profile, precision, records or default_records(precision),
              region_count, max_tokens)
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
        raise ExportError("%s: %s" % (out, error.strerror or error))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_replaceable(out, force):
    """Refuses to replace anything but an empty folder and, with `force`, a folder that is a bundle and no more."""
    if not out.exists():
        return
    if out.is_symlink() or not out.is_dir():
        raise ExportError("%s: exists and is not a folder" % out)
    found = {path.name for path in out.iterdir()}
    if not found:
        return
    if not force:
        raise ExportError("%s: exists and is not empty; --force replaces it if it is a bundle" % out)
    foreign = sorted(found - _names_of(out))
    if foreign:
        more = " and %d more" % (len(foreign) - 1) if len(foreign) > 1 else ""
        raise ExportError("%s: not replaced: %s%s in it is not part of a bundle" % (out, foreign[0], more))


def _names_of(folder):
    """The files of the bundle in `folder` by its manifest; none if it is no bundle."""
    try:
        manifest = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return set()
    files = manifest.get("files")
    return {"bundle.json", *(files if isinstance(files, dict) else ())}


def _fill(folder, model, name, form_name, profile, precision, records, region_count, max_tokens):
    form = build_form(model.system, model.scorer, form_name, region_count, max_tokens,
                      profile == "fast", precision, records).eval()
    graphs.write_all(model, form, folder, region_count, max_tokens)
    _write_json(folder / "vocabulary.json", {"words": model.vocabulary})
    np.savez(folder / "parity.npz", **parity.make(model, region_count, max_tokens))
    manifest = {
        "format": FORMAT,
        "name": name,
        "system": model.system,
        "variant": model.variant,
        "form": form_name,
        "profile": profile,
        "precision": precision,
        "exporter": {"version": __version__, "torch": str(torch.__version__), "opset": graphs.OPSET},
        "regions": {"count": region_count, "width": model.region_width},
        "tokens": {"max": max_tokens, **SPECIAL},
        "embedding": {"width": model.coarse.width, "source": model.coarse.source},
        "records": {
            "image": _fields(form.stored_fields("image")),
            "caption": _fields(form.stored_fields("caption")),
        },
        "graphs": {
            "textEncoder": {"file": graphs.TEXT_ENCODER},
            "imageEncoder": {"file": graphs.IMAGE_ENCODER},
            "textToImageScorer": {"file": graphs.TEXT_TO_IMAGE},
            "imageToTextScorer": {"file": graphs.IMAGE_TO_TEXT},
        },
        "vocabulary": {"file": "vocabulary.json", "size": len(model.vocabulary)},
        "parity": {"file": "parity.npz", "tolerance": parity.tolerance(precision, records)},
        "files": {path.name: _digest(path) for path in sorted(folder.iterdir())},
    }
    _write_json(folder / "bundle.json", manifest)


def _fields(fields):
    return [{"name": name, "type": kind, "shape": list(shape)} for name, kind, shape in fields]


def _digest(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
