"""What must be said before PyTorch is imported. Imports nothing of it."""

import argparse
import os


def tell_early() -> None:
    """OpenBLAS and OpenMP start their threads when PyTorch is imported: before that, and not by PyTorch, they are told
    how many, by the command line's `--threads`."""
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument("--threads", type=int, default=0)
    threads = early.parse_known_args()[0].threads
    if threads > 0:
        os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(threads)
