#!/usr/bin/env python3
"""Fits the two coarse heads on the frozen trunk of a trained checkpoint; writes coarse.npz."""

import argparse
from pathlib import Path

import torch

from scene_training.checkpoint import load
from scene_training.coarse import fit, pooled
from scene_training.data import Split, read_vocabulary


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the train split")
    parser.add_argument("--checkpoint", required=True, help="folder with model.pth and vocabulary.json")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = Path(arguments.checkpoint)
    train = Split(arguments.data, "train", read_vocabulary(folder / "vocabulary.json"))
    heads = fit(*pooled(load(folder / "model.pth"), train), arguments.width, arguments.steps)
    heads.save(folder / "coarse.npz")


if __name__ == "__main__":
    main()
