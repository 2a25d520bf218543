"""The splits of a training and its vocabulary."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import ExportError
from ..reading import vocabulary as vocabularies
from ..reading.splits import Split
from . import vocabulary
from .options import Options


@dataclass(frozen=True)
class Data:
    """What is learned from, what is measured on, and the words in the order of their ids."""

    train: Split
    dev: Split
    words: list[str]


def read(source: Path | str, train_name: str, dev_name: str, words: Path | str | None, options: Options) -> Data:
    """Opens two splits of a folder. Without a file of `words`, the vocabulary is made of the captions learned from."""
    if train_name == dev_name:
        raise ExportError(f"--split and --dev are both {dev_name!r}: measured on what it learns from, a training shows "
                          "nothing")
    train, dev = Split(source, train_name), Split(source, dev_name)
    for split in (train, dev):
        if split.images < 2:
            raise ExportError(f"{split.image_file}: one image, expected at least 2")
    for what, value, expected in (("regions an image", dev.regions, train.regions),
                                  ("features a region", dev.width, train.width)):
        if value != expected:
            raise ExportError(f"{dev.image_file}: {value} {what}, {train.image_file.name} has {expected}")
    if options.regions_drawn > train.regions:
        raise ExportError(f"--regions-drawn {options.regions_drawn}: the images of {train.image_file} have "
                          f"{train.regions} regions")
    if options.pairs_together and train.images % 2:
        raise ExportError(f"{train.image_file}: {train.images} images, expected an even number with --pairs-together")
    if words is None:
        return Data(train, dev, vocabulary.make(train, options.least_count))
    listed = vocabularies.read(words)
    vocabulary.check(listed, words, train)
    return Data(train, dev, listed)
