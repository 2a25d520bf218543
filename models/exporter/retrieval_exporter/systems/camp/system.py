"""CAMP to the exporter: its variants by name, its forms, its coarse embedding."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ...coarse import Coarse
from ...encoders import RegionEncoder, WordEncoder
from ...errors import ExportError
from ...explaining import Explainer
from ...fields import WORDS, Field
from ...form import Form, PublishedForm
from ...pairs import Pairs
from ...reading.checkpoints import Checkpoint
from ...recipe import Recipe
from ...settings import Settings
from ...system import Option, Sizes, System
from . import folding, initial, reading, training
from .ablations import ABLATIONS
from .coarse import Bilinear
from .cross_attention import ServingCrossAttention
from .explainer import CampExplainer
from .gate_fusion import ServingGateFusion
from .pairs import GateFusionPairs
from .paper import ServingPaper
from .plain_mean import ServingMean
from .published import FUSIONS, PAPER, SUMMARIES, WITH_FUSION, WITH_SUMMARY, GateFusionNew, PairScorer, build_scorer

_SERVING = {
    "camp-gate-fusion-new": ServingGateFusion,
    "camp-gate-fusion": ServingGateFusion,
    "camp-cross-attention-new": ServingCrossAttention,
    "camp-cross-attention": ServingCrossAttention,
    PAPER: ServingPaper,
}

# Which names an option is for. The first choice of each is what a bundle's variant does not mention, but for fusions.
_OPTIONS = {Option("fusion", FUSIONS, FUSIONS[0]): WITH_FUSION,
            Option("summary", SUMMARIES, SUMMARIES[0]): WITH_SUMMARY,
            Option("ablation", tuple(ABLATIONS), "none"): (PAPER,)}

# Where the first layers of the summaries are left per pair: 8 bits there cost weights of an average, not features.
_IN_BYTES = ("camp-gate-fusion", "camp-gate-fusion-new")


class Camp(System):
    """Features are a vector a region and a vector a word."""

    names = tuple(_SERVING)
    options = tuple(_OPTIONS)
    ragged = True

    # The authors keep 47 words of a caption.
    longest_caption = 49

    def __init__(self, name: str, variant: Mapping[str, str], regions: RegionEncoder, words: WordEncoder,
                 scorer: PairScorer) -> None:
        self.name = name
        self.title = " ".join(["CAMP", name.removeprefix("camp-"), *variant.values()])
        self.variant = variant
        self.regions = regions
        self.words = words
        self.scorer = scorer
        # Without gates there is nothing to start from the attention.
        self.probability = scorer.probability
        self.pretrains = scorer.probability and scorer.attends
        self.embed_size = scorer.embed_size
        self.region_width = regions.fc.in_features
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        return reading.refusal(checkpoint, cls.names)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Camp":
        scorer_state = checkpoint.state_dicts()[2]
        name = reading.name_of(checkpoint, scorer_state)
        variant = reading.variant_of(checkpoint, name, scorer_state)
        return cls(name, variant, *reading.parts(checkpoint, name, variant))

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Camp":
        variant = _variant(name, options)
        return cls(name, variant,
                   RegionEncoder(sizes.image_size, sizes.embed_size),
                   WordEncoder(sizes.vocabulary_size, sizes.word_size, sizes.embed_size),
                   build_scorer(name, sizes.embed_size, variant))

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Camp":
        system = cls.untrained(name, sizes, options)
        for module in (system.regions, system.words, system.scorer):
            initial.spread(module)
            module.eval()
        return system

    def checkpoint_options(self) -> dict[str, Any]:
        measure = {} if self.name == PAPER else {"measure": self.name.removeprefix("camp-").replace("-", "_")}
        names = {"fusion": "fusion_func", "summary": "reduce_func"}
        variant = {names.get(option, option): choice for option, choice in self.variant.items()}
        return {**measure, **variant, "no_imgnorm": not self.regions.normalise, "no_txtnorm": not self.words.normalise,
                "bi_gru": self.words.bidirectional}

    def unsupported(self, settings: Settings) -> str | None:
        if settings.precision == "int8" and (settings.form != "serving" or self.name not in _IN_BYTES):
            return f"--precision int8 is for the serving form of {' and '.join(_IN_BYTES)}"
        return None

    def form(self, settings: Settings) -> Form:
        if settings.form == "serving":
            serving = ServingMean if self.variant.get("summary") == "mean" else _SERVING[self.name]
            return serving(self.scorer, settings)
        image = Field("v", (settings.region_rows, self.embed_size), wide=True)
        return PublishedForm(self.scorer, image, Field("w", (WORDS, self.embed_size), wide=True), settings)

    def coarse(self) -> Coarse:
        return Bilinear(self.scorer)

    def explainer(self) -> Explainer:
        return CampExplainer(self.scorer)

    def affinity(self) -> tuple[Tensor, Tensor] | None:
        return folding.words_to_regions(self.scorer) if self.scorer.attends else None

    @classmethod
    def recipe(cls, name: str, options: Mapping[str, Any]) -> Recipe:
        return training.recipe(name, ABLATIONS[options.get("ablation", "none")])

    def pairs(self, v: Tensor, w: Tensor, lengths: Tensor) -> Pairs:
        return (GateFusionPairs if isinstance(self.scorer, GateFusionNew) else Pairs)(self, v, w, lengths)

    def pretraining_scores(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        return training.relevance(self.scorer, v, w, lengths)

    def end_pretraining(self) -> None:
        training.start_gates(self.scorer)


def _variant(name: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The variant's entry in bundle.json. An option that the name does not have is an `ExportError`."""
    variant = {}
    for option, names in _OPTIONS.items():
        if name not in names and option.name in options:
            raise ExportError(f"--{option.name} is for {' and '.join(names)}, not for {name}")
        choice = options.get(option.name, option.default)
        if name in names and (choice != option.default or option.name == "fusion"):
            variant[option.name] = choice
    return variant
