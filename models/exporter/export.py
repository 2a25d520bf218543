#!/usr/bin/env python3
"""Exports a checkpoint, or random weights, as a bundle: see README.md."""

import os
import sys

# Before PyTorch is imported, which is when OpenBLAS starts its threads: see `one_thread` in the command line.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from retrieval_exporter.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
