"""Weights of a published scorer, multiplied together at export. All of it in float64, rounded once.

A linear map without bias commutes with an attention, whose rows are weighted means: (a x) W^T = a (x W^T).
So whatever depends on one side alone becomes part of that side's record, or of the query.
"""

import math

import torch
from torch import Tensor, nn


def matrix(linear: nn.Linear) -> Tensor:
    """The weight of an `nn.Linear` as float64 [in, out]."""
    return linear.weight.detach().double().t()


def kernel(query: nn.Linear, key: nn.Linear) -> Tensor:
    """Float64 M [D, D] for which x M y^T = (x W_q^T)(y W_k^T)^T / sqrt(width)."""
    return matrix(query) @ matrix(key).t() / math.sqrt(query.weight.shape[0])


def affinities(scorer: nn.Module) -> tuple[Tensor, Tensor | None]:
    """(M_r, M_w): region-to-word affinity v M_r w^T [R, T], word-to-region affinity w M_w v^T [T, R].

    Where one affinity serves both attentions, M_w is None: it would be the transpose.
    """
    if hasattr(scorer, "img_query_fc"):
        return (kernel(scorer.img_query_fc, scorer.txt_key_fc), kernel(scorer.txt_query_fc, scorer.img_key_fc))
    if hasattr(scorer, "img_key_fc"):
        return kernel(scorer.img_key_fc, scorer.txt_key_fc), None
    return kernel(scorer.img_proj, scorer.txt_proj), None


def query_and_key(scorer: nn.Module) -> tuple[nn.Linear, nn.Linear]:
    """The layers by which words attend to regions: queries of words, keys of regions."""
    names = next(names for names in (("txt_query_fc", "img_key_fc"), ("txt_key_fc", "img_key_fc"),
                                     ("txt_proj", "img_proj")) if hasattr(scorer, names[0]))
    return tuple(getattr(scorer, name) for name in names)


def words_to_regions(scorer: nn.Module) -> tuple[Tensor, Tensor]:
    """(Q, K), each [D, width]: the affinity with which words attend to regions is (w Q) (v K)^T."""
    query, key = map(matrix, query_and_key(scorer))
    return query / math.sqrt(query.shape[1]), key


def refinements(scorer: nn.Module) -> tuple[Tensor, Tensor]:
    """(M_c, M_g): among messages to regions, made of words; among messages to words, made of regions."""
    return (kernel(scorer.weighted_txt_query_fc, scorer.weighted_txt_key_fc),
            kernel(scorer.weighted_img_query_fc, scorer.weighted_img_key_fc))


def halves(layer: nn.Linear, concat: bool) -> tuple[Tensor, Tensor]:
    """The parts [D, D] of a fusion layer that act on the feature and on its message; equal for `sum`."""
    whole = matrix(layer)
    if not concat:
        return whole, whole
    width = whole.shape[0] // 2
    return whole[:width], whole[width:]


def rounded(x: Tensor, half: bool) -> Tensor:
    """To the type of the exported weights."""
    return x.to(torch.float16 if half else torch.float32).contiguous()
