"""SGRAF to the exporter: its two modules by name, its forms, its coarse embedding."""

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
from ...pairs import Pairs
from ...reading.checkpoints import Checkpoint
from ...recipe import Recipe
from ...settings import Settings
from ...system import Option, Sizes, System
from . import reading, training
from .explainer import SgrafExplainer
from .pooling import Wholes
from .published import SHARPNESS, FiltrationScorer, GraphScorer, SimilarityScorer
from .serving import ServingSimilarity

_PREFIX = "sgraf-"
_SIM_DIM, _STEPS = 256, 3

# Of the last map, so that the scores of a model with random weights differ by some hundredths, and comparing two
# exports of it compares something.
_GAIN = 6.0


class Sgraf(System):
    """Features are a vector a region and a vector a word."""

    names = tuple(_PREFIX + module.lower() for module in reading.MODULES)
    options = (Option("sim_dim", kind=int), Option("sgr_step", kind=int))
    probability = True

    def __init__(self, module: str, regions: RegionEncoder, words: WordEncoder, scorer: SimilarityScorer) -> None:
        self.name = _PREFIX + module.lower()
        self.title = "SGRAF " + module
        self.module = module
        self.regions = regions
        self.words = words
        self.scorer = scorer
        steps = {"sgr_step": len(scorer.SGR_module)} if isinstance(scorer, GraphScorer) else {}
        self.variant = {"sim_dim": scorer.sim_dim, **steps}
        self.embed_size = scorer.embed_size
        self.region_width = regions.fc.in_features
        self.region_count = scorer.regions
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        return reading.refusal(checkpoint)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Sgraf":
        return cls(*reading.parts(checkpoint))

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Sgraf":
        module = name.removeprefix(_PREFIX).upper()
        if module != "SGR" and "sgr_step" in options:
            raise ExportError(f"--sgr-step is not for {name}")
        sim_dim, steps = options.get("sim_dim", _SIM_DIM), options.get("sgr_step", _STEPS)
        for option, value in (("--sim-dim", sim_dim), ("--sgr-step", steps)):
            if value < 1:
                raise ExportError(f"{option} must be at least 1")
        regions = RegionEncoder(sizes.image_size, sizes.embed_size, normalise=True)
        words = WordEncoder(sizes.vocabulary_size, sizes.word_size, sizes.embed_size, normalise=True)
        scorer: SimilarityScorer = GraphScorer(sizes.embed_size, sim_dim, sizes.regions, steps) if module == "SGR" \
            else FiltrationScorer(sizes.embed_size, sim_dim, sizes.regions)
        initialise(regions, words, scorer)
        return cls(module, regions, words, scorer)

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Sgraf":
        system = super().random(name, sizes, options)
        spread_words(system.words)
        scorer = system.scorer
        with torch.no_grad():
            # A channel of the difference of two unit vectors has the square 2 / D in the mean. Left in, it makes the
            # similarity vectors of all pairs nearly the same.
            for layer in (scorer.sim_tranloc_w, scorer.sim_tranglo_w):
                layer.bias.copy_(layer.weight.sum(dim=1) * (-2.0 / scorer.embed_size))
            scorer.sim_eval_w.weight.mul_(_GAIN)
        return system

    def states(self) -> list[dict[str, Tensor]]:
        image, text, scorer = super().states()
        named = {key.replace("rnn.", "cap_rnn.", 1) if key.startswith("rnn.") else key: x for key, x in text.items()}
        return [image, named, scorer]

    def checkpoint_options(self) -> dict[str, Any]:
        return {"module_name": self.module, **self.variant, "no_imgnorm": not self.regions.normalise,
                "no_txtnorm": not self.words.normalise, "bi_gru": self.words.bidirectional}

    def unsupported(self, settings: Settings) -> str | None:
        if settings.regions != self.scorer.regions:
            return f"images of {settings.regions} regions are not for this model, whose normalisation is over " \
                   f"{self.scorer.regions} regions"
        return super().unsupported(settings)

    def form(self, settings: Settings) -> Form:
        if settings.form == "serving":
            return ServingSimilarity(self.scorer, self.regions.normalise, settings)
        image = Field("v", (settings.regions, self.embed_size), wide=True)
        return PublishedForm(self.scorer, image, Field("w", (WORDS, self.embed_size), wide=True), settings)

    def coarse(self) -> Coarse:
        return Wholes(self.scorer)

    def explainer(self) -> Explainer:
        return SgrafExplainer(self.scorer)

    def affinity(self) -> tuple[Tensor, Tensor]:
        """Words and regions share one space, so that both maps are the identity but for how sharply is attended: a
        caption's inner products with a region, normalised, taken to have 1 as the root of the sum of their squares."""
        same = torch.eye(self.embed_size, dtype=torch.float64)
        return SHARPNESS * same, same

    @classmethod
    def recipe(cls, name: str, options: Mapping[str, Any]) -> Recipe:
        return training.RECIPES[name.removeprefix(_PREFIX).upper()]

    def pairs(self, v: Tensor, w: Tensor, lengths: Tensor) -> Pairs:
        return training.SimilarityPairs(self, v, w, lengths)
