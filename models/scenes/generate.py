#!/usr/bin/env python3
"""Generates one split of the scene corpus: features, captions, boxes, scenes. Needs numpy alone."""

import argparse

from scene_corpus.corpus import SEED, write_split
from scene_corpus.sampling import SPLITS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--count", type=int, required=True, help="images, five captions each")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", required=True, help="folder to write to")
    parser.add_argument("--workers", type=int, default=1, help="processes; the output does not depend on it")
    arguments = parser.parse_args()
    write_split(arguments.split, arguments.count, arguments.seed, arguments.out, arguments.workers)


if __name__ == "__main__":
    main()
