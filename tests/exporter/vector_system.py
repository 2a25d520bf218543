"""The smallest system there is, for tests: one vector an image, one vector a caption, as VSE++ has, scored by their
cosine. No field of its records is ragged.

    /usr/bin/python3 tests/exporter/vector_system.py tests/Fixtures/bundles/vector-cosine --force

writes the bundle that the service's tests load.
"""

import sys
from pathlib import Path

import torch
from torch import nn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" / "exporter"))

from retrieval_exporter import registry  # noqa: E402
from retrieval_exporter.cli import main  # noqa: E402
from retrieval_exporter.coarse import Coarse  # noqa: E402
from retrieval_exporter.encoders import WordEncoder  # noqa: E402
from retrieval_exporter.explaining import Explainer, Output  # noqa: E402
from retrieval_exporter.fields import Field  # noqa: E402
from retrieval_exporter.form import PublishedForm  # noqa: E402
from retrieval_exporter.numbers.operations import l2  # noqa: E402
from retrieval_exporter.reading.checkpoints import load_state  # noqa: E402
from retrieval_exporter.system import System  # noqa: E402

FIXTURE = ["--random", "--system", "vector-cosine", "--name", "vector-cosine", "--embed-size", "16", "--image-size",
           "64", "--word-size", "8", "--vocabulary-size", "60", "--seed", "1"]


class ImageVector(nn.Module):
    """[B, R, W] -> [B, D] of unit length."""

    def __init__(self, image_size, embed_size):
        super().__init__()
        self.fc = nn.Linear(image_size, embed_size)

    def forward(self, regions):
        return l2(self.fc(regions.mean(dim=1)))


class CaptionVector(WordEncoder):
    """[B, T] ids -> [B, D] of unit length: the state behind the last word."""

    def __init__(self, vocabulary_size, word_size, embed_size):
        super().__init__(vocabulary_size, word_size, embed_size, bidirectional=False)

    def forward(self, token_ids, lengths):
        states = super().forward(token_ids, lengths)
        last = (lengths - 1).reshape(-1, 1, 1).expand(-1, 1, self.embed_size)
        return l2(states.gather(1, last).squeeze(1))


class Cosine(nn.Module):
    def forward(self, v, w, lengths=None):
        return (v * w).sum(dim=-1)


class Features(Coarse):
    """The score itself."""

    source = "features"

    def __init__(self, width):
        super().__init__()
        self.width = width

    def image(self, v):
        return v

    def caption(self, w, lengths):
        return w


class Channels(Explainer):
    """What every channel adds to the cosine."""

    def __init__(self, width):
        super().__init__([Output("channels", "What each channel adds to the score", "relation", (width,))])

    def forward(self, v, w, lengths=None):
        products = v * w
        return products.sum(dim=-1), {"channels": products}


# What its checkpoints have in the option `measure`: other systems have two state dictionaries as well.
MEASURE = "vector"


class VectorCosine(System):
    names = ("vector-cosine",)

    def __init__(self, regions, words):
        self.name, self.variant = self.names[0], {}
        self.regions, self.words, self.scorer = regions.eval(), words.eval(), Cosine()
        self.embed_size, self.region_width = regions.fc.out_features, regions.fc.in_features
        self.vocabulary_size = words.embed.num_embeddings

    @classmethod
    def refusal(cls, checkpoint):
        states, measure = checkpoint.states(), checkpoint.options.get("measure")
        if states is None or len(states) != 2:
            return "no entry 'model' with 2 state dictionaries"
        return None if measure == MEASURE else f"option measure is {measure!r}, expected {MEASURE}"

    @classmethod
    def from_checkpoint(cls, checkpoint):
        image, text = checkpoint.state_dicts()
        regions = ImageVector(*reversed(image["fc.weight"].shape))
        words = CaptionVector(*text["embed.weight"].shape, regions.fc.out_features)
        load_state(regions, image, checkpoint.path, "image encoder")
        load_state(words, text, checkpoint.path, "text encoder")
        return cls(regions, words)

    @classmethod
    def untrained(cls, name, sizes, options):
        words = CaptionVector(sizes.vocabulary_size, sizes.word_size, sizes.embed_size)
        with torch.no_grad():
            words.embed.weight.mul_(2)
        return cls(ImageVector(sizes.image_size, sizes.embed_size), words)

    def checkpoint_options(self):
        return {"measure": MEASURE}

    def form(self, settings):
        image, caption = (Field(name, (self.embed_size,), wide=True) for name in ("v", "w"))
        return PublishedForm(self.scorer, image, caption, settings)

    def coarse(self):
        return Features(self.embed_size)

    def explainer(self):
        return Channels(self.embed_size)


if __name__ == "__main__":
    registry.SYSTEMS.append(VectorCosine)
    sys.exit(main([*FIXTURE, "--out", *sys.argv[1:]]))
