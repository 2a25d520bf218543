"""A split in memory, encoded by a model, and which images are each other's hard negatives."""

from dataclasses import dataclass

import numpy as np
import torch
from retrieval_exporter.reading import captions
from retrieval_exporter.reading.splits import Split
from scene_corpus.corpus import read_scenes

MAX_TOKENS = 32
_CHUNK = 1000


@dataclass(frozen=True)
class Encoded:
    """Features of N images and of their captions [5N], lengths [5N], and embeddings as a bundle has them."""

    v: torch.Tensor
    w: torch.Tensor
    lengths: torch.Tensor
    images: torch.Tensor
    captions: torch.Tensor


def encode(model, folder, name, count=None):
    """The first `count` images of a split by the encoders and the coarse embedding of an exporter's `Model`."""
    split, system, coarse = Split(folder, name), model.system, model.coarse
    count = min(count or split.images, split.images)
    ids = captions.encode(split.captions[:count * split.captions_per_image], model.vocabulary, MAX_TOKENS)
    ids, lengths = (torch.from_numpy(x) for x in captions.padded(ids))
    with torch.no_grad():
        v = torch.cat([system.regions(torch.from_numpy(split.features(rows)))
                       for rows in np.array_split(np.arange(count), -(-count // _CHUNK))])
        w = torch.cat([system.words(*part) for part in zip(ids.split(_CHUNK), lengths.split(_CHUNK))])
        images = torch.cat([coarse.image(part) for part in v.split(_CHUNK)])
        texts = torch.cat([coarse.caption(*part) for part in zip(w.split(_CHUNK), lengths.split(_CHUNK))])
    return Encoded(v, w, lengths, images, texts)


def twins(folder, name, count):
    """The number of each image's hard negative [N], -1 where it has none, and what is swapped in it, "" where nothing
    is."""
    scenes = read_scenes(folder, name)[:count]
    place = {scene.id: index for index, scene in enumerate(scenes)}
    return (np.array([place.get(scene.hard_negative_of, -1) for scene in scenes]),
            np.array([scene.swap["attribute"] if scene.swap else "" for scene in scenes]))
