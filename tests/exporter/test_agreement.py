"""What 8 and 16 bits change in a ranking, on a model that was trained: the demo corpus' first images and captions."""

import json

import numpy as np
import pytest
import torch

from conftest import ROOT
from retrieval_exporter import model
from retrieval_exporter.settings import Settings
from scoring import pairs, tensors, text_to_image

SCENES = ROOT / "models" / "scenes"
IMAGES, CAPTIONS, TOP, MAX_TOKENS = 60, 100, 10, 50


@pytest.fixture(scope="module")
def corpus():
    """Features [I, R, D], [C, T, D] and lengths [C]; captions are of these images and of their neighbours."""
    system = model.from_checkpoint(SCENES / "checkpoint" / "model.pth", None,
                                   SCENES / "checkpoint" / "vocabulary.json").system
    ids = {word: i for i, word in enumerate(json.loads((SCENES / "bundle" / "vocabulary.json").read_text())["words"])}
    lines = (SCENES / "corpus" / "test_caps.txt").read_text(encoding="utf-8").splitlines()[:5 * CAPTIONS:5]
    # The corpus is made of plain words: whatever is stuck to one becomes <unk>, which serves as well here.
    captions = [[ids["<start>"], *(ids.get(word, ids["<unk>"]) for word in line.lower().split()), ids["<end>"]]
                for line in lines]
    captions.sort(key=len, reverse=True)
    lengths = torch.tensor([len(caption) for caption in captions])
    tokens = torch.zeros(len(captions), int(lengths.max()), dtype=torch.int64)
    for row, caption in zip(tokens, captions):
        row[:len(caption)] = torch.tensor(caption)
    regions = np.load(SCENES / "corpus" / "test_ims.npy", mmap_mode="r")[:IMAGES].astype(np.float32)
    with torch.no_grad():
        return system, system.regions(torch.from_numpy(regions)), system.words(tokens, lengths), lengths


def scores_of(corpus, **settings):
    system, v, w, lengths = corpus
    form = system.form(Settings(**settings, regions=v.shape[1], max_tokens=MAX_TOKENS)).eval()
    given = tensors(form, v, w, lengths)
    image, caption = pairs(len(v), len(w))
    parts = [text_to_image(form, given, i, c) for i, c in zip(image.split(1000), caption.split(1000))]
    return torch.cat(parts).reshape(len(v), len(w))


@pytest.fixture(scope="module")
def exact(corpus):
    return scores_of(corpus)


def shared_top(left, right):
    """For every query, a row each, how many of its ten best are the same."""
    best = [x.argsort(dim=1, descending=True)[:, :TOP] for x in (left, right)]
    return (best[0].unsqueeze(2) == best[1].unsqueeze(1)).sum(dim=(1, 2))


# Of 160 queries, where one is worth 0.6 percent; models/exporter/README.md has the shares of 2,000.
@pytest.mark.parametrize("precision, records, difference, unchanged, kept", [
    ("int8", "float32", 5e-3, 0.97, 0.995), ("int8", "float16", 5e-3, 0.97, 0.995),
    ("float16", "float16", 2e-3, 0.97, 0.995), ("float32", "int8", 1.5e-1, 0.85, 0.98)])
def test_a_narrow_form_ranks_as_float32_does(corpus, exact, precision, records, difference, unchanged, kept):
    scores = scores_of(corpus, precision=precision, records=records)
    shared = torch.cat((shared_top(scores.t(), exact.t()), shared_top(scores, exact)))
    assert (scores - exact).abs().max() < difference
    assert (shared == TOP).float().mean() >= unchanged
    assert shared.float().mean() / TOP >= kept
