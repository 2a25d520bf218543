"""The embedding made of slots: its equation, its weights folded for export, and its file."""

import math

import numpy as np
import pytest
import torch

from conftest import ATTENDING, CASES, TOLERANCE, loaded
from retrieval_exporter import model, registry
from retrieval_exporter.coarse import Ranking, SlotEmbedding, Slots, SlotWeights, files
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import checkpoints
from retrieval_exporter.system import Sizes
from vector_system import VectorCosine


def weights(slots=5, size=32, width=3, unit=False, seed=5):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=g)

    return SlotWeights(normal(slots, size), 4 * normal(slots, size), normal(slots, size, width),
                       normal(slots, size, width), normal(size), unit)


def spelled_out(q, k, s):
    """The equations over one caption's queries [T, D'] and one image's keys [R, D'], in float64 and without a product
    of matrices: x [B, p], y [B, p]."""
    q, k = q.double().numpy(), k.double().numpy()
    means, centres, to_q, to_k, word_weight = (
        getattr(s, name).double().numpy()
        for name in ("slot_means", "slot_centres", "query_projection", "key_projection", "word_weight"))
    u = np.array([math.exp(min(4, max(-4, word @ word_weight))) for word in q])
    x, y = np.zeros(to_k.shape[::2]), np.zeros(to_q.shape[::2])
    for b in range(len(means)):
        found = np.array([math.exp(means[b] @ region) for region in k])
        x[b] = sum(share * region for share, region in zip(found / found.sum(), k)) @ to_k[b]
        for word, weight in zip(q, u / u.sum()):
            shares = np.exp(centres @ word / np.linalg.norm(word))
            y[b] += weight * shares[b] / shares.sum() * word @ to_q[b]
    if s.unit:
        x = x / np.linalg.norm(x)
    return x.reshape(-1), (y / np.linalg.norm(y)).reshape(-1)


@pytest.mark.parametrize("unit", [False, True])
def test_slots_compute_their_equation_whatever_lies_behind_a_caption(unit):
    s = weights(unit=unit)
    # Short enough for some words to reach the bound of their weight, and for others not to.
    q, k = 0.6 * torch.randn(4, 7, 32), 0.3 * torch.randn(3, 9, 32)
    lengths = torch.tensor([7, 1, 4, 6])
    mask = torch.arange(7) < lengths[:, None]
    captions = Slots(s).caption(q, mask)
    images = Slots(s).image(k)
    assert captions.shape == (4, s.width) and images.shape == (3, s.width) and s.width == 15
    for i, n in enumerate(lengths):
        x, y = spelled_out(q[i, :n], k[i % 3], s)
        assert np.abs(captions[i].detach().numpy() - y).max() < TOLERANCE
        assert np.abs(images[i % 3].detach().numpy() - x).max() < TOLERANCE
    other = Slots(s).caption(torch.where(mask[..., None], q, torch.randn(4, 7, 32)), mask)
    assert torch.equal(captions, other)


def test_every_weight_of_slots_learns():
    slots = Slots(weights())
    (slots.caption(0.1 * torch.randn(4, 7, 32), torch.ones(4, 7, dtype=torch.bool))
     @ slots.image(0.1 * torch.randn(3, 9, 32)).t()).square().sum().backward()
    assert {name for name, x in slots.named_parameters() if x.grad.abs().max() > 0} == {
        "slot_means", "slot_centres", "query_projection", "key_projection", "word_weight"}


def attention_of(scorer, v, w):
    """The affinity with which words attend to regions, by the scorer's own layers: [T, R]."""
    for query, key in (("txt_query_fc", "img_key_fc"), ("txt_key_fc", "img_key_fc"), ("txt_proj", "img_proj")):
        if hasattr(scorer, query):
            return scorer.affinity(getattr(scorer, query)(w), getattr(scorer, key)(v))
    raise AssertionError


@pytest.mark.parametrize("case", [name for name in CASES if name.startswith("camp-")], indirect=True)
def test_the_two_maps_give_the_affinity_with_which_words_attend_to_regions(case):
    v, w, n = case.features()
    query, key = case.model.system.affinity()
    assert query.dtype == key.dtype == torch.float64
    with torch.no_grad():
        expected = attention_of(case.model.system.scorer, v[:4], w[:4])
    assert ((w[:4].double() @ query) @ (v[:4].double() @ key).transpose(1, 2) - expected).abs().max() < TOLERANCE


def embedding(case, **given):
    query, key = case.model.system.affinity()
    return SlotEmbedding(weights(size=query.shape[1], **given), query, key), query, key


@pytest.mark.parametrize("case", ATTENDING, indirect=True)
@pytest.mark.parametrize("unit", [False, True])
def test_the_exported_embedding_is_that_of_queries_and_keys(case, unit):
    v, w, n = case.features()
    folded, query, key = embedding(case, unit=unit)
    slots = Slots(weights(size=query.shape[1], unit=unit)).double()
    mask = torch.arange(w.shape[1]) < n[:, None]
    for found, expected in ((folded.image(v), slots.image(v.double() @ key)),
                            (folded.caption(w, n), slots.caption(w.double() @ query, mask))):
        assert found.dtype == torch.float32 and found.shape[1] == folded.width
        assert (found - expected).abs().max() < TOLERANCE * max(1, expected.abs().max().item())


@pytest.mark.parametrize("case", ATTENDING, indirect=True)
def test_an_embedding_is_the_same_alone_as_among_others(case):
    v, w, n = case.features()
    folded, _, _ = embedding(case)
    captions, images = folded.caption(w, n), folded.image(v)
    for i in (0, len(w) // 2, len(w) - 1):
        alone = folded.caption(w[i:i + 1, :n[i]], n[i:i + 1])
        assert torch.allclose(alone[0], captions[i], rtol=TOLERANCE, atol=TOLERANCE)
    assert torch.allclose(folded.image(v[2:3])[0], images[2], rtol=TOLERANCE, atol=TOLERANCE)


# Files

REFERENCE = "camp-gate-fusion-new-concat"
RANKING = Ranking("logit", (3.0, 5.5), (4, 6))


def entries(**change):
    s = weights()
    content = {name: np.asarray(getattr(s, name)) for name in
               ("slot_means", "slot_centres", "query_projection", "key_projection", "word_weight", "unit")}
    content.update(ranking_transform=np.array("logit"), ranking_coarse_weight=np.array([3.0, 5.5]),
                   ranking_shortlist=np.array([4, 6]))
    content.update(change)
    return {name: x for name, x in content.items() if x is not None}


@pytest.mark.parametrize("ranking", [None, RANKING])
def test_what_is_written_is_read_and_the_same_to_the_byte(tmp_path, ranking):
    system = loaded(REFERENCE).model.system
    for name in "ab":
        files.write(tmp_path / name, weights(unit=True), ranking)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    read, again = files.read_slots(tmp_path / "a", system)
    assert again == ranking and read.unit is True
    for name, x in vars(weights(unit=True)).items():
        assert name == "unit" or torch.equal(getattr(read, name), x)


@pytest.mark.parametrize("case_name", ATTENDING)
def test_a_checkpoint_takes_the_slots_of_a_file(tmp_path, case_name):
    case = loaded(case_name)
    size = case.model.system.affinity()[0].shape[1]
    files.write(tmp_path / "c.npz", weights(size=size))
    built = model.from_checkpoint(case.path, coarse_path=tmp_path / "c.npz")
    assert (built.coarse.source, built.coarse.width, built.ranking) == ("slots", 15, None)
    v, w, n = case.features()
    folded, _, _ = embedding(case)
    assert torch.equal(built.coarse.image(v), folded.image(v))
    assert torch.equal(built.coarse.caption(w, n), folded.caption(w, n))


@pytest.mark.parametrize("change, message", [
    *(({name: None}, f"no {name} in it") for name in
      ("slot_means", "slot_centres", "query_projection", "key_projection", "word_weight", "unit")),
    ({"slot_means": np.zeros((5, 31), np.float32)}, r"slot_means has shape \[5, 31\], expected \[B, 32\]"),
    ({"slot_means": np.zeros((0, 32), np.float32)}, r"slot_means has shape \[0, 32\], expected \[B, 32\]"),
    ({"slot_centres": np.zeros((4, 32), np.float32)}, r"slot_centres has shape \[4, 32\], expected \[5, 32\]"),
    ({"query_projection": np.zeros((5, 32, 0), np.float32)},
     r"query_projection has shape \[5, 32, 0\], expected \[5, 32, p\]"),
    ({"key_projection": np.zeros((5, 32, 4), np.float32)},
     r"key_projection has shape \[5, 32, 4\], expected \[5, 32, 3\]"),
    ({"word_weight": np.zeros((32, 1), np.float32)}, r"word_weight has shape \[32, 1\], expected \[32\]"),
    *(({name: np.full(entries()[name].shape, value)}, f"{name} holds values that are not finite")
      for name, value in (("slot_means", np.nan), ("slot_centres", np.inf), ("query_projection", -np.inf),
                          ("key_projection", np.nan), ("word_weight", np.inf))),
    ({"key_projection": np.full((5, 32, 3), 1e39)}, "key_projection holds values beyond float32"),
    ({"slot_means": np.zeros((5, 32), np.complex64)}, "slot_means holds complex64, expected numbers"),
    ({"unit": np.array(1)}, "unit has type int64 .*expected one bool"),
    ({"unit": np.array([True])}, r"unit has type bool and shape \[1\], expected one bool"),
    ({"something": np.zeros(1)}, "unknown entry something"),
    ({"slot_means": np.array([object()])}, "not readable"),
    (dict.fromkeys(("slot_means", "slot_centres", "query_projection", "key_projection", "word_weight", "unit")),
     r"neither image_weight \(heads\) nor slot_means \(slots\)"),
    # Of the ranking.
    ({"ranking_transform": None}, "ranking_coarse_weight without ranking_transform"),
    ({"ranking_coarse_weight": None}, "ranking_transform without ranking_coarse_weight"),
    ({"ranking_shortlist": None, "ranking_coarse_weight": None}, "ranking_transform without ranking_coarse_weight"),
    ({"ranking_transform": np.array("log")}, "ranking_transform is 'log', expected identity or logit"),
    ({"ranking_transform": np.array(["logit"])}, r"ranking_transform has type <U5 and shape \[1\], expected one text"),
    ({"ranking_transform": np.array(1)}, "ranking_transform has type int64 .*expected one text"),
    ({"ranking_coarse_weight": np.array([1.0, np.nan])}, "ranking_coarse_weight has nan, expected finite numbers"),
    ({"ranking_coarse_weight": np.array([np.inf, 1.0])}, "ranking_coarse_weight has inf, expected finite numbers"),
    ({"ranking_coarse_weight": np.array([1.0, -0.5])}, "ranking_coarse_weight has -0.5, expected finite numbers"),
    ({"ranking_coarse_weight": np.array([1.0])}, r"ranking_coarse_weight has .*shape \[1\], expected 2 numbers"),
    ({"ranking_coarse_weight": np.array(["a", "b"])}, "ranking_coarse_weight has type <U1 .*expected 2 numbers"),
    ({"ranking_shortlist": np.array([0, 6])}, "ranking_shortlist has 0, expected 1 to 1048576"),
    ({"ranking_shortlist": np.array([6, 1048577])}, "ranking_shortlist has 1048577, expected 1 to 1048576"),
    ({"ranking_shortlist": np.array([4.0, 6.0])}, "ranking_shortlist has type float64 .*expected 2 whole numbers"),
    ({"ranking_shortlist": np.array([4, 5, 6])}, r"ranking_shortlist has .*shape \[3\], expected 2 whole numbers"),
])
def test_a_file_that_does_not_fit_is_refused(tmp_path, change, message):
    np.savez(tmp_path / "c.npz", **entries(**change))
    with pytest.raises(ExportError, match=r"c\.npz: .*" + message):
        files.read(tmp_path / "c.npz", loaded(REFERENCE).model.system)


def test_heads_may_have_a_ranking(tmp_path):
    heads = np.random.default_rng(5).normal(size=(2, 8, 32)).astype(np.float32)
    ranking = {name: x for name, x in entries().items() if name.startswith("ranking_")}
    np.savez(tmp_path / "c.npz", image_weight=heads[0], caption_weight=heads[1], **ranking)
    coarse, read = files.read(tmp_path / "c.npz", loaded(REFERENCE).model.system)
    assert coarse.source == "heads" and read == RANKING


def test_a_checkpoint_may_hold_slots_and_a_ranking_itself(tmp_path):
    content = checkpoints.read(loaded(REFERENCE).path)
    s = weights()
    content["coarse"] = {**{name: x for name, x in vars(s).items() if name != "unit"}, "unit": True,
                         "ranking_transform": "identity", "ranking_coarse_weight": [1.0, 2.0],
                         "ranking_shortlist": [3, 4]}
    torch.save(content, tmp_path / "c.pth")
    built = model.from_checkpoint(tmp_path / "c.pth", loaded(REFERENCE).options)
    assert built.coarse.source == "slots" and built.coarse.unit
    assert built.ranking == Ranking("identity", (1.0, 2.0), (3, 4))
    content["coarse"]["slot_means"][0, 0] = math.nan
    torch.save(content, tmp_path / "c.pth")
    with pytest.raises(ExportError, match=r"c\.pth, entry 'coarse': slot_means holds values that are not finite"):
        model.from_checkpoint(tmp_path / "c.pth", loaded(REFERENCE).options)


def test_an_entry_of_a_checkpoint_that_is_no_array_is_refused(tmp_path):
    content = checkpoints.read(loaded(REFERENCE).path)
    content["coarse"] = {"slot_means": [[1.0], [1.0, 2.0]]}
    torch.save(content, tmp_path / "c.pth")
    with pytest.raises(ExportError, match=r"c\.pth, entry 'coarse': slot_means is no array"):
        model.from_checkpoint(tmp_path / "c.pth", loaded(REFERENCE).options)


def test_a_logit_of_a_score_that_is_no_probability_is_refused(tmp_path):
    system = loaded("camp-cross-attention").model.system
    np.savez(tmp_path / "c.npz", **entries())
    with pytest.raises(ExportError, match=r"c\.npz: ranking_transform is 'logit', but .* no probability"):
        files.read(tmp_path / "c.npz", system)
    np.savez(tmp_path / "c.npz", **entries(ranking_transform=np.array("identity")))
    assert files.read(tmp_path / "c.npz", system)[1].transform == "identity"


def test_slots_are_refused_where_words_do_not_attend_to_regions(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SYSTEMS", [VectorCosine])
    np.savez(tmp_path / "c.npz", **entries())
    with pytest.raises(ExportError, match=r"c\.npz: slots are not for vector-cosine"):
        model.random("vector-cosine", Sizes(16, 24, 12, 30), coarse_path=tmp_path / "c.npz")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "c.npz").mkdir()
    with pytest.raises(ExportError, match="c.npz: "):
        files.write(tmp_path / "c.npz", weights())
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]
