"""Checkpoints in the published layout, under the option names of the authors' training scripts."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..reading import vocabulary
from ..reading.checkpoints import read
from ..recipe import Recipe
from ..runs.files import replace_file
from ..statistics import FeatureStatistics
from ..system import System

NAME = "model_best.pth.tar"

# Tells the training that wrote a checkpoint from others: as the stamp of its state.
_STAMP = "training_stamp"


def write(folder: Path, system: System, recipe: Recipe, epoch: int, step: int, rsum: float,
          features: FeatureStatistics, words: list[str],
          stamp: str) -> None:
    """Whole or not at all. The same weights and numbers give the same bytes."""
    states = [{name: tensor.detach().cpu().clone() for name, tensor in state.items()} for state in system.states()]
    options = _options(system, recipe)
    content = {"epoch": epoch, "model": states, "best_rsum": rsum, "opt": Namespace(**options), "Eiters": step,
               "features": features.entries(), vocabulary.ENTRY: vocabulary.digest(words), _STAMP: stamp}
    # To a file, not to a path: the name of the file would become part of its bytes.
    replace_file(folder / NAME, lambda file: torch.save(content, file))


def stamp_of(folder: Path) -> object:
    """The stamp of the training that wrote the checkpoint of `folder`, None where there is none."""
    return read(folder / NAME).get(_STAMP)


def _options(system: System, recipe: Recipe) -> Mapping[str, Any]:
    word_size = next(module.embedding_dim for module in system.words.modules() if isinstance(module, nn.Embedding))
    return {"img_dim": system.region_width, "embed_size": system.embed_size, "word_dim": word_size,
            "vocab_size": system.vocabulary_size, "num_layers": 1, "batch_size": recipe.batch,
            "num_epochs": recipe.epochs, "learning_rate": recipe.rate, "lr_update": recipe.update,
            "grad_clip": recipe.clip, "margin": recipe.margin, "max_violation": recipe.negatives == "hardest",
            **system.checkpoint_options()}
