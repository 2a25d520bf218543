#!/usr/bin/env python3
"""Writes what is known of each scene of a split as metadata by id, to filter by. Needs numpy."""

import argparse
import json
from collections import Counter
from pathlib import Path

from scene_corpus.corpus import read_scenes
from scene_corpus.sampling import SPLITS


def describe(scene) -> dict:
    """How many objects there are, how many colours, the commonest shape if there is one, the background, and whether it has a twin."""
    shapes = Counter(thing.shape for thing in scene.objects).most_common(2)
    return {
        "objects": len(scene.objects),
        "colours": len({thing.colour for thing in scene.objects}),
        "background": scene.background,
        **({"mostly": shapes[0][0]} if len(shapes) == 1 or shapes[0][1] > shapes[1][1] else {}),
        "twin": scene.hard_negative_of is not None,
    }


def lines(scenes):
    return [json.dumps({"id": scene.id, "metadata": describe(scene)}, separators=(",", ":")) for scene in scenes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the split's scenes")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--out", required=True, help="file to write")
    arguments = parser.parse_args()
    Path(arguments.out).write_text("\n".join(lines(read_scenes(arguments.data, arguments.split))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
