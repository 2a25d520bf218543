"""What a training reads and measures: splits, batches, vocabularies, standardised regions, dev."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from conftest import TOLERANCE
from fitting_data import PER_IMAGE, WIDTH, write_split
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import vocabulary as vocabularies
from retrieval_exporter.reading.captions import padded
from retrieval_exporter.reading.splits import Split
from retrieval_exporter.recipe import Recipe
from retrieval_exporter.training import vocabulary
from retrieval_exporter.training.batches import Batches, ahead
from retrieval_exporter.training.inputs import Standardised
from retrieval_exporter.training.learner import Learner
from retrieval_exporter.training.measures import Dev, recalls
from retrieval_exporter.training.options import Options
from retrieval_exporter.training.starts import Start
from training_models import made, published


@pytest.fixture
def split(tmp_path):
    write_split(tmp_path, "train")
    return Split(tmp_path, "train")


@pytest.mark.parametrize("images, captions", [(100, 0), (10, 1)])
def test_dev_is_every_pair_of_its_first_images_and_their_first_captions(split, images, captions):
    system, random = made("camp-gate-fusion-new", {}), np.random.default_rng(0)
    ids = [random.integers(4, 30, length) for length in random.integers(3, 9, 48)]
    learner = Learner(Start(system, Recipe(), False, []), Options(), split, torch.device("cpu"), "float32").train()
    images, captions = min(images, 24), captions or PER_IMAGE
    kept = [ids[image * PER_IMAGE + place] for image in range(images) for place in range(captions)]
    table, lengths = (torch.from_numpy(x) for x in padded(kept))
    with torch.no_grad():
        v, w = system.regions(torch.from_numpy(split.features(np.arange(images)))), system.words(table, lengths)
        expected = recalls(published(system, v, w, lengths), captions)
    assert Dev(split, ids, images, captions).measure(learner, False) == expected and learner.training
    with torch.no_grad():
        expected = recalls(system.pretraining_scores(v, w, lengths), captions)
    assert Dev(split, ids, images, captions).measure(learner, True) == expected


def batches_of(split, size=10, together=False, drawn=0, seed=1):
    return Batches(split, [np.full(caption % 5 + 2, caption) for caption in range(48)], size, together, drawn, seed)


@pytest.mark.parametrize("together", [False, True])
def test_an_epoch_has_every_caption_once_with_its_image(split, together):
    batches = batches_of(split, together=together)
    assert batches.per_epoch == 5
    orders = [np.concatenate(batches.captions(*place)) for place in ((0, 0), (1, 0), (0, 1))]
    assert all(sorted(order) == list(range(48)) for order in orders) and not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2]) and np.array_equal(orders[0], np.concatenate(batches.captions(0)))
    for captions in batches.captions(0):
        batch = batches.load(captions, 0)
        assert batch.images.tolist() == [caption // PER_IMAGE for caption in captions]
        assert np.array_equal(batch.regions, split.features(batch.images))
        assert [row[:length].tolist() for row, length in zip(batch.token_ids, batch.lengths)] \
            == [[caption] * (caption % 5 + 2) for caption in captions]
        if together:
            pairs = captions.reshape(-1, 2)
            assert all(a // PER_IMAGE ^ b // PER_IMAGE == 1 and a % PER_IMAGE == b % PER_IMAGE for a, b in pairs)


def test_a_last_batch_of_one_pair_is_left_out(split):
    assert batches_of(split, size=47).per_epoch == 1 and batches_of(split, size=46).per_epoch == 2


def test_drawn_regions_are_the_images_own_and_others_at_each_step(split):
    batches = batches_of(split, drawn=4)
    captions = batches.captions(0)[0]
    seen = []
    for step in (0, 0, 1):
        batch = batches.load(captions, step)
        assert batch.regions.shape == (10, 4, WIDTH)
        whole = split.features(batch.images)
        place = (batch.regions.numpy()[:, :, None] == whole[:, None]).all(axis=3)
        assert (place.sum(axis=2) == 1).all() and (place.sum(axis=1) <= 1).all()
        seen.append(place)
    assert np.array_equal(seen[0], seen[1]) and not np.array_equal(seen[0], seen[2])


def test_batches_from_a_step_on_are_those_that_come_without_a_stop(split):
    batches = batches_of(split, drawn=4)
    whole = list(itertools.islice(batches.after(0), 12))
    rest = list(itertools.islice(batches.after(7), 5))
    for one, other in zip(whole[7:], rest):
        assert np.array_equal(one.images, other.images) and torch.equal(one.regions, other.regions)
        assert torch.equal(one.token_ids, other.token_ids)


def test_what_is_read_ahead_comes_in_order_and_so_do_its_errors():
    assert list(ahead(range(5), lambda item: item * 2)) == [0, 2, 4, 6, 8] and list(ahead([], str)) == []
    reading = ahead([1, 2, 0, 3], lambda item: 6 // item)
    assert [next(reading), next(reading)] == [6, 3]
    with pytest.raises(ZeroDivisionError):
        next(reading)


def test_a_vocabulary_has_the_words_that_occur_often_enough(tmp_path):
    write_split(tmp_path, "train", images=1, captions=["A ball, a see-through ball <unk>", "a cube and a ball"])
    split = Split(tmp_path, "train")
    assert vocabulary.make(split, 2) == ["<pad>", "<start>", "<end>", "<unk>", "a", "ball"]
    whole = vocabulary.make(split, 1)
    assert whole[4:6] == ["a", "ball"] and whole[6:] == sorted(whole[6:]) and "see-through" in whole
    vocabulary.write(tmp_path / "v.json", whole)
    assert vocabularies.read(tmp_path / "v.json") == whole
    with pytest.raises(ExportError, match="no word occurs 5 times"):
        vocabulary.make(split, 5)


@pytest.mark.parametrize("name", ["camp-paper", "vsepp"])
def test_a_standardised_encoder_takes_raw_regions_when_folded_and_again_when_unfolded(split, name):
    system = made(name, {})
    regions = torch.from_numpy(split.features(np.arange(24)))
    raw = system.regions(regions)
    standardised = Standardised(system, split, torch.device("cpu"))
    rows = standardised(regions).flatten(0, 1)
    assert rows.mean(dim=0).abs().max() < 1e-5 and (rows.std(dim=0) - 1).abs().max() < 0.05
    trained = system.regions(standardised(regions))
    weight = system.regions.fc.weight.detach().clone()
    with standardised.folded():
        assert (system.regions(regions) - trained).abs().max() < TOLERANCE
    assert torch.equal(system.regions.fc.weight, weight)
    standardised.unfold()
    assert (system.regions(standardised(regions)) - raw).abs().max() < TOLERANCE


def test_standardising_is_refused_where_the_encoder_does_not_begin_with_a_linear_map(split):
    system = made("vsepp", {})
    system.regions = nn.Sequential(system.regions)
    with pytest.raises(ExportError, match="--standardise is not for vsepp"):
        Standardised(system, split, torch.device("cpu"))
