#!/usr/bin/env python3
"""Fits the coarse embedding of a checkpoint to a split: see README.md. Runs from here, without an installation."""

import sys

from retrieval_exporter.fitting.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
