"""Explainers: what is shown of a pair is what its published score is made of, whatever a record is stored as and whatever
lies around the pair."""

import pytest
import torch

from conftest import CASES, TOLERANCE, loaded
from retrieval_exporter.explaining import NODES, REGIONS, WORDS, Explainer, Output
from retrieval_exporter.settings import Settings
from retrieval_exporter.writing import parity
from scoring import explained, form_of, one_pair, pairs, tensors

EXPLAINED = [name for name in CASES if loaded(name).model.system.explainer() is not None]
FORMS = {"fast": {}, "compact": {"profile": "compact"}, "published": {"form": "published"}}
RECORDS = {"float32": {}, "float16": {"records": "float16"}, "int8": {"records": "int8"},
           "float16 precision": {"precision": "float16"},
           "float16 precision, int8 records": {"precision": "float16", "records": "int8"}}


@pytest.fixture(params=EXPLAINED)
def case(request):
    return loaded(request.param)


def shown_of(case, image, caption, given=None, gap=0, **settings):
    system, form = case.model.system, form_of(case, **settings)
    given = tensors(form, *case.features(), gap=gap) if given is None else given
    return explained(form, system.explainer(), system.probability, given, image, caption, settings)


def published(case, image, caption):
    """By the module that is exported, of gathered features, with zeros behind a caption's length."""
    v, w, lengths = case.features()
    explainer = case.model.system.explainer().eval()
    with torch.no_grad():
        _, seen = explainer(v[image], w[caption], lengths[caption])
    return {output.name: output.cut(seen[output.name], lengths[caption]) for output in explainer.outputs}


def assert_near(case, shown, wanted, lengths, allowed):
    for output in case.model.system.explainer().outputs:
        difference = (output.cut(shown[output.name], lengths) - wanted[output.name]).abs().max()
        assert difference <= allowed * max(1.0, wanted[output.name].abs().max()), output.name


def test_every_system_whose_words_attend_to_regions_has_an_explainer_and_vectors_have_none():
    assert set(CASES) - set(EXPLAINED) == {"vsepp"}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_it_scores_and_shows_the_same_for_every_form(case, name):
    image, caption = pairs(3, len(case.golden["lengths"]))
    score, shown = shown_of(case, image, caption, gap=2, **FORMS[name])
    assert (score - case.golden["scores"][image, caption]).abs().max() < TOLERANCE
    assert_near(case, shown, published(case, image, caption), case.golden["lengths"][caption], TOLERANCE)


@pytest.mark.parametrize("records", sorted(RECORDS))
def test_it_stays_within_the_tolerance_of_its_records(case, records):
    settings = RECORDS[records]
    kind = Settings(**settings).records
    image, caption = pairs(3, len(case.golden["lengths"]))
    score, shown = shown_of(case, image, caption, **settings)
    allowed = parity.tolerance("float32", kind)
    assert score.dtype == torch.float32 and all(x.dtype == torch.float32 for x in shown.values())
    assert (score - case.golden["scores"][image, caption]).abs().max() < allowed
    assert_near(case, shown, published(case, image, caption), case.golden["lengths"][caption],
                parity.EXPLAINER_TOLERANCE[kind])


def test_a_pair_shows_the_same_alone_as_among_others(case):
    form = form_of(case)
    given = tensors(form, *case.features(), gap=3)
    image, caption = pairs(3, len(case.golden["lengths"]))
    score, together = shown_of(case, image, caption, given)
    # The last caption is the shortest: in the batch it is padded, alone it is not.
    for k in (0, 7, len(image) - 1):
        alone_score, alone = shown_of(case, *one_pair(form, given, image[k], caption[k])[1:],
                                      one_pair(form, given, image[k], caption[k])[0])
        assert (alone_score[0] - score[k]).abs() < 1e-6
        length = case.golden["lengths"][caption[k]].reshape(1)
        for output in case.model.system.explainer().outputs:
            one = alone[output.name]
            inside = together[output.name][k][tuple(slice(0, size) for size in one.shape[1:])]
            assert torch.allclose(output.cut(one, length)[0], output.cut(inside.unsqueeze(0), length)[0],
                                  atol=TOLERANCE, rtol=TOLERANCE), output.name


def test_distributions_sum_to_one_and_gates_lie_between_nothing_and_one(case):
    v, w, lengths = case.features()
    explainer = case.model.system.explainer()
    sizes = {REGIONS: v.shape[1], WORDS: int(lengths[4]), NODES: int(lengths[4]) + 1}
    with torch.no_grad():
        _, seen = explainer(v[:1], w[4:5, :int(lengths[4])], lengths[4:5])
    assert set(seen) == {output.name for output in explainer.outputs}
    for output in explainer.outputs:
        values = seen[output.name]
        assert values.shape[1:] == tuple(sizes.get(axis, axis) for axis in output.axes), output.name
        if output.distribution is not None:
            assert values.min() >= 0
            assert (values.sum(dim=output.distribution + 1) - 1).abs().max() < TOLERANCE, output.name
        if output.kind == "gate":
            assert 0 <= values.min() and values.max() <= 1


def test_every_explainer_says_how_much_words_and_regions_count(case):
    found = [output.axes for output in case.model.system.explainer().outputs if output.kind == "importance"]
    assert sorted(found) == [(REGIONS,), (WORDS,)]


@pytest.mark.parametrize("given, fault", [
    ({"name": "Word"}, "named 'Word'"), ({"name": ""}, "named ''"), ({"name": "a" * 65}, "named"),
    ({"name": "a\n"}, "named"), ({"title": ""}, "title is ''"), ({"title": "x" * 201}, "title"),
    ({"title": "a\tb"}, "control"), ({"kind": "colour"}, "kind is 'colour'"), ({"axes": ()}, "0 axes"),
    ({"axes": (1, 2, 3, 4, 5)}, "5 axes"), ({"axes": ("word",)}, "axis 'word'"), ({"axes": (0,)}, "axis 0"),
    ({"distribution": 1}, "distribution is 1"), ({"distribution": -1}, "distribution is -1"),
    ({"kind": "importance", "axes": (NODES,)}, "an importance is of words or of regions")])
def test_an_output_that_no_manifest_may_have_is_refused(given, fault):
    with pytest.raises(ValueError, match=fault):
        Output(**{"name": "a", "title": "A", "kind": "relation", "axes": (WORDS,), **given})


def test_outputs_of_one_explainer_differ_by_name_and_say_once_how_much_something_counts():
    first = Output("a", "A", "importance", (WORDS,))
    with pytest.raises(ValueError, match="two outputs for a"):
        Explainer([first, Output("a", "A", "relation", (WORDS,))])
    with pytest.raises(ValueError, match="two outputs for importance of words"):
        Explainer([first, Output("b", "B", "importance", (WORDS,))])
