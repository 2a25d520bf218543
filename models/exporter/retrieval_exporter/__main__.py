"""`python -m retrieval_exporter`, and what export.py runs."""

import os
import sys

# Before PyTorch is imported, which is when OpenBLAS starts its threads: see `one_thread` in the command line.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from .cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
