"""Recall at 1, 5, 10 in both directions, and the accuracy on hard-negative pairs."""

import torch
from retrieval_exporter import model as exported
from scene_corpus.captions import CAPTIONS

from .alignment import relevance
from .pairs import caption_side, image_side, score_all


def encode(model, split, rows=None):
    """Both sides of a split, captions `rows` of it (all by default)."""
    rows = torch.arange(len(split.ids)) if rows is None else rows
    with torch.no_grad():
        images = image_side(model.scorer, model.regions(split.features.float()))
        captions = caption_side(model.scorer, model.text(split.ids[rows], split.lengths[rows]), split.lengths[rows])
    return images, captions


def quick_recall(model, split, aligned=False):
    """R@1 with one caption an image, and the share of twins told apart. `aligned`: by relevance alone."""
    rows = torch.arange(len(split)) * CAPTIONS
    with torch.no_grad():
        images, captions = encode(model, split, rows)
        scores = (relevance(model.scorer, images.v, captions.w, split.lengths[rows]) if aligned else
                  score_all(model.scorer, images, captions))
    own = torch.arange(len(split))
    to_image = (scores.argmax(dim=0) == own).float().mean().item()
    to_caption = (scores.argmax(dim=1) == own).float().mean().item()
    paired = split.twin >= 0
    twins = (scores[own, own] > scores[split.twin.clamp_min(0), own])[paired].float().mean().item()
    return {key: round(100 * value, 1) for key, value in (
        ("r1", (to_image + to_caption) / 2), ("t2i", to_image), ("i2t", to_caption), ("twins", twins))}


def embed(folder, coarse, split, chunk=1000):
    """Embeddings of the images [N, E] and the captions [5N, E] as a bundle has them, and its ranking or None: of the
    checkpoint in `folder` and the file `coarse`."""
    whole = exported.from_checkpoint(folder / "model.pth", vocabulary_path=folder / "vocabulary.json",
                                     coarse_path=coarse)
    with torch.no_grad():
        images = [whole.coarse.image(whole.system.regions(part.float())) for part in split.features.split(chunk)]
        captions = [whole.coarse.caption(whole.system.words(ids, lengths), lengths)
                    for ids, lengths in zip(split.ids.split(chunk), split.lengths.split(chunk))]
    return torch.cat(images), torch.cat(captions), whole.ranking
