"""Training and evaluation of CAMP on the scene corpus. The modules are the exporter's, as published."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "exporter"))
