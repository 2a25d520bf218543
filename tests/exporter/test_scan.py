"""Stacked cross attention in every variant: the published score against sums written out, serving against published."""

import itertools
import math

import pytest
import torch

from conftest import TOLERANCE, loaded
from retrieval_exporter import model, registry
from retrieval_exporter.attention import NORMS
from retrieval_exporter.errors import ExportError
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.scan import Scan
from retrieval_exporter.systems.scan.aggregation import AGGREGATIONS
from scoring import DIRECTIONS, pairs, tensors
from test_attention import scaled

NAMES = ("scan-t2i", "scan-i2t")
SIZES = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30)
REGIONS, MAX_TOKENS = 5, 9
VARIANTS = list(itertools.product(NAMES, NORMS, AGGREGATIONS))


def made(name, seed=0, **options):
    torch.manual_seed(seed)
    return Scan.random(name, SIZES, options)


def features(system, captions=6):
    """Of 3 images and of captions from the longest to a single word, padded."""
    generator = torch.Generator().manual_seed(3)
    lengths = torch.arange(captions, 0, -1)
    ids = torch.randint(4, 30, (captions, captions), generator=generator)
    with torch.no_grad():
        return (system.regions(torch.rand(3, REGIONS, 24, generator=generator)), system.words(ids, lengths), lengths)


def score_written_out(v, w, name, norm, aggregation, softmax, lse):
    """The score of one pair from the paper's equations, loop by loop in float64. No word of `w` is padding."""
    x, y = (w.tolist(), v.tolist()) if name == "scan-t2i" else (v.tolist(), w.tolist())
    inner = [[math.fsum(a * b for a, b in zip(one, other)) for other in y] for one in x]
    columns = [scaled([row[j] for row in inner], norm) for j in range(len(y))]
    relevance = []
    for i, one in enumerate(x):
        weights = [math.exp(softmax * column[i]) for column in columns]
        total = math.fsum(weights)
        c = [math.fsum(weight / total * other[k] for weight, other in zip(weights, y)) for k in range(len(one))]
        lengths = math.hypot(*one) * math.hypot(*c)
        relevance.append(math.fsum(a * b for a, b in zip(one, c)) / max(lengths, 1e-8))
    if aggregation == "LogSumExp":
        return math.log(math.fsum(math.exp(lse * r) for r in relevance)) / lse
    return {"Max": max(relevance), "Sum": math.fsum(relevance), "Mean": math.fsum(relevance) / len(x)}[aggregation]


@pytest.mark.parametrize("name, norm, aggregation", VARIANTS)
def test_every_variant_scores_as_its_equations_say_and_is_served_so(name, norm, aggregation):
    system = made(name, raw_feature_norm=norm, agg_func=aggregation, lambda_softmax=7.0, lambda_lse=3.0)
    v, w, lengths = features(system)
    with torch.no_grad():
        published = system.scores(v, w, lengths)
    expected = torch.tensor([[score_written_out(v[i].double(), w[c, :n].double(), name, norm, aggregation, 7.0, 3.0)
                              for c, n in enumerate(lengths)] for i in range(len(v))])
    assert (published - expected).abs().max() < 2e-6
    assert expected.std() > 1e-3
    form = system.form(Settings(regions=REGIONS, max_tokens=MAX_TOKENS))
    image, caption = pairs(len(v), len(w))
    for direction in DIRECTIONS.values():
        served = direction(form, tensors(form, v, w, lengths, gap=2), image, caption)
        assert (served - expected.reshape(-1)).abs().max() < TOLERANCE
        alone = direction(form, tensors(form, v[1:2], w[4:5, :2], lengths[4:5]), torch.tensor([0]), torch.tensor([0]))
        assert (alone - expected[1, 4]).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit_regions, unit_words", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("precision, allowed", [("float32", TOLERANCE), ("float16", 5e-3)])
def test_features_without_unit_length_are_served_with_what_lengths_they_have(name, unit_regions, unit_words, precision,
                                                                            allowed):
    system = made(name)
    system.regions.normalise, system.words.normalise = unit_regions, unit_words
    system.regions.fc.weight.data.mul_(5)
    v, w, lengths = features(system)
    with torch.no_grad():
        expected = system.scores(v, w, lengths).reshape(-1)
    form = system.form(Settings(precision=precision, regions=REGIONS, max_tokens=MAX_TOKENS))
    image, caption = pairs(len(v), len(w))
    for direction in DIRECTIONS.values():
        served = direction(form, tensors(form, v, w, lengths, gap=1), image, caption)
        assert (served - expected).abs().max() < allowed


@pytest.mark.parametrize("name, image, caption", [("scan-t2i", ["v", "vv"], ["w"]), ("scan-i2t", ["v"], ["w", "ww"])])
def test_a_gram_matrix_is_stored_with_the_side_that_is_attended_to(name, image, caption):
    for profile in ("fast", "compact"):
        form = made(name).form(Settings(profile=profile))
        assert [field.name for field in form.image_fields] == image
        assert [field.name for field in form.caption_fields] == caption


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [{}, {"agg_func": "Mean", "raw_feature_norm": "no_norm"}])
def test_a_checkpoint_of_it_gives_the_same_system_back(tmp_path, name, options):
    system = made(name, **options)
    save(tmp_path / "c.pth", system)
    read = model.from_checkpoint(tmp_path / "c.pth").system
    assert (read.name, read.variant, read.described()) == (system.name, system.variant, system.described())
    v, w, lengths = features(system)
    assert torch.equal(system.scores(v, w, lengths), read.scores(*features(read)))


def test_it_is_described_in_a_line():
    assert made("scan-t2i").described() == "SCAN t2i, D=16, vocabulary 30, regions of 24"
    assert made("scan-i2t").variant == {"raw_feature_norm": "clipped_l2norm", "agg_func": "LogSumExp",
                                        "lambda_softmax": 4.0, "lambda_lse": 5.0}
    assert "lambda_lse" not in made("scan-i2t", agg_func="Max").variant


def save(path, system, change=lambda content: None):
    content = {"model": system.states(), "opt": system.checkpoint_options()}
    change(content)
    torch.save(content, path)


@pytest.mark.parametrize("per_row", [False, True])
def test_a_weight_kept_as_length_and_direction_is_folded(tmp_path, per_row):
    system = made("scan-t2i")

    def part(content):
        weight = content["model"][0].pop("fc.weight")
        norm = weight.norm(dim=1, keepdim=True) if per_row else weight.norm()
        content["model"][0].update({"fc.weight_g": norm, "fc.weight_v": 3 * weight})
        content["opt"]["precomp_enc_type"] = "weight_norm"

    save(tmp_path / "c.pth", system, part)
    read = model.from_checkpoint(tmp_path / "c.pth").system
    assert torch.allclose(read.regions.fc.weight, system.regions.fc.weight, atol=1e-7)


def drop(name):
    return lambda content: content["opt"].pop(name)


def put(**options):
    return lambda content: content["opt"].update(options)


def pieces(**tensors):
    def change(content):
        content["model"][0].pop("fc.weight")
        content["model"][0].update({"fc." + name: tensor for name, tensor in tensors.items()})
        content["opt"]["precomp_enc_type"] = "weight_norm"
    return change


def test_what_a_config_has_and_nothing_reads_is_noted(tmp_path, capsys):
    save(tmp_path / "c.pth", made("scan-t2i"), put())
    against = "note: --config gives agg_func = 'Max', the checkpoint 'LogSumExp': --config is taken\n"
    for config, note in (({"crossattn": "i2t", "agg_func": "LogSumExp"}, "note: nothing reads crossattn of --config\n"),
                         ({"agg_func": "LogSumExp"}, ""), ({"agg_func": "Max"}, against), (None, "")):
        model.from_checkpoint(tmp_path / "c.pth", config)
        assert capsys.readouterr().err == note


@pytest.mark.parametrize("change, message", [
    (drop("cross_attn"), r"there is no option cross_attn, expected t2i or i2t; --config can give it"),
    (put(cross_attn="both"), r"option cross_attn is 'both', expected t2i or i2t"),
    (put(raw_feature_norm="l3norm"), r"option raw_feature_norm is 'l3norm', expected clipped_l2norm, .* or no_norm"),
    (drop("raw_feature_norm"), r"option raw_feature_norm is None"),
    (put(raw_feature_norm=["softmax"]), r"option raw_feature_norm is \['softmax'\]"),
    (put(agg_func="Median"), r"option agg_func is 'Median', expected LogSumExp, Max, Sum or Mean"),
    (drop("lambda_softmax"), r"option lambda_softmax is None, expected a positive number"),
    (put(lambda_softmax=math.nan), r"option lambda_softmax is nan"),
    (put(lambda_softmax=math.inf), r"option lambda_softmax is inf"),
    (put(lambda_softmax="9"), r"option lambda_softmax is '9'"),
    (put(lambda_softmax=10**400), r"option lambda_softmax is 1000+, expected a positive number, 0.001 to 1000"),
    (put(lambda_softmax=1e300), r"option lambda_softmax is 1e\+300, expected a positive number, 0.001 to 1000"),
    (put(lambda_lse=1e-10), r"option lambda_lse is 1e-10, expected a positive number, 0.001 to 1000"),
    (put(lambda_softmax=True), r"option lambda_softmax is True"),
    (put(lambda_lse=0), r"option lambda_lse is 0, expected a positive number"),
    (drop("lambda_lse"), r"option lambda_lse is None"),
    (put(precomp_enc_type="deep"), r"option precomp_enc_type is 'deep', expected basic or weight_norm"),
    (put(precomp_enc_type="weight_norm"), r"option precomp_enc_type is 'weight_norm', but the weights say basic"),
    (lambda content: pieces(weight_v=torch.ones(16, 24))(content), r"the image encoder has no fc.weight_g"),
    (lambda content: [pieces(weight_g=torch.ones(()), weight_v=torch.ones(16, 24))(content), drop("precomp_enc_type")(
        content)], r"option precomp_enc_type is 'basic', but the weights say weight_norm"),
    (pieces(weight_g=torch.ones(3, 1), weight_v=torch.ones(16, 24)), r"fc.weight_g has shape \[3, 1\]"),
    (pieces(weight_g=torch.ones(()), weight_v=torch.zeros(16, 24)), r"fc.weight_v is zero"),
    (pieces(weight_g=torch.tensor(math.nan), weight_v=torch.ones(16, 24)), r"fc.weight holds values that are not fini"),
    (put(bi_gru=False), r"option bi_gru is False, but the weights are of a GRU in both directions"),
    (lambda content: content["model"][0].update({"fc.weight": torch.ones(0, 24)}),
     r"fc.weight of the image encoder is empty: its shape is \[0, 24\]"),
    (put(embed_size=32), r"option embed_size is 32, but the weights say 16"),
    (lambda content: content["model"].append({}), r"The nearest is scan-t2i or scan-i2t: entry 'model' has 3 parts, expected 2"),
])
def test_what_a_checkpoint_lacks_or_contradicts_is_said(tmp_path, change, message):
    save(tmp_path / "c.pth", made("scan-t2i"), change)
    with pytest.raises(ExportError, match=r"c\.pth: .*" + message):
        model.from_checkpoint(tmp_path / "c.pth")


def test_a_lambda_that_nothing_uses_may_be_anything(tmp_path):
    save(tmp_path / "c.pth", made("scan-t2i", agg_func="Mean"), put(lambda_lse=math.nan))
    assert model.from_checkpoint(tmp_path / "c.pth").system.variant["agg_func"] == "Mean"


@pytest.mark.parametrize("options, message", [
    ({"lambda_softmax": -1.0}, "scan-t2i: option lambda_softmax is -1.0"),
    ({"lambda_lse": math.nan}, "scan-t2i: option lambda_lse is nan"),
    ({"fusion": "sum"}, "--fusion is not for scan-t2i")])
def test_options_of_random_weights_are_checked_as_well(options, message):
    with pytest.raises(ExportError, match=message):
        model.random("scan-t2i", SIZES, options)


@pytest.mark.parametrize("name", ("scan-t2i-logsumexp", "scan-i2t-mean"))
def test_the_coarse_embedding_is_the_mean_feature_of_unit_length(name):
    v, w, lengths = loaded(name).features()
    coarse = registry.named(name[:8]).coarse(loaded(name).model.system)
    images, captions = coarse.image(v), coarse.caption(w, lengths)
    for rows, each in ((images, v), (captions, [w[c, :n] for c, n in enumerate(lengths)])):
        for row, x in zip(rows, each):
            expected = x.double().mean(dim=0)
            assert (row - expected / expected.norm()).abs().max() < 1e-6
    assert (coarse.source, coarse.width) == ("features", 32)


@pytest.mark.parametrize("norm", NORMS)
def test_words_attend_to_regions_as_sharply_as_lambda_and_the_norm_say(norm):
    query, key = made("scan-t2i", raw_feature_norm=norm, lambda_softmax=6.0).affinity()
    scale = {"softmax": 1 / 12, "l1norm": 12 ** -0.5, "clipped_l1norm": 12 ** -0.5}.get(norm, 1.0)
    assert torch.allclose(query @ key.t(), 6.0 * scale * torch.eye(16, dtype=torch.float64))
