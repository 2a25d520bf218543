"""A small fit: a reference checkpoint with random weights, and splits of random regions and captions of its words."""

import json

import numpy as np

from conftest import HERE, ROOT

NAME = "camp-gate-fusion-new-concat"
CHECKPOINT = HERE / "fixtures" / NAME / "model_best.pth.tar"
VOCABULARY = ROOT / "tests" / "Fixtures" / "bundles" / NAME / "vocabulary.json"
WORDS = json.loads(VOCABULARY.read_text())["words"]
REGIONS, WIDTH, PER_IMAGE = 6, 64, 2


def write_split(folder, name, images=24, seed=0, captions=None, **change):
    """`change` replaces the regions."""
    random = np.random.default_rng(seed)
    regions = random.normal(size=(images, REGIONS, WIDTH)).astype(np.float16)
    if captions is None:
        captions = [" ".join(random.choice(WORDS[4:], 7)) for _ in range(images * PER_IMAGE)]
    folder.mkdir(exist_ok=True)
    np.save(folder / f"{name}_ims.npy", change.get("regions", regions))
    (folder / f"{name}_caps.txt").write_text("".join(text + "\n" for text in captions), encoding="utf-8")


def write_data(folder):
    """Train, and a dev that holds the same, so that what is learned shows there."""
    write_split(folder, "train")
    write_split(folder, "dev")


def arguments(folder, out, *more):
    """Of a fit of a few seconds at most."""
    return ["--checkpoint", str(CHECKPOINT), "--vocabulary", str(VOCABULARY), "--source", str(folder),
            "--out", str(out), "--slots", "4", "--slot-width", "3", "--max-tokens", "20", "--steps", "12",
            "--second-steps", "8", "--batch", "16", "--scored-pairs", "300", "--device", "cpu", "--threads", "1", *more]
