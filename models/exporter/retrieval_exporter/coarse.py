"""The coarse embedding: one vector an image and one a caption, compared by inner product for the shortlist."""

import numpy as np
import torch
from torch import nn

from .camp import folding
from .errors import ExportError
from .operations import l2


def mean_words(w, lengths):
    """[B, T, D] features, zero behind a caption's last word, and [B] lengths -> their mean [B, D]."""
    return w.sum(dim=1) / lengths.to(w.dtype).unsqueeze(1)


class Bilinear(nn.Module):
    """Needs no training data. The mean of the affinities v M_r w^T over all region-word pairs is
    mean(v) . (mean(w) M_r^T): an inner product of two pooled vectors. Width D."""

    source = "bilinear"

    def __init__(self, scorer):
        super().__init__()
        to_regions, _ = folding.affinities(scorer)
        self.register_buffer("matrix", folding.rounded(to_regions.t(), False))
        self.width = self.matrix.shape[1]

    def image(self, v):
        return v.mean(dim=1)

    def caption(self, w, lengths):
        return mean_words(w, lengths) @ self.matrix


class Heads(nn.Module):
    """Two trained linear maps of the pooled features, then unit length."""

    source = "heads"

    def __init__(self, image_weight, caption_weight, image_bias, caption_bias):
        super().__init__()
        for name, weight, bias in (("image", image_weight, image_bias), ("caption", caption_weight, caption_bias)):
            self.register_buffer(name + "_matrix", weight.float().t().contiguous())
            self.register_buffer(name + "_bias", bias.float().contiguous())
        self.width = image_weight.shape[0]

    def image(self, v):
        return l2(torch.addmm(self.image_bias, v.mean(dim=1), self.image_matrix))

    def caption(self, w, lengths):
        return l2(torch.addmm(self.caption_bias, mean_words(w, lengths), self.caption_matrix))


def heads_from(entries, embed_size, where):
    """Heads of a mapping with `image_weight`, `caption_weight` [E, D] and, if given, `image_bias`,
    `caption_bias` [E]. `where` names the source in errors."""
    weights = []
    for name in ("image_weight", "caption_weight"):
        if name not in entries:
            raise ExportError("%s: no %s among the coarse heads" % (where, name))
        weight = torch.as_tensor(entries[name])
        if weight.dim() != 2 or weight.shape[1] != embed_size:
            raise ExportError("%s: %s has shape %s, expected [E, %d]"
                              % (where, name, list(weight.shape), embed_size))
        weights.append(weight)
    width = weights[0].shape[0]
    if weights[1].shape[0] != width:
        raise ExportError("%s: image_weight and caption_weight differ in width, %d and %d"
                          % (where, width, weights[1].shape[0]))
    biases = []
    for name in ("image_bias", "caption_bias"):
        bias = torch.as_tensor(entries[name]) if name in entries else torch.zeros(width)
        if list(bias.shape) != [width]:
            raise ExportError("%s: %s has shape %s, expected [%d]" % (where, name, list(bias.shape), width))
        biases.append(bias)
    unknown = sorted(set(entries) - {"image_weight", "caption_weight", "image_bias", "caption_bias"})
    if unknown:
        raise ExportError("%s: unknown entry %s among the coarse heads" % (where, unknown[0]))
    return Heads(weights[0], weights[1], biases[0], biases[1])


def heads_from_file(path, embed_size):
    """Reads `--coarse FILE`, an .npz. Pickled arrays are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            entries = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, AttributeError, EOFError) as error:
        raise ExportError("%s: not readable as an .npz of plain arrays: %s" % (path, error))
    return heads_from(entries, embed_size, str(path))
