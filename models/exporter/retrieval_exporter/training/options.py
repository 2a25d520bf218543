"""What a training is told beside its recipe, checked."""

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..command import check_least, flag
from ..errors import ExportError
from ..pairs import draws
from ..reading.splits import Split
from ..recipe import Recipe

if TYPE_CHECKING:
    from .starts import Start


@dataclass(frozen=True)
class Options:
    """The options of the command line by their names. All but `save_every` decide what comes out."""

    max_tokens: int = 0
    least_count: int = 4
    warm_up: int = 0
    patience: int = 10
    every: int = 0
    dev_images: int = 1000
    dev_captions: int = 0
    negatives_drawn: int = 0
    candidates: int = 0
    embedding_weight: float = 0.0
    regions_drawn: int = 0
    pairs_together: bool = False
    standardise: bool = False
    seed: int = 0
    save_every: float = 60.0

    def __post_init__(self) -> None:
        if self.max_tokens in (1, 2):
            raise ExportError("--max-tokens must be at least 3, the two markers and a word, or 0")
        check_least(self, (("max_tokens", 0), ("least_count", 1), ("warm_up", 0), ("patience", 0), ("every", 0),
                         ("dev_images", 2), ("dev_captions", 0), ("negatives_drawn", 0), ("candidates", 0),
                         ("regions_drawn", 0)))
        for name in ("embedding_weight", "save_every"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ExportError(f"{flag(name)} must be a finite number, 0 at least")


def check(start: "Start", options: Options, given: Container[str], train: Split) -> None:
    """What goes together: the recipe, the system and the options. `given` are the numbers of the recipe that were said:
    one that has no effect is an error."""
    recipe, system = start.recipe, start.system
    if system.region_count not in (None, train.regions):
        raise ExportError(f"{train.image_file}: {train.regions} regions an image, {system.name} takes "
                          f"{system.region_count}")
    if system.region_count is not None and options.regions_drawn not in (0, system.region_count):
        raise ExportError(f"--regions-drawn is not for {system.name}, whose images have a fixed number of regions")
    if options.pairs_together and recipe.batch % 2:
        raise ExportError(f"--pairs-together takes batches of an even size, --batch is {recipe.batch}")
    if options.candidates and recipe.negatives != "hardest":
        raise ExportError(f"--candidates is for --negatives hardest, not {recipe.negatives}")
    for name in ("candidates", "negatives_drawn"):
        if getattr(options, name) and draws(system.scorer):
            raise ExportError(f"{flag(name)} is not for {system.name}, whose scores in training are those of a "
                              "batch")
    if options.negatives_drawn and recipe.negatives != "all" and not recipe.easy_epochs:
        raise ExportError("--negatives-drawn is for --negatives all and for --easy-epochs")
    if recipe.loss == "cross-entropy" and not system.probability:
        raise ExportError(f"--loss cross-entropy is not for {system.label()}, whose score is no probability")
    if recipe.pretraining_epochs and not system.pretrains:
        raise ExportError(f"--pretraining-epochs is not for {system.label()}, which has no pre-training")
    for name, effect, where in (("margin", recipe.loss == "hinge", "with --loss hinge"),
                                ("update", recipe.schedule == "step", "with --schedule step"),
                                ("pretraining_rate", recipe.pretraining_epochs, "with --pretraining-epochs"),
                                ("easy_epochs", recipe.negatives == "hardest", "with --negatives hardest")):
        if name in given and not effect:
            raise ExportError(f"{flag(name)} has an effect only {where}")


def check_recipe(recipe: Recipe) -> None:
    """What a recipe may hold."""
    check_least(recipe, (("embed_size", 1), ("word_size", 1), ("epochs", 1), ("batch", 2), ("update", 1),
                       ("easy_epochs", 0), ("pretraining_epochs", 0)))
    for name in ("rate", "pretraining_rate"):
        if not 0 < getattr(recipe, name) < 1:
            raise ExportError(f"{flag(name)} must be between 0 and 1")
    for name in ("margin", "clip"):
        if not 0 < getattr(recipe, name) < math.inf:
            raise ExportError(f"{flag(name)} must be a finite number above 0")
