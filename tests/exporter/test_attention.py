"""Attention across words and regions, against sums written out in float64."""

import math

import pytest
import torch

from retrieval_exporter.attention import NORMS, CrossAttention, attended_cosine, cosine, gram, normalised

SHARPNESS = 6.0


def scaled(column, norm):
    """One column of affinities as a list, scaled as the norm says."""
    if norm.startswith("clipped"):
        column = [s if s > 0 else 0.1 * s for s in column]
    if norm == "softmax":
        total = sum(math.exp(s) for s in column)
        return [math.exp(s) / total for s in column]
    if norm.endswith("l2norm"):
        return [s / (math.sqrt(sum(t * t for t in column)) + 1e-8) for s in column]
    if norm.endswith("l1norm"):
        return [s / (sum(abs(t) for t in column) + 1e-8) for s in column]
    return column


def written_out(affinity, norm):
    """Affinities of one pair [A, B], unpadded -> weights [A, B]."""
    columns = [scaled(column, norm) for column in affinity.double().t().tolist()]
    rows = [[math.exp(SHARPNESS * columns[j][i]) for j in range(len(columns))] for i in range(len(affinity))]
    return torch.tensor([[x / sum(row) for x in row] for row in rows], dtype=torch.float64)


def example(pairs=3, a=7, b=5, d=8):
    generator = torch.Generator().manual_seed(4)
    x, y = (torch.randn(pairs, n, d, generator=generator) for n in (a, b))
    return x, y, torch.softmax(3 * torch.randn(pairs, a, b, generator=generator), dim=-1)


@pytest.mark.parametrize("norm", NORMS)
def test_weights_are_those_of_the_equations_whichever_side_is_padded(norm):
    x, y, _ = example()
    affinity = 0.3 * x @ y.transpose(1, 2)
    lengths = torch.tensor([7, 4, 1])
    attending = torch.arange(7) < lengths.unsqueeze(1)
    attend = CrossAttention(norm, SHARPNESS)
    noise = torch.where(attending.unsqueeze(-1), affinity, torch.tensor(50.0))
    of_padded, to_padded = attend(noise, attending), attend(noise.transpose(1, 2), None, attending)
    for p, n in enumerate(lengths):
        expected = written_out(affinity[p, :n], norm)
        assert (of_padded[p, :n] - expected).abs().max() < 1e-6
        expected = written_out(affinity[p, :n].t(), norm)
        assert (to_padded[p, :, :n] - expected).abs().max() < 1e-6
        assert (to_padded[p, :, n:] == 0).all()
    assert torch.isfinite(of_padded).all()


def test_cosines_by_the_gram_matrix_are_those_of_what_is_attended_to():
    x, y, weights = example()
    found = attended_cosine(weights, x @ y.transpose(1, 2), gram(y), x.norm(dim=-1))
    assert (found - cosine(x, weights @ y)).abs().max() < 1e-6
    expected = torch.nn.functional.cosine_similarity(x.double(), weights.double() @ y.double(), dim=-1)
    assert (found - expected).abs().max() < 1e-6


def test_of_features_of_unit_length_no_length_is_needed():
    x, y, weights = example()
    x = x / x.norm(dim=-1, keepdim=True)
    assert (attended_cosine(weights, x @ y.transpose(1, 2), gram(y)) - cosine(x, weights @ y)).abs().max() < 1e-6


def test_what_has_no_length_has_cosine_zero():
    x, y, weights = example()
    y[0], x[1] = 0, 0
    found = attended_cosine(weights, x @ y.transpose(1, 2), gram(y), x.norm(dim=-1))
    assert (found[:2] == 0).all() and (cosine(x, weights @ y)[:2] == 0).all() and (found[2] != 0).all()


def test_a_norm_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="not 'l3norm'"):
        normalised(torch.zeros(1, 2, 3), "l3norm")
