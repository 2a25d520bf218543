#!/usr/bin/env python3
"""Scores every image with every caption of a split: recalls by the scorer's order and by both stages', shortlists, hard
negatives, as JSON."""

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
from scene_training.data import Split, read_vocabulary
from scene_training.metrics import recalls, shortlisted, twin_accuracy
from scene_training.pairs import score_all, take
from scene_training.retrieval import embed, encode

SHORTLISTS = (10, 20, 50, 100, 200)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the split")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, help="the first images only")
    parser.add_argument("--checkpoint", required=True, help="folder with model.pth, vocabulary.json")
    parser.add_argument("--coarse", help="the coarse file; the checkpoint folder's coarse.npz by default")
    parser.add_argument("--scores", help="file with the scores of all pairs, .npy: written if it is not there")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(arguments.checkpoint)
    split = Split(arguments.data, arguments.split, read_vocabulary(folder / "vocabulary.json"), arguments.count)
    model = load(folder / "model.pth")
    images, captions, ranking = embed(folder, arguments.coarse or folder / "coarse.npz", split)
    full = scores_of(model, split, arguments)
    print(json.dumps(report((images @ captions.t()).numpy(), full, ranking, split,
                            read_scenes(arguments.data, arguments.split)), indent=1))


def scores_of(model, split, arguments):
    """Logits [N, 5N], from the file if there is one."""
    if arguments.scores and Path(arguments.scores).exists():
        full = np.load(arguments.scores)
        if full.shape != (len(split), len(split.ids)):
            raise SystemExit(f"{arguments.scores}: scores {full.shape}, expected {(len(split), len(split.ids))}")
        return full
    full = score_split(model, split, arguments.workers)
    if arguments.scores:
        np.save(arguments.scores, full)
    return full


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
    published = model.scorer.logits(images.v[i], captions.w[c], split.lengths[c]).detach().numpy()
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


def report(coarse, full, ranking, split, scenes):
    """`full` are logits, so the ranking's transform is done already."""
    twin = split.twin.numpy()
    kinds = np.array([scene.swap["attribute"] if scene.swap else "" for scene in scenes[:len(twin)]])
    weights = ranking.coarse_weight if ranking else (0.0, 0.0)
    table = {"images": len(twin), "in_pairs": int((twin >= 0).sum())}
    if ranking:
        table["ranking"] = ranking.manifest()
    table["coarse"] = recalls(coarse)
    for size in sorted({*SHORTLISTS, *(ranking.shortlist if ranking else ())}):
        table[f"rerank {size}"] = shortlisted(coarse, full, size, weights)
    both = [full + weight * coarse for weight in weights]
    table["full"] = {name: {"score": recalls(full)[name], "both": recalls(scores)[name]}
                     for name, scores in zip(("t2i", "i2t"), both)}
    for stage, scores in (("coarse", coarse), ("full", full)):
        table[f"twins {stage}"] = _twins(scores, scores, twin, kinds)
    table["twins both"] = _twins(*both, twin, kinds)
    return table


def _twins(to_image, to_caption, twin, kinds):
    """`to_image` orders images for a caption, `to_caption` captions for an image."""
    return {kind or "all": {"t2i": twin_accuracy(to_image, twin, kinds, kind)["t2i"],
                            "i2t": twin_accuracy(to_caption, twin, kinds, kind)["i2t"]}
            for kind in (None, "colour", "material", "position")}


if __name__ == "__main__":
    main()
