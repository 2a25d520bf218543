"""The command line of train.py."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import torch

from .. import registry
from ..cli import read_config, seed
from ..command import Parser, exit_code, flag
from ..errors import ExportError
from ..reading import captions
from ..recipe import LOSSES, NEGATIVES, SCHEDULES, Recipe
from ..runs.devices import DEVICES, device, use_threads
from ..runs.state import discard
from . import checkpoint, data, options, starts
from .learner import PRECISIONS, Learner, precision
from .options import Options
from .train import WORK, Training

_CHOICES = {"loss": LOSSES, "negatives": NEGATIVES, "schedule": SCHEDULES}
_HELP = {
    "embed_size": "width of features", "word_size": "width of word embeddings", "loss": "of the training",
    "negatives": "of each item of a batch: the hardest, or all", "margin": "of the hinge", "epochs": "of the training",
    "batch": "pairs of a step", "rate": "learning rate of Adam",
    "schedule": "a tenth of the rate after every --update epochs, or an even fall to a tenth",
    "update": "see --schedule",
    "clip": "largest norm of the gradient", "easy_epochs": "at the beginning, with all negatives",
    "pretraining_epochs": "before, where the system has a pre-training", "pretraining_rate": "its learning rate",
    "max_tokens": "words of the longest caption, both markers included; 0 is the system's own limit",
    "least_count": "a word of the train captions is in the vocabulary if it occurs so often",
    "warm_up": "steps in which the rate grows, at the beginning of a stage",
    "patience": "measurements without a gain after which a stage ends; 0: never",
    "every": "steps between measurements on dev; 0: an epoch", "dev_images": "the first of dev, which are measured",
    "dev_captions": "of each of them, the first; 0: all",
    "negatives_drawn": "of all negatives, drawn for each item; 0: no drawing",
    "candidates": "the hardest is looked for among so many, found by a small embedding; 0: in the whole batch",
    "embedding_weight": "of that embedding's loss in the encoders",
    "regions_drawn": "of each image, anew in every step; 0: all",
    "pairs_together": "images 2k and 2k + 1 are in one batch", "standardise": "each channel of regions, in training",
    "seed": "of weights and batches", "save_every": "seconds between two writes of the state",
}


def parser() -> argparse.ArgumentParser:
    """The options. Those of the recipe have the system's defaults, the others those of `Options`."""
    p = Parser(prog="train.py", description="Trains a matching model on a precomputed split.")
    p.add_argument("--source", metavar="DIR", required=True, help="folder with {split}_ims.npy and {split}_caps.txt")
    p.add_argument("--split", default="train", help="the split to learn from")
    p.add_argument("--dev", default="dev", help="the split to measure on")
    p.add_argument("--out", metavar="DIR", required=True, help=f"folder for {checkpoint.NAME} and what belongs to it")
    p.add_argument("--force", action="store_true", help="replace files that are there already")
    p.add_argument("--restart", action="store_true", help="begin anew where an earlier run was stopped half-way")
    p.add_argument("--vocabulary", metavar="FILE",
                   help="JSON or a pickled vocab.Vocabulary; made of the split by default")
    p.add_argument("--from", dest="start", metavar="FILE", help="a checkpoint to start from, instead of new weights")
    p.add_argument("--config", metavar="FILE", help="options of that checkpoint as JSON; they override its own")
    p.add_argument("--system", choices=registry.names(), help=f"{registry.names()[0]} by default")
    for option in registry.options():
        p.add_argument(flag(option.name), choices=option.choices, type=option.kind,
                       help=option.default and f"{option.default} by default")
    p.add_argument("--device", choices=DEVICES, default=DEVICES[0])
    p.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0],
                   help="auto: mixed on a GPU that has bfloat16")
    p.add_argument("--threads", type=int, default=0, help="on a CPU; 0 leaves it to PyTorch")
    recipe = p.add_argument_group("the recipe: by default the system's")
    for field in fields(Recipe):
        recipe.add_argument(flag(field.name), type=field.type, choices=_CHOICES.get(field.name),
                            metavar=None if field.name in _CHOICES else "N", help=_HELP[field.name])
    other = p.add_argument_group("the rest")
    for field in fields(Options):
        if field.type is bool:
            other.add_argument(flag(field.name), action="store_true", help=_HELP[field.name])
        else:
            other.add_argument(flag(field.name), type=seed if field.name == "seed" else field.type, metavar="N",
                               default=field.default, help=f"{_HELP[field.name]} ({field.default})")
    return p


def run(arguments: argparse.Namespace) -> None:
    """Trains as the parsed `arguments` say."""
    use_threads(arguments.threads)
    out = Path(arguments.out)
    try:
        done = _is_done(out, arguments.force, arguments.restart)
    except OSError as error:
        raise ExportError(f"{error.filename or out}: {error.strerror or error}")
    captions.tokenizer()
    chosen = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    place = device(arguments.device)
    numeric = precision(arguments.precision, place)
    given = {field.name: getattr(arguments, field.name) for field in fields(Recipe)
             if getattr(arguments, field.name) is not None}
    own = {option.name: getattr(arguments, option.name) for option in registry.options()
           if getattr(arguments, option.name) is not None}
    if arguments.start and not arguments.vocabulary:
        raise ExportError("--from takes the --vocabulary of its checkpoint")
    split = data.read(arguments.source, arguments.split, arguments.dev, arguments.vocabulary, chosen)
    torch.manual_seed(chosen.seed)
    if arguments.start:
        beside = [name for name in ("system", "embed_size", "word_size") if getattr(arguments, name) is not None]
        for name in (*beside, *own):
            raise ExportError(f"{flag(name)} has no effect beside --from, whose checkpoint says it")
        start = starts.of_checkpoint(arguments.start, read_config(arguments.config), arguments.vocabulary, split, given)
    else:
        if arguments.config:
            raise ExportError("--config has no effect without --from")
        start = starts.new(arguments.system or registry.names()[0], own, split, given)
    options.check(start, chosen, given, split.train)
    try:
        out.mkdir(parents=True, exist_ok=True)
        training = Training(Learner(start, chosen, split.train, place, numeric), start, chosen, split, out)
        if not done:
            training.run()
        elif checkpoint.stamp_of(out) == training.stamp:
            print(f"{out / checkpoint.NAME}: the training is done; more epochs need --from")
        else:
            raise ExportError(f"{out / checkpoint.NAME}: exists, for the training is done; --force begins anew, --from goes on "
                              "from its weights")
    except OSError as error:
        raise ExportError(f"{error.filename or out}: {error.strerror or error}")


def _is_done(out: Path, force: bool, restart: bool) -> bool:
    """Whether `out` has the files of a training that was finished: they are replaced with `force` alone. One that was not
    goes on."""
    if out.exists() and not out.is_dir():
        raise ExportError(f"{out}: is no folder")
    if restart:
        discard(out / WORK, "training")
    return (out / checkpoint.NAME).exists() and not (out / WORK).exists() and not force


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 for what the user can mend."""
    arguments = parser().parse_args(argv)
    return exit_code(lambda: run(arguments), "interrupted; the same command goes on from here")
