"""The command line of fit_coarse.py."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from ..cli import read_config, seed
from ..command import Parser, exit_code, flag
from ..errors import ExportError
from ..runs.devices import DEVICES, device, use_threads
from .fit import Fit
from .options import Options

_HELP = {
    "slots": "of the embedding",
    "slot_width": "numbers of a slot; the embedding has slots x slot-width",
    "max_tokens": "words of the longest caption, both markers included; 0 is the system's own limit",
    "steps": "of the first round",
    "second_steps": "of the second round, in which the scorer orders the negatives; 0 leaves it out",
    "batch": "pairs of a step",
    "rate": "largest learning rate",
    "scored_pairs": "pairs that the scorer scores for the second round",
    "dev_queries": "queries a direction that the order of hits is fitted on",
    "dev_shortlist": "the longest shortlist tried",
    "memory": "MiB of features that are kept in memory; more are mapped from a file beside --out",
    "seed": "of batches",
}


def parser() -> argparse.ArgumentParser:
    """The options, with the defaults of `Options`."""
    p = Parser(prog="fit_coarse.py", description="Fits the coarse embedding of a checkpoint, and the "
                                "order of hits by both stages, to a precomputed split.")
    p.add_argument("--checkpoint", metavar="FILE", required=True, help="a checkpoint in the published layout")
    p.add_argument("--config", metavar="FILE", help="options as JSON; they override the checkpoint's")
    p.add_argument("--vocabulary", metavar="FILE", required=True, help="JSON or a pickled Vocabulary")
    p.add_argument("--source", metavar="DIR", required=True, help="folder with {split}_ims.npy and {split}_caps.txt")
    p.add_argument("--split", default="train", help="the split to learn from")
    p.add_argument("--dev", default="dev", help="the split to measure on")
    p.add_argument("--out", metavar="FILE", required=True, help="the .npz for export.py --coarse")
    p.add_argument("--force", action="store_true", help="replace a file that is there already")
    p.add_argument("--restart", action="store_true", help="begin anew where an earlier run was stopped half-way")
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--threads", type=int, default=0, help="on a CPU; 0 leaves it to PyTorch")
    for field in fields(Options):
        kind = seed if field.name == "seed" else field.type
        p.add_argument(flag(field.name), type=kind, default=field.default, metavar="N",
                       help=f"{_HELP[field.name]} ({field.default})")
    return p


def run(arguments: argparse.Namespace) -> None:
    """Fits as the parsed `arguments` say."""
    options = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    use_threads(arguments.threads)
    out = Path(arguments.out)
    if out.is_dir():
        raise ExportError(f"{out}: is a folder, expected a file to write")
    if out.exists() and not out.is_file():
        raise ExportError(f"{out}: is no regular file, expected a file to write")
    if out.exists() and not arguments.force:
        raise ExportError(f"{out}: exists; --force replaces it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        Fit(arguments.checkpoint, read_config(arguments.config), arguments.vocabulary, arguments.source,
            arguments.split, arguments.dev, out, options, device(arguments.device), arguments.restart).run()
    except OSError as error:
        raise ExportError(f"{error.filename or out}: {error.strerror or error}")


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 for what the user can mend."""
    arguments = parser().parse_args(argv)
    return exit_code(lambda: run(arguments), "interrupted; the same command goes on from here")
