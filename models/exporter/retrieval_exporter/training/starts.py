"""What a training starts from: new weights, or a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import registry
from ..errors import ExportError
from ..reading import vocabulary
from ..reading.checkpoints import open_checkpoint
from ..recipe import Recipe
from ..runs.files import digest
from ..system import Sizes, System
from .data import Data
from .options import check_recipe


@dataclass(frozen=True)
class Start:
    """A system and its recipe. `raw`: its image encoder is made for regions as they are. `known`: what tells this start
    from others."""

    system: System
    recipe: Recipe
    raw: bool
    known: list[object]


def new(name: str, own: Mapping[str, Any], data: Data, given: Mapping[str, Any]) -> Start:
    """Weights drawn from PyTorch's generator. `own` options are systems', `given` numbers replace the recipe's."""
    kind = registry.named(name)
    for option in own:
        if option not in {known.name for known in kind.options}:
            raise ExportError(f"--{option.replace('_', '-')} is not for {name}")
    recipe = replace(kind.recipe(name, own), **given)
    check_recipe(recipe)
    sizes = Sizes(recipe.embed_size, data.train.width, recipe.word_size, len(data.words), data.train.regions)
    return Start(kind.untrained(name, sizes, own), recipe, False, [name, dict(own)])


def of_checkpoint(path: Path | str, config: Mapping[str, Any] | None, words: Path | str, data: Data,
                  given: Mapping[str, Any]) -> Start:
    """The weights of a checkpoint in the published layout, with its vocabulary `words`."""
    checkpoint = open_checkpoint(path, config)
    system = registry.read(checkpoint)
    print(system.described(), flush=True)
    checkpoint.options.warn_of(config)
    vocabulary.check_size(data.words, system.vocabulary_size, words)
    vocabulary.check_digest(data.words, words, checkpoint)
    if data.train.width != system.region_width:
        raise ExportError(f"{data.train.image_file}: regions of {data.train.width} features, the checkpoint's have "
                          f"{system.region_width}")
    recipe = replace(system.recipe(system.name, system.variant), **given)
    check_recipe(recipe)
    return Start(system, recipe, True, [digest(path), config])
