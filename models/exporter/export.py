#!/usr/bin/env python3
"""Exports a checkpoint, or random weights, as a bundle: see README.md."""

import sys

from retrieval_exporter.cli import main

if __name__ == "__main__":
    sys.exit(main())
