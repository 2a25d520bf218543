"""A training of a second or two: splits of random regions and captions, dev the same as train, so that what is learned
shows there."""

from fitting_data import REGIONS, WIDTH, write_data, write_split  # noqa: F401

CHECKPOINT = "model_best.pth.tar"


def arguments(folder, out, *more):
    return ["--source", str(folder), "--out", str(out), "--system", "camp-gate-fusion-new", "--embed-size", "12",
            "--word-size", "6", "--epochs", "2", "--pretraining-epochs", "1", "--batch", "12", "--rate", "0.002",
            "--max-tokens", "20", "--least-count", "1", "--device", "cpu", "--threads", "1", *more]


def files(folder):
    """What a training has written, but for the picture, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".png"}
