"""Writes and reads a split in the convention of SCAN and CAMP: `<split>_ims.npy`, `<split>_caps.txt`.

- `<split>_ims.npy` float16 [N, 36, WIDTH], C order; `<split>_boxes.npy` float16 [N, 36, 4], x1 y1 x2 y2 in 0..1;
- `<split>_caps.txt` five consecutive lines an image; `<split>_ids.txt` one id an image;
- `<split>_scenes.jsonl` one renderable scene a line; `hardNegativeOf` names the twin, `swap` what differs.
"""

import json
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from .captions import captions
from .features import region_features
from .proposals import propose
from .rendering import render
from .sampling import Scene, sample_split

SEED = 20190811


def observe(scene):
    """What a detector would hand over: float16 features [36, WIDTH] and boxes [36, 4]."""
    # Features are measured on the boxes as they are written, rounded to float16.
    boxes = propose(scene).astype(np.float16)
    return region_features(render(scene), boxes.astype(np.float64)).astype(np.float16), boxes


def write_split(split, count, seed, out, workers=1):
    scenes = sample_split(split, count, seed)
    if workers > 1:
        with Pool(workers) as pool:
            observed = pool.map(observe, scenes, chunksize=32)
    else:
        observed = [observe(scene) for scene in scenes]
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / f"{split}_ims.npy", np.stack([features for features, _ in observed]))
    np.save(out / f"{split}_boxes.npy", np.stack([boxes for _, boxes in observed]))
    _lines(out / f"{split}_caps.txt", (text for scene in scenes for text in captions(scene)))
    _lines(out / f"{split}_ids.txt", (scene.id for scene in scenes))
    _lines(out / f"{split}_scenes.jsonl", (json.dumps(scene.to_json(), separators=(",", ":")) for scene in scenes))


def read_scenes(folder, split):
    return [Scene.from_json(json.loads(line)) for line in _read(folder, f"{split}_scenes.jsonl")]


def read_captions(folder, split):
    return _read(folder, f"{split}_caps.txt")


def read_features(folder, split):
    return np.load(Path(folder) / f"{split}_ims.npy", mmap_mode="r")


def _read(folder, name):
    return (Path(folder) / name).read_text(encoding="utf-8").splitlines()


def _lines(path, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)
