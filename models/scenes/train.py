#!/usr/bin/env python3
"""Trains CAMP (`gate_fusion_new`) on the scene corpus; keeps the best state by dev R@1.

Three kinds of stages: the cross attention alone (`align`), binary cross-entropy over random negatives
(`all`), then the paper's hardest negative (`hardest`), looked for among the candidates of a coarse
model that is trained alongside.
"""

import argparse
import time
from pathlib import Path

import torch

from scene_training.alignment import start_gates
from scene_training.checkpoint import Model, load, options
from scene_training.coarse import Heads, fit, pooled
from scene_training.data import Split, read_vocabulary, write_vocabulary
from scene_training.retrieval import quick_recall
from scene_training.stages import Stepper, parse_stages, rate_at


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with train and dev")
    parser.add_argument("--out", required=True, help="folder for model.pth, last.pth and vocabulary.json")
    parser.add_argument("--stages", required=True, type=parse_stages,
                        help="loss:batch:steps:learning rate:regions, one after the other, by commas")
    parser.add_argument("--negatives", type=int, default=10, help="per item, in stages of loss `all`")
    parser.add_argument("--candidates", type=int, default=6, help="per item, in stages of loss `hardest`")
    parser.add_argument("--coarse-weight", type=float, default=0.0,
                        help="weight of the coarse model's loss in the encoders; 0 keeps it out of them")
    parser.add_argument("--stop-at", type=int, help="end after this many steps, whatever the stages say")
    parser.add_argument("--resume", help="checkpoint to start from, its vocabulary beside it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=500, help="steps between dev measurements")
    return parser.parse_args()


def main():
    arguments = parse()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    known = read_vocabulary(Path(arguments.resume).with_name("vocabulary.json")) if arguments.resume else None
    train = Split(arguments.data, "train", known)
    dev = Split(arguments.data, "dev", train.word2idx, 300)
    write_vocabulary(out / "vocabulary.json", train.word2idx)
    model = load(arguments.resume) if arguments.resume else Model(
        options(train.features.shape[-1], len(train.word2idx)))
    model.standardise(train.features[:1000], keep_function=bool(arguments.resume))
    heads = fit(*pooled(model, train), 128, 1000) if arguments.coarse_weight else Heads(model.opt.embed_size, 64)
    stepper = Stepper(model, heads, arguments.negatives, arguments.candidates, arguments.coarse_weight,
                      torch.Generator().manual_seed(arguments.seed))
    run(stepper, train, dev, out, arguments)


def run(stepper, train, dev, out, arguments):
    """All stages; measures and saves every so often."""
    model, start, step, best, before = stepper.model, time.time(), 0, -1.0, None
    for stage in arguments.stages:
        if before == "align" and stage.loss != "align":
            start_gates(model.scorer)
        before, total = stage.loss, 0.0
        optimiser = torch.optim.Adam(model.parameters(), lr=stage.rate)
        for k in range(stage.steps):
            optimiser.param_groups[0]["lr"] = rate_at(stage, k)
            total += stepper.step(stage, train, optimiser)
            step += 1
            if step % 100 == 0:
                print(f"{stage.loss} step {step} loss {total / 100:.4f} {time.time() - start:.0f} s", flush=True)
                total = 0.0
            if step % arguments.every == 0 or k == stage.steps - 1 or step == arguments.stop_at:
                recall = quick_recall(model, dev, aligned=stage.loss == "align")
                print(f"step {step} dev {recall} {time.time() - start:.0f} s", flush=True)
                model.save(out / "last.pth", step)
                if stage.loss != "align" and recall["r1"] > best:
                    best = recall["r1"]
                    model.save(out / "model.pth", step)
            if step == arguments.stop_at:
                return


if __name__ == "__main__":
    main()
