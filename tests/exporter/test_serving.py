"""The serving forms say what the published forms say, in both directions, whatever lies around a pair."""

import pytest
import torch

from conftest import TOLERANCE
from retrieval_exporter import model
from retrieval_exporter.settings import Settings
from retrieval_exporter.writing import parity
from scoring import DIRECTIONS, form_of, one_pair, pairs, tensors

FORMS = {"fast": {}, "compact": {"profile": "compact"}, "published": {"form": "published"}}


@pytest.fixture(params=sorted(FORMS))
def form(request, case):
    return form_of(case, **FORMS[request.param])


@pytest.fixture(params=sorted(DIRECTIONS))
def direction(request):
    return DIRECTIONS[request.param]


def test_scores_match_the_public_implementation(case, form, direction):
    v, w, n = case.features()
    image, caption = pairs(len(v), len(w))
    scores = direction(form, tensors(form, v, w, n), image, caption)
    assert (scores - case.golden["scores"].reshape(-1)).abs().max() < TOLERANCE


@pytest.mark.parametrize("filler", [float("nan"), 1e4])
def test_what_lies_around_a_caption_in_a_ragged_bank_does_not_matter(case, form, direction, filler):
    v, w, n = case.features()
    image, caption = pairs(3, len(w))
    scores = direction(form, tensors(form, v, w, n, gap=3, filler=filler), image, caption)
    # Not bit for bit: a product over flat rows may sum up differently where a caption starts elsewhere.
    expected = direction(form, tensors(form, v, w, n), image, caption)
    assert torch.allclose(scores, expected, rtol=0, atol=1e-6)


def test_a_pair_scores_the_same_alone_as_among_others(case, form, direction):
    v, w, n = case.features()
    given = tensors(form, v, w, n)
    image, caption = pairs(len(v), len(w))
    order = torch.randperm(len(image), generator=torch.Generator().manual_seed(3))
    together = direction(form, given, image[order], caption[order])
    # The shortest caption is among these: in the batch it is padded, alone it is not.
    for k in [0, 1, int((caption[order] == len(w) - 1).nonzero()[0])]:
        alone = direction(form, *one_pair(form, given, image[order][k], caption[order][k]))
        assert (alone - together[k]).abs().item() < 1e-6


def test_a_pair_may_repeat_and_its_batch_may_have_any_order(case, direction):
    form = form_of(case)
    v, w, n = case.features()
    image, caption = torch.tensor([5, 0, 5, 11]), torch.tensor([19, 0, 19, 7])
    scores = direction(form, tensors(form, v, w, n), image, caption)
    assert torch.allclose(scores, case.golden["scores"][image, caption], atol=TOLERANCE)
    assert abs(scores[0] - scores[2]) < 1e-6


@pytest.mark.parametrize("name", sorted(FORMS))
def test_float16_stays_close(case, direction, name):
    form = form_of(case, **FORMS[name], precision="float16")
    v, w, n = case.features()
    image, caption = pairs(len(v), len(w))
    scores = direction(form, tensors(form, v, w, n, gap=1), image, caption)
    assert scores.dtype == torch.float32
    assert (scores - case.golden["scores"].reshape(-1)).abs().max() < 2e-3


NARROW = {"int8": {"precision": "int8"}, "int8 compact": {"precision": "int8", "profile": "compact"},
          "int8 records": {"records": "int8"}, "int8 records compact": {"records": "int8", "profile": "compact"},
          "float16 records": {"records": "float16"},
          "int8 with float16 records": {"precision": "int8", "records": "float16"},
          "int8 with int8 records": {"precision": "int8", "records": "int8"}}


@pytest.fixture(params=sorted(NARROW))
def narrow(request, case):
    return form_of(case, **NARROW[request.param])


def test_narrow_forms_stay_within_their_tolerance(case, direction, narrow):
    v, w, n = case.features()
    image, caption = pairs(len(v), len(w))
    scores = direction(narrow, tensors(narrow, v, w, n, gap=1, filler=1e4), image, caption)
    allowed = parity.tolerance("int8" if narrow.math.bytes else "float32", narrow.storage.kind)
    assert (scores - case.golden["scores"].reshape(-1)).abs().max() < allowed


def test_narrow_forms_score_a_pair_the_same_alone_as_among_others(case, direction, narrow):
    v, w, n = case.features()
    given = tensors(narrow, v, w, n)
    image, caption = pairs(len(v), len(w))
    together = direction(narrow, given, image, caption)
    for k in (0, len(image) - 1):
        alone = direction(narrow, *one_pair(narrow, given, image[k], caption[k]))
        assert (alone - together[k]).abs().item() < TOLERANCE


def test_compact_records_hold_no_maps_of_the_feature_width(case):
    fast, compact = form_of(case), form_of(case, profile="compact")
    wide = [field for field in compact.image_fields + compact.caption_fields if field.wide]
    # What has a row a region or a word; one vector an item is no burden.
    rows = [field for field in wide if len(field.shape) == 2]
    assert [field.name for field in rows or wide] == ["v", "w"] and bool(rows) == compact.ragged
    assert set(compact.image_fields) <= set(fast.image_fields)


def test_wide_fields_are_those_of_the_feature_width(case):
    form = form_of(case, precision="int8") if not case.model.system.unsupported(Settings(precision="int8")) \
        else form_of(case)
    for field in form.image_fields + form.caption_fields:
        assert field.wide == (field.shape[-1] == case.model.system.embed_size), field


def test_a_small_field_of_as_many_words_as_the_features_are_wide_is_not_stored_in_bytes(reference):
    system = model.from_checkpoint(reference).system
    form = system.form(Settings(records="int8", max_tokens=system.embed_size))
    types = {field.name: field.type for field in form.stored_fields("caption")}
    assert (types["w"], types["c"], types["ww"]) == ("int8", "float32", "float32")
