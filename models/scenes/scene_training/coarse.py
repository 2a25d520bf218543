"""Two heads that look for hard negatives while the scorer trains: a linear map a side on the mean feature, unit length.

What the bundle has as its coarse stage is made afterwards, by the exporter's fit_coarse.py.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from retrieval_exporter.coarse import mean_regions, mean_words
from scene_corpus.captions import CAPTIONS

SHARPNESS = 20.0


class Heads(nn.Module):
    """Pooled features [N, D] to unit vectors [N, E]."""

    def __init__(self, embed_size, width):
        super().__init__()
        self.image = nn.Linear(embed_size, width)
        self.caption = nn.Linear(embed_size, width)

    def scores(self, images, captions):
        return normalize(self.image(images), dim=-1) @ normalize(self.caption(captions), dim=-1).t()


def pooled(model, split, chunk=1000):
    """Mean region features [N, D] and mean word features [5N, D] of the frozen trunk."""
    images, captions = [], []
    with torch.no_grad():
        for features in split.features.split(chunk):
            images.append(mean_regions(model.regions(features.float())))
        for ids, lengths in zip(split.ids.split(chunk), split.lengths.split(chunk)):
            captions.append(mean_words(model.text(ids, lengths), lengths))
    return torch.cat(images), torch.cat(captions)


def contrast(scores):
    """Cross-entropy of the own pair among [n, n] cosines, own pairs on the diagonal, in both directions.

    Measured against a hinge with the hardest negative, it finds about three times as many at rank 1.
    """
    own = torch.arange(len(scores))
    return cross_entropy(SHARPNESS * scores, own) + cross_entropy(SHARPNESS * scores.t(), own)


def fit(images, captions, width, steps, rate=2e-3, batch=512, seed=1):
    """Heads on frozen pooled features: [N, D] of the images, [5N, D] of their captions."""
    torch.manual_seed(seed)
    heads = Heads(images.shape[1], width)
    # Pooled features differ widely in scale: train on standardised ones, fold that in afterwards.
    shifts = [(x.mean(dim=0), x.std(dim=0) + 1e-4) for x in (images, captions)]
    images, captions = [(x - mean) / scale for x, (mean, scale) in zip((images, captions), shifts)]
    optimiser = torch.optim.Adam(heads.parameters(), lr=rate)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1 - 0.95 * step / steps)
        rows = torch.randperm(len(images))[:batch]
        which = rows * CAPTIONS + torch.randint(CAPTIONS, (len(rows),))
        loss = contrast(heads.scores(images[rows], captions[which]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % 500 == 0:
            print(f"coarse step {step + 1} loss {float(loss):.4f}", flush=True)
    for layer, (mean, scale) in zip((heads.image, heads.caption), shifts):
        layer.weight.data = layer.weight.data / scale
        layer.bias.data = layer.bias.data - layer.weight.data @ mean
    return heads
