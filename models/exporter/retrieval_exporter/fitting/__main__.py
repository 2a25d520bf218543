"""`python -m retrieval_exporter.fitting`, and what fit_coarse.py runs."""

import sys

from ..runs.threads import tell_early

tell_early()

from .cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
