"""What the frozen encoders say of a split, computed once: keys of regions and queries of words, in float16."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import ExportError
from ..reading.captions import padded
from ..reading.splits import Split
from ..runs.files import replace_file
from ..runs.progress import Progress
from ..system import System

_IMAGES = 128
_CAPTIONS = 256


@dataclass(frozen=True)
class Features:
    """`keys` [N, R, D'] of the regions, `queries` [W, D'] of the words of all captions one after the other; `offsets`
    and `lengths` [C] say which words are a caption's. The float16 arrays are in memory or mapped from disk."""

    keys: np.ndarray
    queries: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray
    captions_per_image: int

    @property
    def images(self) -> int:
        return len(self.keys)

    @property
    def captions(self) -> int:
        return len(self.lengths)

    def image_keys(self, images: np.ndarray, device: torch.device) -> Tensor:
        """Float32 [B, R, D'] of the images with these numbers."""
        return torch.from_numpy(self.keys[images]).to(device).float()

    def caption_queries(self, captions: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
        """Float32 [B, T, D'] of the captions with these numbers, zero behind the last word, and what is a word [B, T]."""
        lengths = self.lengths[captions]
        place = np.arange(lengths.max())
        mask = place < lengths[:, None]
        rows = np.where(mask, self.offsets[captions][:, None] + place, 0)
        queries = torch.from_numpy(self.queries[rows]).to(device).float()
        mask = torch.from_numpy(mask).to(device)
        return queries * mask.unsqueeze(-1), mask


def size(split: Split, ids: Sequence[np.ndarray], width: int) -> int:
    """Bytes of a split's features at `width` D'."""
    return 2 * width * (split.images * split.regions + sum(map(len, ids)))


def encode(system: System, split: Split, ids: Sequence[np.ndarray], folder: Path | None, stamp: str,
           device: torch.device, progress: Progress) -> Features:
    """Encodes a split, whose captions have the token `ids`. `folder`: where the arrays are mapped; None keeps them in
    memory. Arrays that an earlier run left there whole, under the same `stamp`, are used again."""
    maps = system.affinity()
    query_map, key_map = (x.float().to(device) for x in maps)
    lengths = np.array([len(row) for row in ids], np.int64)
    shapes = {"keys": (split.images, split.regions, key_map.shape[1]),
              "queries": (int(lengths.sum()), query_map.shape[1])}
    offsets = np.cumsum(lengths) - lengths
    arrays = _kept(folder, split.name, stamp, shapes)
    if arrays is None:
        arrays = {name: _array(folder, split.name, name, shape) for name, shape in shapes.items()}
        with torch.no_grad():
            _encode_images(system, split, key_map, arrays["keys"], device, progress)
            _encode_captions(system, split, ids, query_map, arrays["queries"], offsets, device, progress)
        _keep(folder, split.name, stamp, arrays)
    return Features(arrays["keys"], arrays["queries"], offsets, lengths, split.captions_per_image)


def _encode_images(system: System, split: Split, key_map: Tensor, keys: np.ndarray, device: torch.device,
                   progress: Progress) -> None:
    for first in range(0, split.images, _IMAGES):
        rows = np.arange(first, min(first + _IMAGES, split.images))
        v = system.regions(torch.from_numpy(split.features(rows)).to(device))
        keys[rows] = _narrow(v @ key_map, f"{split.image_file}: the keys of images {first} to {rows[-1]}")
        progress.tick(f"{split.name}: images encoded", int(rows[-1]) + 1, split.images)


def _encode_captions(system: System, split: Split, ids: Sequence[np.ndarray], query_map: Tensor, queries: np.ndarray,
                     offsets: np.ndarray, device: torch.device, progress: Progress) -> None:
    # Captions of like length together: less padding.
    order = np.argsort([len(row) for row in ids], kind="stable")
    for first in range(0, len(order), _CAPTIONS):
        chosen = order[first:first + _CAPTIONS]
        table, lengths = padded([ids[c] for c in chosen])
        w = system.words(torch.from_numpy(table).to(device), torch.from_numpy(lengths).to(device))
        q = _narrow(w @ query_map, f"{split.caption_file}: the queries of some captions")
        for row, c in enumerate(chosen):
            queries[offsets[c]:offsets[c] + lengths[row]] = q[row, :lengths[row]]
        progress.tick(f"{split.name}: captions encoded", first + len(chosen), len(order))


def _narrow(x: Tensor, what: str) -> np.ndarray:
    narrow = x.half().cpu().numpy()
    if not np.isfinite(narrow).all():
        raise ExportError(f"{what} are not finite in float16")
    return narrow


def _array(folder: Path | None, split: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if folder is None:
        return np.empty(shape, np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    return np.lib.format.open_memmap(folder / f"{split}_{name}.npy", "w+", np.float16, shape)


def _kept(folder: Path | None, split: str, stamp: str, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray] | None:
    """The arrays in `folder` if they are whole and of this fit."""
    if folder is None:
        return None
    try:
        if json.loads((folder / f"{split}.json").read_text(encoding="utf-8")) != {"stamp": stamp}:
            return None
        arrays = {name: np.load(folder / f"{split}_{name}.npy", mmap_mode="r") for name in shapes}
    except (OSError, ValueError, EOFError):
        return None
    return arrays if all(arrays[name].shape == shape for name, shape in shapes.items()) else None


def _keep(folder: Path | None, split: str, stamp: str, arrays: dict[str, np.ndarray]) -> None:
    """Says that the arrays are whole, once they are on disk."""
    if folder is None:
        return
    for array in arrays.values():
        array.flush()
    replace_file(folder / f"{split}.json", lambda file: file.write(json.dumps({"stamp": stamp}).encode()))
