"""SCAN to the exporter: its two directions by name, its forms, its coarse embedding."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...attention import NORMS
from ...coarse import Coarse
from ...encoders import RegionEncoder, WordEncoder
from ...explaining import Explainer
from ...fields import WORDS, Field
from ...form import Form, PublishedForm
from ...initial import initialise, spread_words
from ...reading.checkpoints import Checkpoint
from ...recipe import Recipe
from ...settings import Settings
from ...system import Option, Sizes, System
from . import reading
from .aggregation import AGGREGATIONS
from .coarse import Means
from .explainer import ScanExplainer
from .published import StackedCrossAttention
from .serving import ServingCrossAttention
from .variant import DIRECTIONS, Variant, published, variant_of

_PREFIX = "scan-"

# Of a caption whose inner products with a region have 1 as the root of the sum of their squares.
_USUAL_WORDS = 12


class Scan(System):
    """Features are a vector a region and a vector a word. The scorer has no weights."""

    names = tuple(_PREFIX + direction for direction in DIRECTIONS)
    ragged = True
    options = (Option("raw_feature_norm", NORMS), Option("agg_func", AGGREGATIONS),
               Option("lambda_softmax", kind=float), Option("lambda_lse", kind=float))

    def __init__(self, variant: Variant, regions: RegionEncoder, words: WordEncoder) -> None:
        self.name = _PREFIX + variant.direction
        self.title = "SCAN " + variant.direction
        self.variant = variant.entries()
        self.choice = variant
        self.regions = regions
        self.words = words
        self.scorer = StackedCrossAttention(variant)
        self.embed_size = regions.fc.out_features
        self.region_width = regions.fc.in_features
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        return reading.refusal(checkpoint)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Scan":
        variant = variant_of(checkpoint.options["cross_attn"], checkpoint.options, str(checkpoint.path))
        return cls(variant, *reading.encoders(checkpoint))

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Scan":
        direction = name.removeprefix(_PREFIX)
        regions = RegionEncoder(sizes.image_size, sizes.embed_size, normalise=True)
        words = WordEncoder(sizes.vocabulary_size, sizes.word_size, sizes.embed_size, normalise=True)
        initialise(regions, words)
        return cls(variant_of(direction, {**published(direction), **options}, name), regions, words)

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Scan":
        system = super().random(name, sizes, options)
        spread_words(system.words)
        return system

    def checkpoint_options(self) -> dict[str, Any]:
        return {"cross_attn": self.choice.direction, **self.variant, "precomp_enc_type": "basic",
                "no_imgnorm": not self.regions.normalise, "no_txtnorm": not self.words.normalise,
                "bi_gru": self.words.bidirectional}

    def form(self, settings: Settings) -> Form:
        if settings.form == "serving":
            normalised = self.regions.normalise, self.words.normalise
            return ServingCrossAttention(self.choice, self.embed_size, normalised, settings)
        image = Field("v", (settings.region_rows, self.embed_size), wide=True)
        return PublishedForm(self.scorer, image, Field("w", (WORDS, self.embed_size), wide=True), settings)

    def coarse(self) -> Coarse:
        return Means(self.embed_size)

    def explainer(self) -> Explainer:
        return ScanExplainer(self.scorer)

    def affinity(self) -> tuple[Tensor, Tensor]:
        """Features share one space, so that both maps are the identity but for one factor, which says how sharply is
        attended: lambda_softmax times what the normalisation makes of inner products, taken to be that of a usual
        caption, all of whose words are as near to a region."""
        norm = self.choice.raw_feature_norm
        slope = 1 / _USUAL_WORDS if norm == "softmax" else 1 / math.sqrt(_USUAL_WORDS) if norm.endswith("l1norm") else 1
        same = torch.eye(self.embed_size, dtype=torch.float64)
        return self.choice.lambda_softmax * slope * same, same

    @classmethod
    def recipe(cls, name: str, options: Mapping[str, Any]) -> Recipe:
        """As in the published commands for Flickr30K; both directions alike."""
        return Recipe(epochs=30, update=15)
