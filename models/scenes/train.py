#!/usr/bin/env python3
"""Trains CAMP (`gate_fusion_new`) on the scene corpus; keeps the best state by dev R@1.

Three stages: the cross attention alone (`align`), binary cross-entropy over random negatives (`all`),
then the paper's hardest negative (`hardest`), looked for among the candidates of a coarse model that
is trained alongside.
"""

import argparse
import time
from pathlib import Path

import torch

from scene_training.alignment import alignment_loss, start_gates
from scene_training.checkpoint import Model, load, options
from scene_training.coarse import Heads, contrast, fit, pooled
from scene_training.data import Split, read_vocabulary, write_vocabulary
from scene_training.losses import all_negatives, hardest_negatives
from scene_training.pairs import caption_side, image_side
from scene_training.retrieval import quick_recall


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with train and dev")
    parser.add_argument("--out", required=True, help="folder for model.pth and vocabulary.json")
    parser.add_argument("--stages", default="all:64:2000:1e-3:20,hardest:96:6000:1e-3:24",
                        help="loss:batch:steps:learning rate:regions, one after the other")
    parser.add_argument("--negatives", type=int, default=10, help="per item, in stages of loss `all`")
    parser.add_argument("--candidates", type=int, default=6, help="per item, in stages of loss `hardest`")
    parser.add_argument("--coarse-weight", type=float, default=0.0,
                        help="weight of the coarse model's loss in the encoders; 0 keeps it out of them")
    parser.add_argument("--stop-at", type=int, help="end after this many steps, whatever the stages say")
    parser.add_argument("--resume", help="checkpoint to start from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=500, help="steps between dev measurements")
    return parser.parse_args()


def main():
    arguments = parse()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    generator = torch.Generator().manual_seed(arguments.seed)
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    known = read_vocabulary(out / "vocabulary.json") if arguments.resume else None
    train = Split(arguments.data, "train", known)
    dev = Split(arguments.data, "dev", train.word2idx, 300)
    write_vocabulary(out / "vocabulary.json", train.word2idx)
    model = load(arguments.resume) if arguments.resume else Model(
        options(train.features.shape[-1], len(train.word2idx)))
    fold_into_standardised(model, train) if arguments.resume else model.standardise(train.features[:1000])
    heads = (fit(*pooled(model, train), 128, 1000) if arguments.coarse_weight else
             Heads(model.opt.embed_size, 64))
    miner = torch.optim.Adam(heads.parameters(), lr=1e-3)
    start, step, best, before = time.time(), 0, -1.0, None
    for stage in arguments.stages.split(","):
        name, batch, steps, rate, regions = stage.split(":")
        steps, rate, regions = int(steps), float(rate), int(regions)
        optimiser = torch.optim.Adam(model.parameters(), lr=rate)
        total = 0.0
        if before == "align" and name != "align":
            start_gates(model.scorer)
        before = name
        for k in range(steps):
            # A short warm-up, then a fall to a fifth of the stage's rate.
            optimiser.param_groups[0]["lr"] = rate * min(1.0, (k + 1) / 100) * (1 - 0.8 * k / steps)
            features, ids, lengths = train.batch(int(batch), regions, generator)
            v, w = model.regions(features), model.text(ids, lengths)
            means = v.mean(dim=1), w.sum(dim=1) / lengths.unsqueeze(1)
            near = heads.scores(*(means if arguments.coarse_weight else (x.detach() for x in means)))
            loss = stage_loss(name, model.scorer, v, w, lengths, near.detach(), arguments, generator)
            optimiser.zero_grad()
            miner.zero_grad()
            (loss + (arguments.coarse_weight or 1.0) * contrast(near)).backward()
            miner.step()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            total += float(loss)
            step += 1
            if step % 100 == 0:
                print(f"{name} step {step} loss {total / 100:.4f} {time.time() - start:.0f} s", flush=True)
                total = 0.0
            if step % arguments.every == 0 or k == steps - 1:
                recall = quick_recall(model, dev, aligned=name == "align")
                print(f"step {step} dev {recall} {time.time() - start:.0f} s", flush=True)
                model.save(out / "last.pth", step)
                if name != "align" and recall["r1"] > best:
                    best = recall["r1"]
                    model.save(out / "model.pth", step)
            if step == arguments.stop_at:
                return


def stage_loss(name, scorer, v, w, lengths, near, arguments, generator):
    """The loss of a stage on n regions, n captions and their coarse scores `near [n, n]`."""
    if name == "align":
        return alignment_loss(scorer, v, w, lengths)
    images, captions = image_side(scorer, v), caption_side(scorer, w, lengths)
    if name == "all":
        return all_negatives(scorer, images, captions, arguments.negatives, generator)
    return hardest_negatives(scorer, images, captions, near, arguments.candidates)


def fold_into_standardised(model, train):
    """Takes a saved (raw-feature) encoder back to standardised inputs, which train better."""
    model.standardise(train.features[:1000])
    with torch.no_grad():
        model.image.fc.bias += model.image.fc.weight @ model.mean
        model.image.fc.weight *= model.scale


if __name__ == "__main__":
    main()
