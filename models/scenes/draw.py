#!/usr/bin/env python3
"""Draws the scenes of a split as pictures, one WebP a scene, for people to look at. Needs numpy and Pillow."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from scene_corpus.corpus import read_scenes
from scene_corpus.rendering import render
from scene_corpus.sampling import SPLITS

QUALITY = 80


def draw(scene) -> Image.Image:
    return Image.fromarray(np.round(render(scene) * 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the split's scenes")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--out", required=True, help="folder to write to")
    arguments = parser.parse_args()
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    for scene in read_scenes(arguments.data, arguments.split):
        draw(scene).save(out / f"{scene.id}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
