"""Fixtures: reference checkpoints of every CAMP variant, with the scores the public implementation gave."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "models" / "exporter"))

torch.set_num_threads(1)

from retrieval_exporter import model  # noqa: E402
from retrieval_exporter.settings import Settings  # noqa: E402

CASES = sorted(path.name for path in (HERE / "fixtures").iterdir())
TOLERANCE = 1e-5
MAX_TOKENS = 20


# Of a system whose features are one vector an image and one a caption, the golden files call them embeddings.
_FEATURES = {"image_embedding": "region_features", "caption_embedding": "word_features"}


class Case:
    """One reference checkpoint, loaded, and its golden inputs and outputs as tensors."""

    def __init__(self, name):
        self.name = name
        self.path = HERE / "fixtures" / name / "model_best.pth.tar"
        self.options = json.loads((HERE / "fixtures" / name / "config.json").read_text())
        self.model = model.from_checkpoint(self.path)
        with np.load(HERE / "fixtures" / name / "golden.npz") as golden:
            self.golden = {_FEATURES.get(key, key): torch.from_numpy(golden[key]) for key in golden.files}

    def features(self):
        with torch.no_grad():
            v = self.model.system.regions(self.golden["regions"])
            w = self.model.system.words(self.golden["token_ids"], self.golden["lengths"])
        return v, w, self.golden["lengths"]


_loaded = {}


def loaded(name):
    if name not in _loaded:
        _loaded[name] = Case(name)
    return _loaded[name]


@pytest.fixture(params=CASES)
def case(request):
    return loaded(request.param)


@pytest.fixture
def reference():
    """The checkpoint that stands for all where the variant does not matter."""
    return HERE / "fixtures" / "camp-gate-fusion-new-concat" / "model_best.pth.tar"


def pytest_collection_modifyitems(config, items):
    """Leaves out what no bundle can be, by what the system says: int8 is for some only. That the exporter refuses it for
    the others is a test of its own."""
    def impossible(item):
        given = getattr(item, "callspec", None) and item.callspec.params
        return bool(given) and "narrow" in given \
            and loaded(given["case"]).model.system.unsupported(Settings(**item.module.NARROW[given["narrow"]]))

    config.hook.pytest_deselected(items=[item for item in items if impossible(item)])
    items[:] = [item for item in items if not impossible(item)]
