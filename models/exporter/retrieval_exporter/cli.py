"""The command line of export.py."""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from . import model, registry, statistics
from .coarse import ForeignEmbedding, choice
from .command import Parser, exit_code, flag
from .errors import ExportError
from .settings import FORMS, PRECISIONS, PROFILES, RECORDS, Settings
from .system import Sizes
from .writing import bundle


# As the service reads them.
_MOST_TOKENS = 4096

# Of random weights, where the command line says nothing.
_RANDOM = {"system": registry.names()[0], "embed_size": 1024, "image_size": 2048, "word_size": 300,
           "vocabulary_size": 8485, "seed": 0}


def seed(text: str) -> int:
    """A seed that torch takes."""
    value = int(text)
    if not 0 <= value < 2**63:
        raise ValueError(text)
    return value


def region_range(text: str) -> tuple[int, int]:
    """A number of regions, "36", or a range, "10-100": the fewest and the most."""
    fewest, dash, most = text.partition("-")
    try:
        return int(fewest), int(most if dash else fewest)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of regions, and no range such as 10-100")


def weights(text: str) -> list[float]:
    """Numbers between commas."""
    return [float(part) for part in text.split(",")]


def parser() -> argparse.ArgumentParser:
    """The options; those that only some systems have come from the systems."""
    p = Parser(prog="export.py", description="Exports a matching model as a bundle.")
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", metavar="FILE", action="append",
                        help="a checkpoint in the published layout; several make an ensemble")
    source.add_argument("--random", action="store_true", help="random weights, for measurements")
    p.add_argument("--out", metavar="DIR", required=True, help="the bundle's folder")
    p.add_argument("--name", help="the bundle's name; the folder's by default")
    p.add_argument("--force", action="store_true", help="replace a bundle that is there already")
    p.add_argument("--form", choices=FORMS, default=FORMS[0])
    p.add_argument("--profile", choices=PROFILES, default=PROFILES[0])
    p.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0])
    p.add_argument("--records", choices=RECORDS, help="how records are stored; as the scorer computes by default")
    p.add_argument("--max-tokens", type=int, help="words of the longest caption, both markers included; the "
                   "system's own limit by default")
    p.add_argument("--statistics", metavar="FILE", help="features [N, R, W] of images that the model learned from or of dev, "
                   ".npy: an ingestion warns of features that are unlike them. By default what the checkpoint has")
    p.add_argument("--regions", type=region_range, default=(36, 36), metavar="N|N-M",
                   help="regions of an image, or the fewest and the most where images differ; 36 by default")
    p.add_argument("--no-explainer", dest="explainer", action="store_false",
                   help="leave out the graph that explains pairs, which repeats a scorer's weights")
    e = p.add_argument_group("the coarse embedding")
    e.add_argument("--coarse", metavar="FILE", help="trained slots or heads, .npz, or the checkpoint of another model")
    e.add_argument("--embedding", choices=choice.EMBEDDINGS,
                   help="without trained weights; slots by default where there is a vocabulary and the system has them")
    e.add_argument("--slots", type=int, help=f"of the embedding without trained weights, {choice.SLOTS} by default")
    e.add_argument("--slot-width", type=int, help=f"numbers a slot, {choice.SLOT_WIDTH} by default")
    c = p.add_argument_group("with --checkpoint")
    c.add_argument("--config", metavar="FILE", help="options as JSON; they override the checkpoint's")
    c.add_argument("--vocabulary", metavar="FILE", help="JSON or a pickled Vocabulary; without one the bundle takes token ids and no sentences")
    c.add_argument("--weights", metavar="W,W", type=weights,
                   help="of an ensemble's members, in the order of the checkpoints; equal by default")
    r = p.add_argument_group("with --random")
    r.add_argument("--system", choices=registry.names(), help=f"{_RANDOM['system']} by default")
    for option in registry.options():
        r.add_argument(flag(option.name), choices=option.choices, type=option.kind,
                       help=option.default and f"{option.default} by default")
    for name in ("embed_size", "image_size", "word_size", "vocabulary_size"):
        r.add_argument(flag(name), type=int, help=f"{_RANDOM[name]} by default")
    r.add_argument("--seed", type=seed, help="0 to 2^63 - 1")
    return p


def read_config(path: str | None) -> dict[str, Any] | None:
    """The options of a config file."""
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}")
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path}: not readable as JSON: {error}")
    if not isinstance(config, dict):
        raise ExportError(f"{path}: not an object with options")
    return config


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """How many threads share a sum decides how it is rounded, and with it the bundle's bytes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def refuse_without_effect(arguments: argparse.Namespace) -> None:
    """An option of the other of --checkpoint and --random is an error, for nothing would come of it."""
    of_random = (*_RANDOM, *(option.name for option in registry.options()))
    source, others = ("--random", ("config", "vocabulary")) if arguments.random else ("--checkpoint", of_random)
    for name in others:
        if getattr(arguments, name) is not None:
            raise ExportError(f"{flag(name)} has no effect with {source}")


def run(arguments: argparse.Namespace) -> None:
    """Exports as the parsed `arguments` say."""
    refuse_without_effect(arguments)
    if arguments.max_tokens is not None and not 3 <= arguments.max_tokens <= _MOST_TOKENS:
        raise ExportError(f"--max-tokens must be at least 3, the two markers and a word, and at most {_MOST_TOKENS}")
    fewest, most = arguments.regions
    if fewest < 1:
        raise ExportError("--regions must be at least 1")
    if most < fewest:
        raise ExportError(f"--regions is {fewest}-{most}, expected the fewest and then the most")
    wanted = choice.Choice(arguments.embedding, arguments.slots, arguments.slot_width)
    checkpoints = arguments.checkpoint or []
    if arguments.weights and len(checkpoints) < 2:
        raise ExportError("--weights has no effect without a second --checkpoint"
                          + (f" beside {checkpoints[0]}" if checkpoints else ""))
    if arguments.random:
        said = {name: default if getattr(arguments, name) is None else getattr(arguments, name)
                for name, default in _RANDOM.items()}
        sizes = Sizes(said["embed_size"], said["image_size"], said["word_size"], said["vocabulary_size"],
                      most)
        options = {option.name: getattr(arguments, option.name) for option in registry.options()
                   if getattr(arguments, option.name) is not None}
        built = model.random(said["system"], sizes, options, said["seed"], arguments.coarse, wanted)
    elif len(checkpoints) > 1:
        if arguments.config is not None:
            raise ExportError(f"{arguments.config}: --config is for one checkpoint, and there are {len(checkpoints)}")
        built = model.from_checkpoints(checkpoints, arguments.weights, arguments.vocabulary, arguments.coarse, wanted)
        print(built.system.described(), flush=True)
        if built.system.mixed:
            print(f"note: {built.system.mixed}", file=sys.stderr)
    else:
        built = model.from_checkpoint(checkpoints[0], read_config(arguments.config), arguments.vocabulary,
                                      arguments.coarse, wanted, lambda system: print(system.described(), flush=True))
    if isinstance(built.coarse, ForeignEmbedding):
        print(f"first stage: {built.coarse.described}")
    settings = Settings(arguments.form, arguments.profile, arguments.precision, arguments.records or "",
                        most, arguments.max_tokens or built.system.longest_caption, explainer=arguments.explainer,
                        fewest_regions=None if fewest == most else fewest)
    if arguments.statistics is not None:
        found = statistics.of_file(arguments.statistics)
        if len(found.mean) != built.system.region_width:
            raise ExportError(f"{arguments.statistics}: regions of {len(found.mean)} features, expected the "
                              f"{built.system.region_width} of the model")
        built = replace(built, features=found)
    bundle.write(built, arguments.out, settings, arguments.name, arguments.force)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 for what the user can mend."""
    arguments = parser().parse_args(argv)

    def export() -> None:
        with one_thread():
            run(arguments)
        print(f"wrote {arguments.out}")
        if arguments.explainer and len(set(arguments.regions)) > 1:
            print(f"{arguments.out} explains no pairs: explainers are for one number of regions")
        if arguments.checkpoint and not arguments.vocabulary:
            print(f"{arguments.out} reads no sentences: without --vocabulary its words are w4, w5, ... for the ids 4, 5, ...")

    return exit_code(export, "interrupted")
