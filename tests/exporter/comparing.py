"""A bundle that is committed against what is exported now."""

import json

import numpy as np


def assert_same(committed, exported):
    """Byte for byte, but for the exporter's version and for parity.npz, which another processor rounds differently.
    Another PyTorch writes other graphs: then it is the recorded scores alone."""
    old, new = (json.loads((folder / "bundle.json").read_text()) for folder in (committed, exported))
    if old["exporter"]["torch"] == new["exporter"]["torch"]:
        for manifest in (old, new):
            del manifest["exporter"]["version"], manifest["files"]["parity.npz"]["sha256"]
        for name in set(old["files"]) - {"parity.npz"}:
            assert (committed / name).read_bytes() == (exported / name).read_bytes(), name
        assert old == new and list(old) == list(new)
    with np.load(committed / "parity.npz") as left, np.load(exported / "parity.npz") as right:
        assert left.files == right.files
        for name in left.files:
            np.testing.assert_allclose(left[name], right[name], rtol=0, atol=1e-5, err_msg=name)
