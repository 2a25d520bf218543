"""Images and captions of a split, and explained pairs of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from retrieval_exporter.model import Model
from retrieval_exporter.reading import captions
from retrieval_exporter.reading.splits import Split
from torch import Tensor

MAX_TOKENS = 32
_CHUNK = 500


@dataclass(frozen=True)
class Corpus:
    """N images, features [N, R, D], and the token ids of one caption of each: caption i mod 5 of image i."""

    model: Model
    v: Tensor
    mean_region: Tensor
    captions: list[list[int]]

    def encoded(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Lists of token ids -> word features and lengths."""
        ids, lengths = (torch.from_numpy(x) for x in captions.padded(rows))
        return self.model.system.words(ids, lengths), lengths

    def scores(self, v: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        """[P] as published, before the sigmoid where there is one."""
        scorer = self.model.system.scorer
        return (scorer.logits if self.model.system.probability else scorer)(v, w, lengths)


def read(model: Model, folder: Path, split_name: str, count: int | None = None) -> Corpus:
    """The first `count` images of a split, encoded; `mean_region` [D] is the encoded mean of all their regions."""
    split = Split(folder, split_name)
    count = min(count or split.images, split.images)
    regions = [split.features(rows) for rows in np.array_split(np.arange(count), -(-count // _CHUNK))]
    mean = sum(x.sum(axis=(0, 1), dtype=np.float64) for x in regions) / (count * split.regions)
    with torch.no_grad():
        v = torch.cat([model.system.regions(torch.from_numpy(x)) for x in regions])
        mean_region = model.system.regions(torch.from_numpy(mean.astype(np.float32)).expand(1, split.regions, -1))[0, 0]
    each = split.captions_per_image
    chosen = [split.captions[image * each + image % each] for image in range(count)]
    return Corpus(model, v, mean_region, captions.encode(chosen, model.vocabulary, MAX_TOKENS))
