#!/usr/bin/env python3
"""Exports a checkpoint, or random weights, as a bundle: see README.md. Runs from here, without an installation."""

import sys

from retrieval_exporter.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
