"""RDAN to the exporter."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...coarse import Coarse
from ...encoders import RegionEncoder, WordEncoder
from ...errors import ExportError
from ...explaining import Explainer
from ...fields import WORDS, Field
from ...form import Form, PublishedForm
from ...initial import initialise, spread_words
from ...reading.checkpoints import Checkpoint, load_state
from ...reading.encoders import encoders_of
from ...reading.options import number
from ...recipe import Recipe
from ...settings import Settings
from ...system import Sizes, System
from .coarse import MeanAffinity
from .explainer import RdanExplainer
from .published import CHANNELS, LAMBDA, MU, PairScorer
from .serving import ServingRdan

_PARTS = 3


class Rdan(System):
    """Features are a vector a region and a vector a word, not of unit length."""

    names = ("rdan",)
    title = "RDAN"
    ragged = True

    def __init__(self, regions: RegionEncoder, words: WordEncoder, scorer: PairScorer) -> None:
        self.name = "rdan"
        self.variant = {"mu": scorer.mu, "lambda_softmax": scorer.sharpness}
        self.regions, self.words, self.scorer = regions, words, scorer
        self.embed_size, self.region_width = regions.fc.out_features, regions.fc.in_features
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        states = checkpoint.states()
        if states is None or len(states) != _PARTS:
            return f"no entry 'model' with {_PARTS} state dictionaries (image encoder, text encoder, scorer)"
        if not {"conv1.weight", "module.conv1.weight"} & set(states[2]):
            return "no conv1.weight in the scorer"
        return None

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Rdan":
        path, options = checkpoint.path, checkpoint.options
        image, text, state = checkpoint.state_dicts()
        channels = next(iter(state["conv1.weight"].shape), 0) or CHANNELS
        if options.get("channels", channels) != channels:
            raise ExportError(f"{path}: option channels is {options['channels']!r}, but the weights say {channels}")
        mu = number(options, "mu", path, (0, 1), "0 to 1", MU)
        sharpness = number(options, "lambda_softmax", path, (1e-3, 1e3), "more than 0, 0.001 to 1000", LAMBDA)
        scorer = PairScorer(channels, mu, sharpness)
        regions, words = encoders_of(checkpoint, image, text, normalised=False)
        load_state(scorer, state, path, "scorer (rdan)")
        return cls(regions, words, scorer)

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Rdan":
        regions = RegionEncoder(sizes.image_size, sizes.embed_size)
        words = WordEncoder(sizes.vocabulary_size, sizes.word_size, sizes.embed_size)
        initialise(regions, words)
        return cls(regions, words, PairScorer())

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Rdan":
        system = super().random(name, sizes, options)
        spread_words(system.words)
        return system

    def checkpoint_options(self) -> dict[str, Any]:
        return {"mu": self.scorer.mu, "lambda_softmax": self.scorer.sharpness,
                "no_imgnorm": not self.regions.normalise, "no_txtnorm": not self.words.normalise,
                "bi_gru": self.words.bidirectional}

    def form(self, settings: Settings) -> Form:
        if settings.form == "serving":
            return ServingRdan(self.scorer, self.embed_size, settings)
        image = Field("v", (settings.region_rows, self.embed_size), wide=True)
        return PublishedForm(self.scorer, image, Field("w", (WORDS, self.embed_size), wide=True), settings)

    def coarse(self) -> Coarse:
        return MeanAffinity(self.embed_size)

    def explainer(self) -> Explainer:
        return RdanExplainer(self.scorer)

    def affinity(self) -> tuple[Tensor, Tensor]:
        """Identities. The scorer's own affinity is the cosine, which no pair of linear maps gives, times lambda. v . w
        orders the regions for a word alike but for their lengths, and lambda waits for a fit, as how sharply slots
        attend depends on those lengths as well."""
        identity = torch.eye(self.embed_size, dtype=torch.float64)
        return identity, identity

    @classmethod
    def recipe(cls, name: str, options: Mapping[str, Any]) -> Recipe:
        """Margin, rate and optimiser as in the paper. The schedule is that of the other systems."""
        return Recipe(epochs=30, update=15)
