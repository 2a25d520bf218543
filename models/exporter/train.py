#!/usr/bin/env python3
"""Trains a system on a precomputed split: see README.md. Runs from here, without an installation."""

import sys

from retrieval_exporter.training.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
