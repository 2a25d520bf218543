"""CAMP to the exporter: its variants by name, its forms, its coarse embedding."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ...coarse import Coarse
from ...encoders import RegionEncoder, WordEncoder
from ...fields import WORDS, Field
from ...form import Form, PublishedForm
from ...pairs import Pairs
from ...reading.checkpoints import Checkpoint
from ...recipe import Recipe
from ...settings import Settings
from ...system import Option, Sizes, System
from . import folding, initial, reading, training
from .coarse import Bilinear
from .cross_attention import ServingCrossAttention
from .gate_fusion import ServingGateFusion
from .pairs import GateFusionPairs
from .paper import ServingPaper
from .published import FUSIONS, GateFusionNew, PairScorer, build_scorer

_SERVING = {
    "camp-gate-fusion-new": ServingGateFusion,
    "camp-gate-fusion": ServingGateFusion,
    "camp-cross-attention-new": ServingCrossAttention,
    "camp-cross-attention": ServingCrossAttention,
    "camp-paper": ServingPaper,
}
_WITH_FUSION = ("camp-gate-fusion", "camp-gate-fusion-new")

# Where the first layers of the summaries are left per pair: 8 bits there cost weights of an average, not features.
_IN_BYTES = ("camp-gate-fusion", "camp-gate-fusion-new")


class Camp(System):
    """Features are a vector a region and a vector a word."""

    names = tuple(_SERVING)
    options = (Option("fusion", FUSIONS, FUSIONS[0]),)

    def __init__(self, name: str, variant: Mapping[str, str], regions: RegionEncoder, words: WordEncoder,
                 scorer: PairScorer) -> None:
        self.name = name
        self.title = "CAMP " + name.removeprefix("camp-")
        self.variant = variant
        self.regions = regions
        self.words = words
        self.scorer = scorer
        # Without gates there is nothing to start from the attention.
        self.probability = self.pretrains = scorer.probability
        self.embed_size = scorer.embed_size
        self.region_width = regions.fc.in_features
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        return reading.refusal(checkpoint, cls.names)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Camp":
        name = reading.name_of(checkpoint, checkpoint.state_dicts()[2])
        variant = reading.fusion_of(checkpoint) if name in _WITH_FUSION else {}
        return cls(name, variant, *reading.parts(checkpoint, name, variant))

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Camp":
        variant = {"fusion": options.get("fusion", FUSIONS[0])} if name in _WITH_FUSION else {}
        return cls(name, variant,
                   RegionEncoder(sizes.image_size, sizes.embed_size),
                   WordEncoder(sizes.vocabulary_size, sizes.word_size, sizes.embed_size),
                   build_scorer(name, sizes.embed_size, variant.get("fusion")))

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Camp":
        system = cls.untrained(name, sizes, options)
        for module in (system.regions, system.words, system.scorer):
            initial.spread(module)
            module.eval()
        return system

    def checkpoint_options(self) -> dict[str, Any]:
        measure = {} if self.name == "camp-paper" else {"measure": self.name.removeprefix("camp-").replace("-", "_")}
        fusion = {"fusion_func": self.variant["fusion"]} if self.variant else {}
        return {**measure, **fusion, "no_imgnorm": not self.regions.normalise, "no_txtnorm": not self.words.normalise,
                "bi_gru": self.words.bidirectional}

    def unsupported(self, settings: Settings) -> str | None:
        if settings.precision == "int8" and (settings.form != "serving" or self.name not in _IN_BYTES):
            return f"--precision int8 is for the serving form of {' and '.join(_IN_BYTES)}"
        return None

    def form(self, settings: Settings) -> Form:
        if settings.form == "serving":
            return _SERVING[self.name](self.scorer, settings)
        image = Field("v", (settings.regions, self.embed_size), wide=True)
        return PublishedForm(self.scorer, image, Field("w", (WORDS, self.embed_size), wide=True), settings)

    def coarse(self) -> Coarse:
        return Bilinear(self.scorer)

    def affinity(self) -> tuple[Tensor, Tensor]:
        return folding.words_to_regions(self.scorer)

    @classmethod
    def recipe(cls, name: str) -> Recipe:
        return training.COMPARED if "cross-attention" in name else training.FUSED

    def pairs(self, v: Tensor, w: Tensor, lengths: Tensor) -> Pairs:
        return (GateFusionPairs if isinstance(self.scorer, GateFusionNew) else Pairs)(self, v, w, lengths)

    def pretraining_scores(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        return training.relevance(self.scorer, v, w, lengths)

    def end_pretraining(self) -> None:
        training.start_gates(self.scorer)
