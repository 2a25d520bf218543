#!/usr/bin/env python3
"""Recalls of a split by the coarse stage, and from shortlists by the scorer's order and by both stages'; hard
negatives; as JSON. With --full every image is scored with every caption."""

import argparse
import json
import sys
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch

from scene_corpus.captions import CAPTIONS
from scene_evaluation.data import encode, twins
from scene_evaluation.metrics import recalls, shortlisted, twin_accuracy
from retrieval_exporter import model as exported
from retrieval_exporter.pairs import Pairs

SHORTLISTS = (10, 20, 50, 100, 200)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the split")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, help="the first images only")
    parser.add_argument("--checkpoint", required=True, help="folder with model.pth, vocabulary.json")
    parser.add_argument("--coarse", help="the coarse file; the checkpoint folder's coarse.npz by default")
    parser.add_argument("--full", action="store_true", help="score all pairs, not just those in a shortlist")
    parser.add_argument("--scores",
                        help="file with the scores, .npy, NaN where there is none: read, completed, written")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(arguments.checkpoint)
    model = exported.from_checkpoint(folder / "model.pth", vocabulary_path=folder / "vocabulary.json",
                                     coarse_path=arguments.coarse or folder / "coarse.npz")
    encoded = encode(model, arguments.data, arguments.split, arguments.count)
    twin, kinds = twins(arguments.data, arguments.split, len(encoded.v))
    coarse = (encoded.images @ encoded.captions.t()).numpy()
    full = scores_of(model.system, encoded, wanted(coarse, twin, arguments.full), arguments)
    print(json.dumps(report(coarse, full, model.ranking, twin, kinds), indent=1))


def wanted(coarse, twin, full):
    """[N, 5N], which pairs are to be scored: the longest shortlists of both directions, own pairs, hard negatives."""
    if full:
        return np.ones(coarse.shape, bool)
    found = np.zeros(coarse.shape, bool)
    for axis in (0, 1):
        size = min(max(SHORTLISTS), coarse.shape[axis])
        near = np.argpartition(-coarse, size - 1, axis=axis).take(range(size), axis=axis)
        np.put_along_axis(found, near, True, axis=axis)
    images = np.arange(len(coarse))
    for own, other in ((images, images), (images, twin)):
        for k in range(CAPTIONS):
            found[own[other >= 0], other[other >= 0] * CAPTIONS + k] = True
    return found


def scores_of(system, encoded, pairs, arguments):
    """Logits [N, 5N], NaN where a pair is neither in `pairs` nor in the file."""
    path = Path(arguments.scores) if arguments.scores else None
    full = np.load(path) if path and path.exists() else np.full(pairs.shape, np.nan, np.float32)
    if full.shape != pairs.shape:
        raise SystemExit(f"{path}: scores of {full.shape}, expected {pairs.shape}")
    i, c = np.nonzero(pairs & np.isnan(full))
    if len(i):
        full[i, c] = score(system, encoded, torch.from_numpy(i), torch.from_numpy(c), arguments.workers)
        if path:
            np.save(path, full)
    return full


def score(system, encoded, i, c, workers):
    """Logits of the pairs (i, c), by the way training scores them; a sample compared with the published module."""
    start = time.time()
    sides = encoded.v, encoded.w, encoded.lengths
    with torch.no_grad():
        pairs = system.pairs(*sides)
    with Pool(workers, _share, (pairs, i, c)) as pool:
        scores = np.concatenate(pool.map(_score_rows, torch.arange(len(i)).split(5000), chunksize=1))
    seconds = time.time() - start
    sample = torch.randint(len(i), (500,), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        published = Pairs(system, *sides).chosen(i[sample], c[sample]).numpy()
    print(f"# {len(i)} pairs in {seconds:.0f} s; largest difference of 500 logits from the published form: "
          f"{np.abs(published - scores[sample.numpy()]).max():.1e}", file=sys.stderr)
    return scores


def _share(*parts):
    global _parts
    torch.set_num_threads(1)
    _parts = parts


def _score_rows(rows):
    pairs, i, c = _parts
    with torch.no_grad():
        return pairs.chosen(i[rows], c[rows]).numpy()


def report(coarse, full, ranking, twin, kinds):
    """`full` are logits, so the ranking's transform is done already. Without all of them some of the tables are left
    out."""
    weights = ranking.coarse_weight if ranking else (0.0, 0.0)
    table = {"images": len(twin), "in_pairs": int((twin >= 0).sum())}
    if ranking:
        table["ranking"] = ranking.manifest()
    table["coarse"] = recalls(coarse)
    sizes = {*SHORTLISTS, *(size for size in (ranking.shortlist if ranking else ()) if size <= max(SHORTLISTS))}
    for size in sorted(sizes):
        table[f"rerank {size}"] = shortlisted(coarse, full, size, weights)
    both = [full + weight * coarse for weight in weights]
    if not np.isnan(full).any():
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
