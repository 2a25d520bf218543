"""`python -m retrieval_exporter.fitting`, and what fit_coarse.py runs."""

import argparse
import os
import sys

# OpenBLAS and OpenMP start their threads when PyTorch is imported: before that, and not by PyTorch, they are told how many.
early = argparse.ArgumentParser(add_help=False)
early.add_argument("--threads", type=int, default=0)
threads = early.parse_known_args()[0].threads
if threads > 0:
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(threads)

from .cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
