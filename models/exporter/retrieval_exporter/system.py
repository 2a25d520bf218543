"""What a matching system is to the exporter. A system has a folder of its own in `systems` and a line in `registry`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from .coarse import Coarse
from .explaining import Explainer
from .form import Form
from .pairs import Pairs
from .reading.checkpoints import Checkpoint
from .recipe import Recipe
from .settings import Settings


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model with random weights."""

    embed_size: int
    image_size: int
    word_size: int
    vocabulary_size: int
    regions: int = 36


@dataclass(frozen=True)
class Option:
    """An option of the command line that only some systems have, for random weights: `--<name>`, with - for _. What is
    not given is not among a system's options; `default` is what the help says of it. `kind` makes a value of text."""

    name: str
    choices: tuple[str, ...] | None = None
    default: str | None = None
    kind: type = str


class System(ABC):
    """A model of one system, its weights in place. One class may stand for several names: the variants of a paper.

    `regions` maps [B, R, W] regions to the features of B images, `words` maps [B, T] token ids and [B] lengths to the
    features of B captions, and `scorer` maps both, gathered by pair, and [P] lengths to [P] scores as published. What
    features are is the system's own: a vector a region and a word, or one an image and a caption.
    """

    names: ClassVar[tuple[str, ...]]
    options: ClassVar[tuple[Option, ...]] = ()

    # What people call it, for messages: "SCAN t2i". `name` where a system says nothing.
    title: str = ""

    name: str
    variant: Mapping[str, str | int | float | bool]
    regions: nn.Module
    words: nn.Module
    scorer: nn.Module

    # The last dimension of features, of regions, and the number of words that have an embedding.
    embed_size: int
    region_width: int
    vocabulary_size: int

    # Words of the longest caption, both markers included, where the command line says nothing: the authors' own limit. Most
    # have none; 50 holds nearly all captions.
    longest_caption: int = 50

    # How many regions an image must have, None if any number.
    region_count: int | None = None

    # Whether images may have different numbers of regions, in every form.
    ragged: bool = False

    # Whether the score is a sigmoid. `scorer` then has `logits`, which gives the value before it.
    probability: bool = False

    # Whether training begins with a pre-training.
    pretrains: bool = False

    @classmethod
    @abstractmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        """Why a checkpoint is not this system's, None if it is. Looks at what tells systems apart, no more."""

    @classmethod
    @abstractmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "System":
        """Reads a checkpoint of this system. Options that contradict the weights are an `ExportError`."""

    @classmethod
    @abstractmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "System":
        """Weights as the authors initialise them, drawn from PyTorch's generator: where training starts."""

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "System":
        """Weights drawn from PyTorch's generator, such that scores differ; ready for export."""
        system = cls.untrained(name, sizes, options)
        for module in (system.regions, system.words, system.scorer):
            module.eval()
        return system

    def label(self) -> str:
        """Its name, and what makes it another model than others of that name."""
        told = ", ".join(f"{option} {value}" for option, value in self.variant.items() if isinstance(value, str))
        return f"{self.name} ({told})" if told else self.name

    def described(self) -> str:
        """What a checkpoint was recognised as, in a line."""
        return f"{self.title or self.name}, D={self.embed_size}, vocabulary {self.vocabulary_size:,}, " \
               f"regions of {self.region_width:,}"

    def states(self) -> list[dict[str, Tensor]]:
        """The entry `model` of a checkpoint in the published layout: the encoders and, where it has weights, the
        scorer."""
        states = [module.state_dict() for module in (self.regions, self.words, self.scorer)]
        return states if states[2] else states[:2]

    def checkpoint_options(self) -> dict[str, Any]:
        """The entry `opt` of such a checkpoint: what `from_checkpoint` reads that the weights do not say, under the
        names of the authors' training script."""
        return {}

    def unsupported(self, settings: Settings) -> str | None:
        """Why a bundle cannot be exported so, None if it can."""
        return "--precision int8 is not for this system" if settings.precision == "int8" else None

    @abstractmethod
    def form(self, settings: Settings) -> Form:
        """The form to export, serving or published."""

    @abstractmethod
    def coarse(self) -> Coarse:
        """The coarse embedding of a system alone: without a vocabulary, without training."""

    def explainer(self) -> Explainer | None:
        """What is shown of how a score comes about, None if there is nothing to show."""
        return None

    def affinity(self) -> tuple[Tensor, Tensor] | None:
        """Float64 maps [D, D'] of a word's feature and of a region's, whose results' inner product is the affinity with
        which words attend to regions: what embeddings made of slots need. None if words do not attend to regions."""
        return None

    def scores(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        """All pairs in the published form: features of I images and C captions, [C] -> [I, C]."""
        return torch.stack([self.scorer(image.expand(len(w), *image.shape), w, lengths) for image in v])

    @classmethod
    def recipe(cls, name: str, options: Mapping[str, Any]) -> Recipe:
        """How a system of this name and these options is trained, as in its paper."""
        return Recipe()

    def pairs(self, v: Tensor, w: Tensor, lengths: Tensor) -> Pairs:
        """The pairs of a batch, as training scores them."""
        return Pairs(self, v, w, lengths)

    def pretraining_scores(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        """All pairs as the pre-training scores them, from -1 to 1: features of I images and C captions, [C] -> [I, C].
        Where `pretrains` says that there is one."""
        raise NotImplementedError

    def end_pretraining(self) -> None:
        """Starts the rest of the weights from those that were pre-trained."""
