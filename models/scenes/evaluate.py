#!/usr/bin/env python3
"""Scores every image with every caption of a split: recalls, shortlists, hard negatives, as JSON."""

import argparse
import json
import sys
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch

from scene_corpus.corpus import read_scenes
from scene_training.checkpoint import load
from scene_training.coarse import Heads, pooled
from scene_training.data import Split, read_vocabulary
from scene_training.metrics import recalls, shortlisted, twin_accuracy
from scene_training.pairs import score_all, take
from scene_training.retrieval import encode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the split")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, help="the first images only")
    parser.add_argument("--checkpoint", required=True, help="folder with model.pth, vocabulary.json, coarse.npz")
    parser.add_argument("--coarse-only", action="store_true")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(arguments.checkpoint)
    split = Split(arguments.data, arguments.split, read_vocabulary(folder / "vocabulary.json"), arguments.count)
    model = load(folder / "model.pth")
    with torch.no_grad():
        coarse = Heads.load(folder / "coarse.npz").scores(*pooled(model, split)).numpy()
        full = coarse if arguments.coarse_only else score_split(model, split, arguments.workers)
    print(json.dumps(report(coarse, full, split, read_scenes(arguments.data, arguments.split)), indent=1))


def score_split(model, split, workers):
    """Full scores [N, 5N]; a sample of them compared with the published module."""
    start = time.time()
    images, captions = encode(model, split)
    with Pool(workers, _share, (model.scorer, images, captions)) as pool:
        scores = np.concatenate(pool.map(_score_rows, torch.arange(len(split)).split(10), chunksize=1))
    seconds = time.time() - start
    sample = torch.Generator().manual_seed(0)
    i = torch.randint(len(split), (500,), generator=sample)
    c = torch.randint(len(split.ids), (500,), generator=sample)
    published = model.scorer.logits(images.v[i], captions.w[c], split.lengths[c]).numpy()
    print(f"# {scores.size} pairs in {seconds:.0f} s; largest difference of 500 logits from the published form: "
          f"{np.abs(published - scores[i, c]).max():.1e}", file=sys.stderr)
    return scores


def _share(*parts):
    global _parts
    torch.set_num_threads(1)
    _parts = parts


def _score_rows(rows):
    scorer, images, captions = _parts
    with torch.no_grad():
        return score_all(scorer, take(images, rows), captions).numpy()


def report(coarse, full, split, scenes):
    twin = split.twin.numpy()
    kinds = np.array([scene.swap["attribute"] if scene.swap else "" for scene in scenes[:len(twin)]])
    table = {"coarse": recalls(coarse), "full": recalls(full), "images": len(twin), "in_pairs": int((twin >= 0).sum())}
    for size in (50, 100, 200, 500):
        for name, (recall, kept) in shortlisted(coarse, full, size).items():
            table.setdefault(f"rerank {size}", {})[name] = {"recall": recall, "full top-10 kept": kept}
    for stage, scores in (("coarse", coarse), ("full", full)):
        table[f"twins {stage}"] = {"all": twin_accuracy(scores, twin)}
        for kind in ("colour", "material", "position"):
            table[f"twins {stage}"][kind] = twin_accuracy(scores, twin, kinds, kind)
    return table


if __name__ == "__main__":
    main()
