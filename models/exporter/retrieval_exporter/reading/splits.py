"""A precomputed split in the published format: `{split}_ims.npy` and `{split}_caps.txt`, read as the service reads them."""

import re
import zipfile
from pathlib import Path

import numpy as np

from ..errors import ExportError
from .arrays import fault

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_USUAL_CAPTIONS = 5
_GROUPS_TRIED = 8


class Split:
    """`images` images of `regions` regions [R, W], mapped from the file, and their `captions`: those of an image are
    consecutive, `captions_per_image` of each. Files that store an image once per caption are recognised."""

    def __init__(self, folder: Path | str, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise ExportError(f"{name!r} is no name of a split: expected up to 64 letters, digits, '.', '_' or '-', "
                              "beginning with a letter or digit")
        self.name = name
        self.image_file = Path(folder) / f"{name}_ims.npy"
        self.caption_file = Path(folder) / f"{name}_caps.txt"
        self._rows = open_features(self.image_file)
        self.captions = _read_captions(self.caption_file)
        self._rows_per_image, self.captions_per_image = self._layout()
        self.images = len(self._rows) // self._rows_per_image
        self.regions, self.width = self._rows.shape[1:]

    def features(self, images: np.ndarray) -> np.ndarray:
        """Float32 [B, R, W] of the images with these numbers. A value that is not finite is an `ExportError`, and so is an
        image that is not repeated as the others are."""
        firsts = images * self._rows_per_image
        x = finite_features(self._rows, firsts, self.image_file, images)
        for n in range(1, self._rows_per_image):
            differs = (np.asarray(self._rows[firsts + n], np.float32) != x).any(axis=(1, 2))
            if differs.any():
                first = int(firsts[differs][0])
                raise ExportError(f"{self.image_file}: row {first + n} differs from row {first}, expected the same image "
                                  f"{self._rows_per_image} times in a row")
        return x

    def stamp(self) -> list[object]:
        """Tells this split from another: the files' names, sizes and times of change."""
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns]
                for path in (self.image_file, self.caption_file)]

    def _layout(self) -> tuple[int, int]:
        """(rows an image, captions an image)."""
        rows, lines = len(self._rows), len(self.captions)
        if lines == rows:
            repeated = rows % _USUAL_CAPTIONS == 0 and _repeated(self._rows, _USUAL_CAPTIONS)
            return (_USUAL_CAPTIONS, _USUAL_CAPTIONS) if repeated else (1, 1)
        if lines % rows:
            raise ExportError(f"{self.caption_file}: {lines} captions for the {rows} images of "
                              f"{self.image_file.name}, expected a multiple of the images")
        return 1, lines // rows


def finite_features(rows: np.ndarray, chosen: np.ndarray, path: Path | str, images: np.ndarray | None = None) -> np.ndarray:
    """Float32 [B, R, W] of the `chosen` rows of a file. A value that is not finite is an `ExportError`, which calls the
    rows by the numbers of their `images`."""
    x = np.asarray(rows[chosen], np.float32)
    if not np.isfinite(x).all():
        row, region, value = (int(n) for n in np.argwhere(~np.isfinite(x))[0])
        image = int((chosen if images is None else images)[row])
        raise ExportError(f"{path}: feature {value} of region {region} of image {image} is {x[row, region, value]}, "
                          "expected a finite number")
    return x


def open_features(path: Path) -> np.ndarray:
    """An .npy of floating-point numbers [N, R, W], mapped."""
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ExportError(f"{path}: no such file, expected an .npy of features")
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path}: not readable as an .npy of plain numbers: {fault(error)}")
    if not isinstance(rows, np.ndarray) or rows.dtype.kind != "f" or rows.ndim != 3:
        raise ExportError(f"{path}: expected floating-point numbers [images, regions, features]")
    if 0 in rows.shape:
        raise ExportError(f"{path}: shape {list(rows.shape)}, expected at least one image, region and feature")
    return rows


def _read_captions(path: Path) -> list[str]:
    """The file's lines without the white space at their ends."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ExportError(f"{path}: no such file, but captions are needed")
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}")
    except UnicodeDecodeError as error:
        raise ExportError(f"{path}: not UTF-8: {error.reason} at byte {error.start}")
    lines = [line.strip() for line in text.split("\n")]
    if text.endswith("\n") or not text:
        del lines[-1]
    if not lines:
        raise ExportError(f"{path}: no captions, expected at least one an image")
    for number, line in enumerate(lines, 1):
        if not line:
            raise ExportError(f"{path}: line {number} is blank, expected a caption")
    return lines


def _repeated(rows: np.ndarray, times: int) -> bool:
    """Whether most of a few groups of rows spread over the file hold one image each, as the service decides it."""
    groups = len(rows) // times
    tried = min(groups, _GROUPS_TRIED)
    firsts = [groups * i // tried * times for i in range(tried)]
    same = sum(all(np.array_equal(rows[first], rows[first + n]) for n in range(1, times)) for first in firsts)
    return same * 2 > tried
