"""What is measured on the scene corpus alone: hard negatives, and shortlists of the committed model. Models are the
exporter's, and so is their training."""

import importlib.util
import sys
from pathlib import Path

# Where the exporter is not installed, it is the one beside this folder.
if importlib.util.find_spec("retrieval_exporter") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "exporter"))
