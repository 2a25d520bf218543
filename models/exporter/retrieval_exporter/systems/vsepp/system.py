"""VSE++ to the exporter."""

from collections.abc import Mapping
from typing import Any

from ...coarse import Coarse, Features
from ...fields import Field
from ...form import Form, PublishedForm
from ...initial import initialise, spread_words
from ...reading.checkpoints import Checkpoint
from ...reading.encoders import encoders_of
from ...reading.options import truth
from ...recipe import Recipe
from ...settings import Settings
from ...system import Sizes, System
from .encoders import CaptionVector, ImageVector
from .scorers import SCORERS, ServingVectors

_PARTS = 2


class Vsepp(System):
    """Features are a vector an image and a vector a caption."""

    names = ("vsepp",)
    ragged = True

    def __init__(self, measure: str, regions: ImageVector, words: CaptionVector) -> None:
        self.name = "vsepp"
        self.title = f"VSE++ {measure}"
        self.variant = {"measure": measure}
        self.regions, self.words, self.scorer = regions, words, SCORERS[measure]()
        self.embed_size, self.region_width = regions.fc.out_features, regions.fc.in_features
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        states = checkpoint.states()
        if states is None or len(states) != _PARTS:
            return f"no entry 'model' with {_PARTS} state dictionaries (image encoder, text encoder)"
        # Models that attend have the same two parts; the options tell them apart.
        if "cross_attn" in checkpoint.options:
            return "an option cross_attn"
        measure = checkpoint.options.get("measure")
        return None if measure in tuple(SCORERS) else f"option measure is {measure!r}, expected {' or '.join(SCORERS)}"

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Vsepp":
        measure = checkpoint.options["measure"]
        absolute = truth(checkpoint.options, "use_abs", checkpoint.path, False)
        regions, words = encoders_of(checkpoint, *checkpoint.state_dicts(), normalised=True)
        image = ImageVector(regions.fc.in_features, regions.fc.out_features, regions.normalise, absolute)
        caption = CaptionVector(*words.embed.weight.shape, words.embed_size, words.bidirectional, words.normalise,
                                absolute)
        image.load_state_dict(regions.state_dict())
        caption.load_state_dict(words.state_dict())
        return cls(measure, image.eval(), caption.eval())

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Vsepp":
        regions = ImageVector(sizes.image_size, sizes.embed_size)
        words = CaptionVector(sizes.vocabulary_size, sizes.word_size, sizes.embed_size)
        initialise(regions, words)
        return cls("cosine", regions, words)

    @classmethod
    def random(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Vsepp":
        system = super().random(name, sizes, options)
        spread_words(system.words)
        return system

    def checkpoint_options(self) -> dict[str, Any]:
        return {"measure": self.variant["measure"], "use_abs": self.regions.absolute,
                "no_imgnorm": not self.regions.normalise, "no_txtnorm": not self.words.normalise,
                "bi_gru": self.words.bidirectional}

    def form(self, settings: Settings) -> Form:
        image, caption = (Field(name, (self.embed_size,), wide=True) for name in ("v", "w"))
        form = ServingVectors if settings.form == "serving" else PublishedForm
        return form(self.scorer, image, caption, settings)

    def coarse(self) -> Coarse:
        return Features(self.embed_size)

    @classmethod
    def recipe(cls, name: str, options: Mapping[str, Any]) -> Recipe:
        """As in the published code: 30 epochs, the rate falls after 15; with the hardest negatives that the system is
        named for."""
        return Recipe(epochs=30, update=15)
