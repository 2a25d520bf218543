"""The parts of a fit, each against what it must be, spelled out."""

import itertools
import json
import math

import numpy as np
import pytest
import torch

from conftest import ROOT, TOLERANCE, loaded
from fitting_data import WIDTH, write_split
from retrieval_exporter import coarse
from retrieval_exporter.errors import ExportError
from retrieval_exporter.fitting import mining, ordering
from retrieval_exporter.fitting.batches import Batches, ScoredGroups, groups_to_score
from retrieval_exporter.fitting.embedding import embed_captions, embed_images
from retrieval_exporter.fitting.features import Features, encode
from retrieval_exporter.fitting.losses import contrast, listwise
from retrieval_exporter.fitting.measures import Measures, measure
from retrieval_exporter.fitting.pairs import PairScorer
from retrieval_exporter.fitting.rounds import Round
from retrieval_exporter.reading import captions
from retrieval_exporter.reading.splits import Split
from retrieval_exporter.runs.progress import Progress, duration

CPU = torch.device("cpu")
DOMAIN = ROOT / "tests" / "Retrieval.Domain.Tests" / "Fixtures"


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def slots(size=32):
    weights = coarse.SlotWeights(normal(4, size), normal(4, size), normal(4, size, 3), normal(4, size, 3),
                                 normal(size), True)
    return coarse.Slots(weights)


def features(images=20, per_image=2, size=32):
    random = np.random.default_rng(3)
    lengths = random.integers(3, 9, images * per_image)
    return Features(random.normal(size=(images, 5, size)).astype(np.float16),
                    random.normal(size=(lengths.sum(), size)).astype(np.float16),
                    np.cumsum(lengths) - lengths, lengths, per_image)


# Splits


def test_an_image_stored_once_a_caption_is_one_image(tmp_path):
    images = np.random.default_rng(0).normal(size=(4, 6, WIDTH)).astype(np.float32)
    write_split(tmp_path, "old", regions=images.repeat(5, axis=0), captions=["w4 w5"] * 20)
    split = Split(tmp_path, "old")
    assert (split.images, split.captions_per_image) == (4, 5)
    assert np.array_equal(split.features(np.array([3, 1])), images[[3, 1]])


def test_an_image_that_is_not_repeated_as_the_others_are_is_refused(tmp_path):
    images = np.random.default_rng(0).normal(size=(4, 6, WIDTH)).astype(np.float32).repeat(5, axis=0)
    images[17, 3, 1] = 5
    write_split(tmp_path, "old", regions=images, captions=["w4 w5"] * 20)
    split = Split(tmp_path, "old")
    assert split.features(np.array([0, 2])).shape == (2, 6, WIDTH)
    with pytest.raises(ExportError, match="old_ims.npy: row 17 differs from row 15, expected the same image 5 times"):
        split.features(np.array([2, 3]))


def test_as_many_captions_as_images_that_differ_are_one_each(tmp_path):
    write_split(tmp_path, "one", images=10, captions=["w4 w5"] * 10)
    split = Split(tmp_path, "one")
    assert (split.images, split.captions_per_image) == (10, 1)


def test_captions_are_lines_as_the_service_reads_them(tmp_path):
    write_split(tmp_path, "s", images=2)
    (tmp_path / "s_caps.txt").write_bytes("\ufeffa\u2028b\r\n\tc \nd\x0ce\n f".encode())
    assert Split(tmp_path, "s").captions == ["a\u2028b", "c", "d\x0ce", "f"]


# Tokens


@pytest.mark.parametrize("file", ["nltk-cases.json", "sentences.json", "tokens.json"])
def test_captions_are_tokenised_as_the_service_does(file):
    pytest.importorskip("nltk")
    words = captions.tokenizer()
    cases = json.loads((DOMAIN / file).read_text(encoding="utf-8"))
    assert len(cases) > 10
    for case in cases:
        assert words(case["caption"]) == case["tokens"], case["caption"]


def test_ids_have_both_markers_unknown_words_and_no_more_than_the_longest_caption():
    pytest.importorskip("nltk")
    vocabulary = ["<pad>", "<unk>", "<end>", "<start>", "a", "ball", "."]
    ids = captions.encode(["A zebra ball.", "a ball a ball a ball"], vocabulary, 6)
    assert [row.tolist() for row in ids] == [[3, 4, 1, 5, 6, 2], [3, 4, 5, 4, 5, 2]]
    table, lengths = captions.padded([ids[0], ids[1][:3]])
    assert table.tolist() == [[3, 4, 1, 5, 6, 2], [3, 4, 5, 0, 0, 0]] and lengths.tolist() == [6, 3]


# Features and scores


@pytest.mark.parametrize("case", ("camp-gate-fusion-new-concat", "scan-i2t-logsumexp", "sgraf-saf"))
def test_features_are_the_encoders_through_the_affinity_and_scores_are_the_published_ones(tmp_path, case):
    system = loaded(case).model.system
    write_split(tmp_path, "s", images=5, regions=np.random.default_rng(2).normal(size=(5, 36, 64)).astype(np.float16))
    split, random = Split(tmp_path, "s"), np.random.default_rng(1)
    ids = [np.array([1, *random.integers(4, 60, n), 2]) for n in random.integers(1, 18, 10)]
    found = encode(system, split, ids, None, "", CPU, Progress())
    table, lengths = captions.padded(ids)
    n = torch.from_numpy(lengths)
    with torch.no_grad():
        v = system.regions(torch.from_numpy(split.features(np.arange(5))))
        w = system.words(torch.from_numpy(table), n)
        scores = system.scores(v, w, n).numpy()
    query, key = system.affinity()
    queries, mask = found.caption_queries(np.array([7, 2]), CPU)
    for row, c in enumerate((7, 2)):
        expected = w[c, :lengths[c]].double() @ query
        assert (queries[row, :lengths[c]] - expected).abs().max() < 2e-3 * expected.abs().max()
        assert not queries[row, lengths[c]:].any() and int(mask[row].sum()) == lengths[c]
    expected = v.double() @ key
    assert (found.image_keys(np.array([4, 0]), CPU) - expected[[4, 0]]).abs().max() < 2e-3 * expected.abs().max()

    images, chosen = (x.reshape(-1) for x in np.meshgrid([3, 0, 4], np.arange(9, -1, -1), indexing="ij"))
    logits = PairScorer(system, split, ids, 20, CPU).score(images, chosen)
    found = 1 / (1 + np.exp(-logits)) if system.probability else logits
    assert np.abs(found - scores[images, chosen]).max() < TOLERANCE
    assert np.abs(logits).max() > 0.1 and found.std() > 1e-3


# Mining and batches


def test_neighbours_are_the_best_images_of_a_caption_but_for_its_own():
    given, model = features(), slots()
    near = mining.neighbours(model, given, 3, torch.Generator().manual_seed(5), CPU)
    generator = torch.Generator().manual_seed(5)
    order = torch.randperm(20, generator=generator).numpy()
    which = torch.randint(2, (20,), generator=generator).numpy()
    scores = (embed_captions(model, given, order * 2 + which, CPU) @ embed_images(model, given, np.arange(20), CPU).t())
    for row, image in enumerate(order):
        best = [i for i in np.argsort(-scores[row].numpy()) if i != image][:3]
        assert near[image].tolist() == best


def test_in_a_large_split_neighbours_are_looked_for_in_parts(monkeypatch):
    monkeypatch.setattr(mining, "_BLOCK", 6)
    near = mining.neighbours(slots(), features(), 3, torch.Generator().manual_seed(5), CPU)
    assert all(len(set(row) - {image}) == 3 and 0 <= min(row) and max(row) < 20 for image, row in enumerate(near))


def test_a_small_split_is_not_scored_again_and_again():
    for pairs, groups in ((640, 10), (1_000_000, 32 * 20 // 8)):
        scored = groups_to_score(slots(), features(), pairs, torch.Generator().manual_seed(5), CPU)
        assert scored["images"].shape == scored["captions"].shape == (groups, 8)


def test_a_batch_is_half_scored_groups_and_half_mined_ones():
    given = features(40)
    random = np.random.default_rng(2)
    images = np.stack([random.permutation(40)[:8] for _ in range(5)])
    scored = ScoredGroups(images, images * 2 + 1, random.normal(size=(5, 8, 8)).astype(np.float32))
    batches = Batches(given, 32, torch.Generator().manual_seed(1), scored)
    batches.refresh(slots(), CPU)
    batch = batches.next()
    assert len(batch.images) == 32 and batch.logits.shape == (2, 8, 8)
    assert (batch.captions // 2 == batch.images).all()
    for row in range(2):
        group = batch.images[row * 8:row * 8 + 8].tolist()
        which = images.tolist().index(group)
        assert np.array_equal(batch.logits[row].numpy(), scored.logits[which])
        assert (batch.captions[row * 8:row * 8 + 8] == scored.captions[which]).all()
    assert all(len(set(batch.images[first:first + 8].tolist())) == 8 for first in (16, 24))


# Losses


def test_an_image_that_is_in_a_batch_twice_is_no_negative_of_itself():
    scores = normal(4, 4)
    found = contrast(scores, torch.tensor([7, 3, 7, 1]))
    allowed = {0: (0, 1, 3), 1: (0, 1, 2, 3), 2: (1, 2, 3), 3: (0, 1, 2, 3)}
    expected = sum(-math.log(math.exp(s[i, i]) / sum(math.exp(s[i, j]) for j in allowed[i]))
                   for s in (scores, scores.t()) for i in range(4)) / 4
    assert found.item() == pytest.approx(expected, abs=1e-5)


def test_the_listwise_loss_is_the_likelihood_of_the_order():
    scores, order = normal(2, 4), torch.tensor([[2, 0, 3, 1], [1, 3, 0, 2]])
    expected = 0
    for row in range(2):
        left = order[row].tolist()
        while left:
            expected -= math.log(math.exp(scores[row, left[0]]) / sum(math.exp(scores[row, i]) for i in left))
            del left[0]
    assert listwise(scores, order).item() == pytest.approx(expected / 2, abs=1e-5)
    likelihoods = {places: math.exp(-listwise(scores[:1], torch.tensor([places])).item())
                   for places in itertools.permutations(range(4))}
    assert sum(likelihoods.values()) == pytest.approx(1, abs=1e-5)
    assert max(likelihoods, key=likelihoods.get) == tuple(scores[0].argsort(descending=True).tolist())


# Measures and the order of hits


def ranks_spelled_out(scores, own):
    """The rank of the first own item, items ordered by falling scores."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return 1 + next(place for place, i in enumerate(order) if own[i])


def test_measures_count_own_items_first_and_among_the_best_50():
    images, texts = normal(60, 4, seed=1), normal(120, 4, seed=2)
    texts += 0.4 * images.repeat_interleave(2, dim=0)
    scores = (texts @ images.t()).numpy()
    owner = np.arange(120) // 2
    to_image = [ranks_spelled_out(scores[c], np.arange(60) == owner[c]) for c in range(120)]
    to_text = [ranks_spelled_out(scores[:, i], owner == i) for i in range(60)]
    found = measure(images, texts, 2)
    for place, depth in ((found.first, 1), (found.inside, 50)):
        for value, ranks in zip(place, (to_image, to_text)):
            assert value == pytest.approx(100 * np.mean(np.array(ranks) <= depth), abs=1e-4)
    assert 0 < found.first[0] < 95 and found.inside[0] < 100


def test_one_measure_is_better_by_the_first_hits_then_by_the_best_50():
    a, b, c = Measures((50, 40), (90, 90)), Measures((45, 45), (95, 90)), Measures((60, 20), (100, 100))
    assert b.better_than(a) and not a.better_than(b) and a.better_than(c) and not a.better_than(a)


def constructed(queries=400, size=40, seed=0):
    """Shortlists in which both stages say something of the own item, and together more."""
    random = np.random.default_rng(seed)
    place = random.integers(0, 12, queries)
    own = np.arange(size) == place[:, None]
    # The scorer errs by 1, coarse scores by 0.05: weighed 20 times they are worth as much.
    values = random.normal(size=(queries, size)) + 2.5 * own
    clean = 0.05 * (random.normal(size=(queries, size)) + 2.0 * own)
    order = np.argsort(-clean, axis=1)
    return np.take_along_axis(clean, order, 1), np.take_along_axis(own, order, 1), np.take_along_axis(values, order, 1)


def test_the_order_by_both_is_better_than_either_and_its_shortlist_the_smallest_that_keeps_it():
    near, own, values = constructed()
    order = ordering.fit(near, own, values)
    assert 8 < order.weight < 50
    assert order.both[0] > order.alone[0] + 3 and order.tried == 40 and order.longest[2] > 90
    both = values + order.weight * near

    def spelled_out(size):
        ranks = [ranks_spelled_out(both[q, :size], own[q, :size]) if own[q, :size].any() else math.inf
                 for q in range(len(own))]
        return [100 * np.mean(np.array(ranks) <= depth) for depth in (1, 5, 10)]

    sizes = list(range(10, 41, 5))
    found = {size: spelled_out(size) for size in sizes}
    best = np.array(max(found.values(), key=sum))
    assert order.shortlist == min(size for size in sizes if (np.array(found[size]) > best - 0.2 - 1e-9).all())
    assert order.both == pytest.approx(found[order.shortlist], abs=0.01) and "coarse weight" in str(order)


def test_a_coarse_stage_that_knows_nothing_gets_no_weight():
    near, own, values = constructed()
    shuffled = np.random.default_rng(1).permuted(near, axis=1)
    assert ordering.fit(shuffled, own, 4 * values).weight < ordering.fit(near, own, 4 * values).weight
    assert ordering.fit(shuffled, own, 1000.0 * own).weight == 0


def test_equal_values_keep_their_coarse_order():
    own = np.array([[False, True, False], [True, False, False], [False, False, False]])
    assert ordering.ranks(np.zeros((3, 3)), own).tolist() == [2, 1, math.inf]


def test_candidates_are_the_nearest_in_coarse_order_and_queries_are_spread_evenly():
    images, texts = normal(30, 4, seed=1), normal(60, 4, seed=2)
    found = ordering.of_images(images, texts, np.array([4, 9]), 7)
    scores = (images @ texts.t()).numpy()
    for row, i in enumerate((4, 9)):
        assert found["captions"][row].tolist() == np.argsort(-scores[i])[:7].tolist()
        assert (found["images"][row] == i).all()
        np.testing.assert_allclose(found["coarse"][row], np.sort(scores[i])[::-1][:7], atol=1e-5)
    found = ordering.of_captions(images, texts, np.array([59]), 30)
    assert sorted(found["images"][0]) == list(range(30)) and (found["captions"] == 59).all()
    assert ordering.sample(5, 9).tolist() == [0, 1, 2, 3, 4] and ordering.sample(10, 4).tolist() == [0, 2, 5, 7]


def test_the_learning_rate_rises_and_falls():
    plan = Round("round 1", 1000, 0.1)
    rates = [plan.rate_at(step) for step in range(1000)]
    assert rates[0] < rates[20] < rates[49] and rates[49] == max(rates) < 0.1
    assert rates[50:] == sorted(rates[50:], reverse=True) and 0.01 < rates[-1] < 0.0102


def test_times_are_minutes_and_seconds():
    assert [duration(s) for s in (0.4, 75, 3599.6, 7325)] == ["0:00", "1:15", "1:00:00", "2:02:05"]
