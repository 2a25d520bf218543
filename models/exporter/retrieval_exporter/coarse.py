"""The coarse embedding: one vector an image and one a caption, compared by inner product for the shortlist."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .errors import ExportError
from .numbers.operations import l2


def mean_regions(v: Tensor) -> Tensor:
    """[B, R, D] -> [B, D]. Features that are one vector an image already stay as they are."""
    return v if v.dim() == 2 else v.mean(dim=1)


def mean_words(w: Tensor, lengths: Tensor) -> Tensor:
    """[B, T, D] features, zero behind a caption's last word, and [B] lengths -> their mean [B, D]. Features that are
    one vector a caption already stay as they are."""
    return w if w.dim() == 2 else w.sum(dim=1) / lengths.to(w.dtype).unsqueeze(1)


class Coarse(nn.Module):
    """`source` is what bundle.json says of it, `width` the length of its vectors."""

    source: str
    width: int

    def image(self, v: Tensor) -> Tensor:
        """Features of B images -> [B, E]."""
        raise NotImplementedError

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        """Features and lengths of B captions -> [B, E]."""
        raise NotImplementedError


class Heads(Coarse):
    """Two trained linear maps of the pooled features, then unit length."""

    source = "heads"

    def __init__(self, image_weight: Tensor, caption_weight: Tensor, image_bias: Tensor, caption_bias: Tensor) -> None:
        super().__init__()
        for name, weight, bias in (("image", image_weight, image_bias), ("caption", caption_weight, caption_bias)):
            self.register_buffer(name + "_matrix", weight.float().t().contiguous())
            self.register_buffer(name + "_bias", bias.float().contiguous())
        self.width = image_weight.shape[0]

    def image(self, v: Tensor) -> Tensor:
        return l2(torch.addmm(self.image_bias, mean_regions(v), self.image_matrix))

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        return l2(torch.addmm(self.caption_bias, mean_words(w, lengths), self.caption_matrix))


def heads_from(entries: Mapping[str, Any], embed_size: int, where: str) -> Heads:
    """Heads of a mapping with `image_weight`, `caption_weight` [E, D] and, if given, `image_bias`,
    `caption_bias` [E]. `where` names the source in errors."""
    weights = []
    for name in ("image_weight", "caption_weight"):
        if name not in entries:
            raise ExportError(f"{where}: no {name} among the coarse heads")
        weight = torch.as_tensor(entries[name])
        if weight.dim() != 2 or weight.shape[1] != embed_size:
            raise ExportError(f"{where}: {name} has shape {list(weight.shape)}, expected [E, {embed_size}]")
        weights.append(weight)
    width = weights[0].shape[0]
    if weights[1].shape[0] != width:
        raise ExportError(f"{where}: image_weight and caption_weight differ in width, {width} and "
                          f"{weights[1].shape[0]}")
    biases = []
    for name in ("image_bias", "caption_bias"):
        bias = torch.as_tensor(entries[name]) if name in entries else torch.zeros(width)
        if list(bias.shape) != [width]:
            raise ExportError(f"{where}: {name} has shape {list(bias.shape)}, expected [{width}]")
        biases.append(bias)
    unknown = sorted(set(entries) - {"image_weight", "caption_weight", "image_bias", "caption_bias"})
    if unknown:
        raise ExportError(f"{where}: unknown entry {unknown[0]} among the coarse heads")
    return Heads(weights[0], weights[1], biases[0], biases[1])


def heads_from_file(path: Path | str, embed_size: int) -> Heads:
    """Reads `--coarse FILE`, an .npz. Pickled arrays are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            entries = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, AttributeError, EOFError) as error:
        raise ExportError(f"{path}: not readable as an .npz of plain arrays: {error}")
    return heads_from(entries, embed_size, str(path))
