#!/usr/bin/env python3
"""How far a model's explanations are to be believed: how often hiding the region (word) that is said to count most lowers
the score of a matching pair more than hiding a random other one; and how far gates open. As JSON."""

import argparse
import json
from pathlib import Path

import scene_evaluation  # noqa: F401  finds the exporter
import torch
from retrieval_exporter import model as exported
from scene_explanation import faithfulness, gates, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the split")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, help="the first images only")
    parser.add_argument("--checkpoint", type=Path, required=True,
                        help="folder with model.pth, or a training's model_best.pth.tar, and vocabulary.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names = ("model.pth", "model_best.pth.tar")
    path = next((arguments.checkpoint / name for name in names if (arguments.checkpoint / name).exists()), None)
    if path is None:
        raise SystemExit(f"{arguments.checkpoint}: has neither {' nor '.join(names)}")
    model = exported.from_checkpoint(path, vocabulary_path=arguments.checkpoint / "vocabulary.json")
    explainer = model.system.explainer()
    if explainer is None:
        raise SystemExit(f"{arguments.checkpoint}: {model.system.title or model.system.name} has no explainer")
    corpus = pairs.read(model, arguments.data, arguments.split, arguments.count)
    print(json.dumps({"pairs": len(corpus.captions), **faithfulness.measure(corpus, explainer),
                      "gates": gates.measure(corpus, explainer)}, indent=1))


if __name__ == "__main__":
    main()
