"""Slots without any data: from a model's weights and its vocabulary. All in float64, rounded once."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..errors import ExportError
from ..reading.vocabulary import SPECIAL
from .slots import SlotWeights

if TYPE_CHECKING:
    from ..system import System

# How sharply words are given to the slots whose centres are near. From 10 to 40 it hardly matters.
SHARPNESS = 20.0

# Of the mean square of a query, added in every direction: a vocabulary need not fill the space.
_RIDGE = 1e-3

_SEED = 0
_STEPS = 100
_WORDS_AT_A_TIME = 256


def make(system: "System", words: list[str], slots: int, width: int, where: str) -> SlotWeights:
    """`slots` slots of `width` numbers. `words` are in the order of their ids, `where` names their source in errors."""
    maps = system.affinity()
    if maps is None:
        raise ExportError(f"--embedding slots is not for {system.name}, whose words do not attend to regions")
    query, key = maps
    own = [index for index, word in enumerate(words) if word not in SPECIAL.values()]
    if not own:
        raise ExportError(f"{where}: the vocabulary has no words of its own, and slots are made of words")
    if len(own) < slots:
        raise ExportError(f"{where}: the vocabulary has {len(own)} words of its own, fewer than the {slots} slots")
    if width > query.shape[1]:
        raise ExportError(f"--slot-width {width} is more than the {query.shape[1]} numbers of a word's query")
    q = word_features(system, own) @ query
    centres = cluster_centres(q, slots)
    of_captions, of_images = projections(q, channel_features(system) @ key, width)
    means = cluster_means(q, centres)
    return SlotWeights(
        slot_means=means.float(),
        slot_centres=(SHARPNESS * centres).float(),
        query_projection=of_captions.float().repeat(slots, 1, 1),
        key_projection=of_images.float().repeat(slots, 1, 1),
        word_weight=torch.zeros(query.shape[1]),
        unit=False)


def word_features(system: "System", ids: list[int]) -> Tensor:
    """[V, D] features of words, each encoded by itself. Between the two markers they are nearer to one another, which
    measured worse."""
    with torch.no_grad():
        batches = torch.tensor(ids).unsqueeze(1).split(_WORDS_AT_A_TIME)
        features = [system.words(batch, torch.ones(len(batch), dtype=torch.int64)) for batch in batches]
    return torch.cat(features).squeeze(1).double()


def channel_features(system: "System") -> Tensor:
    """[W, D]: what each channel of a region adds to its feature. Images are not to be had, so that every channel is
    taken to vary as much as any other and by itself."""
    channels = torch.eye(system.region_width)
    with torch.no_grad():
        return (system.regions(channels.unsqueeze(0))[0] - system.regions(torch.zeros(1, 1, len(channels)))[0]).double()


def cluster_centres(q: Tensor, count: int) -> Tensor:
    """Spherical k-means of queries [V, D']: centres [count, D'] of unit length. A centre that loses all its words
    goes to the word that is farthest from any."""
    q = normalize(q, dim=-1)
    start = torch.randperm(len(q), generator=torch.Generator().manual_seed(_SEED))[:count]
    centres, owner = q[start], None
    for _ in range(_STEPS):
        near = q @ centres.t()
        before, owner = owner, near.argmax(dim=1)
        if before is not None and torch.equal(before, owner):
            break
        sums = torch.zeros_like(centres).index_add_(0, owner, q)
        empty = torch.bincount(owner, minlength=count) == 0
        sums[empty] = q[near.amax(dim=1).argsort()[:int(empty.sum())]]
        centres = normalize(sums, dim=-1)
    return centres


def cluster_means(q: Tensor, centres: Tensor) -> Tensor:
    """[B, D'] mean query of the words nearest to each centre. A centre that has none, as of words that are all alike,
    is as long as the mean query of all words."""
    owner = (normalize(q, dim=-1) @ centres.t()).argmax(dim=1)
    size = torch.bincount(owner, minlength=len(centres)).unsqueeze(1)
    sums = torch.zeros_like(centres).index_add_(0, owner, q)
    return torch.where(size > 0, sums / size.clamp(min=1), centres * q.norm(dim=1).mean())


def projections(q: Tensor, k: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Q, P [D', width] for which (q Q) . (k P) is as near to q . k as so few numbers allow, in the mean of the square
    over queries and keys like `q` [V, D'] and `k` [W, D'].

    With A = E[q q^T] and U the leading eigenvectors of A^1/2 E[k k^T] A^1/2: Q = A^-1/2 U, P = A^1/2 U.
    """
    second = q.t() @ q / len(q)
    second += _RIDGE * second.diagonal().mean() * torch.eye(len(second), dtype=q.dtype)
    values, vectors = torch.linalg.eigh(second)
    root = (vectors * values.sqrt()) @ vectors.t()
    inverse = (vectors / values.sqrt()) @ vectors.t()
    leading = torch.linalg.eigh(root @ (k.t() @ k / len(k)) @ root)[1][:, -width:]
    return inverse @ leading, root @ leading
