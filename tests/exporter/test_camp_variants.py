"""CAMP as its authors train it, with plain means, and the ablations of its paper: no public numbers exist for these, so
that every form is held against the equations, written down here once more and computed in float64."""

import argparse
import json

import onnx
import pytest
import torch
from torch.nn.functional import normalize

from conftest import TOLERANCE
from retrieval_exporter import model, registry
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.camp.ablations import ABLATIONS
from scoring import DIRECTIONS, pairs, tensors

SIZES = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30)
MEANS = ("camp-cross-attention", "camp-cross-attention-new")
VARIANTS = {**{f"{name} mean": (name, {"summary": "mean"}) for name in MEANS},
            **{f"camp-paper {name}": ("camp-paper", {"ablation": name}) for name in ABLATIONS}}
FORMS = {"fast": {}, "compact": {"profile": "compact"}, "published": {"form": "published"}}
SMALL = ["--embed-size", "16", "--image-size", "24", "--word-size", "12", "--vocabulary-size", "30",
         "--regions", "5", "--max-tokens", "8"]


@pytest.fixture(params=sorted(VARIANTS))
def variant(request):
    return VARIANTS[request.param]


@pytest.fixture
def system(variant):
    return made(*variant)


def made(name, options):
    """With random weights. Where messages are averaged, attentions are sharpened: near to uniform, as an untrained one
    is, they make every message the same, and no mean of them shows what it is of."""
    system = model.random(name, SIZES, options, seed=3).system
    if "summary" in options:
        with torch.no_grad():
            for parameter in system.scorer.parameters():
                parameter.mul_(4)
    return system


@pytest.fixture(params=sorted(DIRECTIONS))
def direction(request):
    return DIRECTIONS[request.param]


def features(system, longest=8, images=4, captions=6):
    """Captions of one length and less, the longest first; beyond a caption's end the features are zeros."""
    generator = torch.Generator().manual_seed(2)
    lengths = torch.linspace(longest, 1, captions).long()
    ids = torch.randint(4, 30, (captions, longest), generator=generator)
    with torch.no_grad():
        return system.regions(torch.rand(images, 5, 24, generator=generator)), system.words(ids, lengths), lengths


def softmax(x):
    return torch.softmax(x, dim=-1)


def expected(system, v, w, lengths):
    """Every pair by itself, in float64: [images, captions]."""
    weights = {key: value.double() for key, value in system.scorer.state_dict().items()}
    of = one_mean if "summary" in system.variant else one_of_paper
    return torch.tensor([[of(system, weights, image.double(), caption[:n].double()) for caption, n in zip(w, lengths)]
                         for image in v])


def one_mean(system, weights, v, w):
    """The caption as the authors see it: 50 positions, zeros behind its end, to which nothing attends."""
    count, root = len(w), v.shape[1] ** 0.5
    whole = torch.cat((w, torch.zeros(max(0, 50 - count), v.shape[1], dtype=w.dtype)))

    def hidden(x):
        return x.masked_fill(torch.arange(len(whole)) >= count, float("-inf"))

    def affinity(x, query, y, key):
        return (x @ weights[query + ".weight"].t()) @ (y @ weights[key + ".weight"].t()).t() / root

    if system.name == "camp-cross-attention":
        logits = affinity(v, "img_key_fc", whole, "txt_key_fc")
        to_regions, to_words = softmax(hidden(logits)) @ whole, softmax(logits.t()) @ v
    else:
        m_r = softmax(hidden(affinity(v, "img_query_fc", whole, "txt_key_fc"))) @ whole
        m_w = softmax(affinity(whole, "txt_query_fc", v, "img_key_fc")) @ v
        to_regions = softmax(affinity(m_r, "weighted_txt_query_fc", m_r, "weighted_txt_key_fc")) @ m_r
        to_words = softmax(hidden(affinity(m_w, "weighted_img_query_fc", m_w, "weighted_img_key_fc"))) @ m_w
    return normalize(to_regions.mean(0), dim=0) @ normalize(to_words.mean(0), dim=0)


def one_of_paper(system, weights, v, w):
    """Equations 1 to 11, with what the ablation changes."""
    ablation = system.variant.get("ablation", "none")

    def linear(x, name):
        return x @ weights[name + ".weight"].t() + weights[name + ".bias"]

    if ablation == "no-cross-attention":
        m_r, m_w = w.mean(0).repeat(len(v), 1), v.mean(0).repeat(len(w), 1)
    else:
        logits = (v @ weights["img_proj.weight"].t()) @ (w @ weights["txt_proj.weight"].t()).t() / v.shape[1] ** 0.5
        m_r, m_w = softmax(logits) @ w, softmax(logits.t()) @ v

    def fused(x, m, layer):
        gate = 1 if ablation == "no-gates" else torch.sigmoid(x * m)
        if ablation == "no-fusion":
            return m
        if ablation == "concat-fusion":
            return torch.relu(linear(torch.cat((gate * x, gate * m), -1), layer)) + x
        if ablation == "product-fusion":
            return torch.relu(linear(gate * x * m, layer)) + x
        return torch.relu(linear(gate * (x + m), layer)) + (0 if ablation == "no-residual" else x)

    def pooled(x, layer):
        if ablation == "mean-pooling":
            return x.mean(0)
        return softmax((linear(x, layer) / x.shape[1] ** 0.5).t()).squeeze(0) @ x

    r, t = pooled(fused(v, m_r, "fuse_img"), "agg_img"), pooled(fused(w, m_w, "fuse_txt"), "agg_txt")
    if ablation == "joint-embedding":
        return normalize(r, dim=0) @ normalize(t, dim=0)
    return torch.sigmoid(linear(torch.relu(linear(r + t, "mlp_hidden")), "mlp_out")).squeeze(-1)


@pytest.mark.parametrize("longest", (8, 60))
def test_the_published_form_follows_the_equations(system, longest):
    v, w, lengths = features(system, longest)
    with torch.no_grad():
        scores = system.scores(v, w, lengths)
    wanted = expected(system, v, w, lengths)
    assert (scores - wanted).abs().max() < TOLERANCE and wanted.std() > 1e-3


@pytest.mark.parametrize("name", sorted(FORMS))
@pytest.mark.parametrize("longest", (8, 60))
def test_every_form_scores_as_published_in_both_directions(system, direction, name, longest):
    form = system.form(Settings(**FORMS[name], regions=5, max_tokens=longest)).eval()
    v, w, lengths = features(system, longest)
    image, caption = pairs(len(v), len(w))
    scores = direction(form, tensors(form, v, w, lengths, gap=2), image, caption).reshape(len(v), len(w))
    assert (scores - expected(system, v, w, lengths)).abs().max() < TOLERANCE
    for i, c in ((0, 0), (3, 5), (1, 3)):
        given = tensors(form, v[i:i + 1], w[c:c + 1], lengths[c:c + 1])
        alone = direction(form, given, torch.tensor([0]), torch.tensor([0]))
        assert (alone - scores[i, c]).abs() < 1e-6


def test_padding_that_the_caller_adds_changes_nothing(system):
    v, w, lengths = features(system)
    padded = torch.nn.functional.pad(w, (0, 0, 0, 42))
    with torch.no_grad():
        assert (system.scores(v, padded, lengths) - system.scores(v, w, lengths)).abs().max() < 1e-6


@pytest.mark.parametrize("name", MEANS)
def test_padding_that_the_authors_add_counts(name):
    """A mean over the words alone would be another score: the padded positions hold messages of their own."""
    system = made(name, {"summary": "mean"})
    v, w, lengths = features(system)
    with torch.no_grad():
        _, t, *_ = system.scorer.averaged(v[:1].expand(len(w), -1, -1), w, lengths, None)
        _, messages = system.scorer.messages(v[:1].expand(len(w), -1, -1), w, torch.arange(8) < lengths.unsqueeze(1))
    alone = torch.stack([m[:n].mean(0) for m, n in zip(messages.received, lengths)])
    assert (normalize(alone, dim=1) - normalize(t, dim=1)).abs().max() > 1e-2


@pytest.mark.parametrize("name", sorted(FORMS))
def test_float16_stays_close(system, direction, name):
    form = system.form(Settings(**FORMS[name], regions=5, max_tokens=8, precision="float16")).eval()
    v, w, lengths = features(system)
    image, caption = pairs(len(v), len(w))
    scores = direction(form, tensors(form, v, w, lengths), image, caption)
    assert scores.dtype == torch.float32
    assert (scores - expected(system, v, w, lengths).reshape(-1)).abs().max() < 5e-3


def test_a_checkpoint_of_every_variant_is_read_back(system, tmp_path):
    torch.save({"model": system.states(), "opt": argparse.Namespace(**system.checkpoint_options())}, tmp_path / "c.pth")
    read = model.from_checkpoint(tmp_path / "c.pth").system
    assert (read.name, read.variant, read.described()) == (system.name, system.variant, system.described())
    v, w, lengths = features(system)
    with torch.no_grad():
        assert torch.equal(read.scores(*features(read)), system.scores(v, w, lengths))


def test_every_variant_can_be_trained(variant):
    torch.manual_seed(1)
    system = registry.named(variant[0]).untrained(variant[0], SIZES, variant[1])
    v, w = torch.randn(3, 5, 16, requires_grad=True), torch.randn(3, 4, 16, requires_grad=True)
    system.scorer.logits(v, w, torch.tensor([4, 2, 1])).sum().backward()
    for name, parameter in system.scorer.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
    assert w.grad[2, 1:].abs().max() == 0 and v.grad.abs().max() > 0


def test_a_bundle_of_every_variant_says_which_it_is(variant, tmp_path):
    option = [f"--{name}={value}" for name, value in variant[1].items()]
    assert main(["--random", "--system", variant[0], *option, "--out", str(tmp_path / "b"), *SMALL]) == 0
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    said = {name: value for name, value in variant[1].items() if value != "none"}
    assert manifest["system"] == variant[0] and manifest["variant"] == said
    for name in ("scorer_text_to_image.onnx", "scorer_image_to_text.onnx"):
        onnx.checker.check_model(onnx.load(str(tmp_path / "b" / name)), full_check=True)


def test_a_variant_of_another_name_is_an_error(tmp_path, capsys):
    for system, option in (("camp-paper", "--summary=mean"), ("camp-gate-fusion", "--ablation=no-gates"),
                           ("camp-cross-attention", "--fusion=sum")):
        assert main(["--random", "--system", system, option, "--out", str(tmp_path / "b"), *SMALL]) == 2
        assert f"{option.partition('=')[0]} is for camp-" in capsys.readouterr().err


def saved(system, path, **options):
    torch.save({"model": system.states(), "opt": {**system.checkpoint_options(), **options}}, path)
    return path


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("summary, said, message", [
    ("mean", "self_attn", "option reduce_func is 'self_attn', but the scorer has no weights of a summary"),
    ("attention", "mean", "option reduce_func is 'mean', but the scorer has weights of a summary"),
    ("mean", "max", "option reduce_func is 'max', but the scorer has no weights of a summary"),
])
def test_an_option_that_contradicts_the_summary_is_refused(tmp_path, name, summary, said, message):
    system = model.random(name, SIZES, {"summary": summary}).system
    with pytest.raises(ExportError, match=message):
        model.from_checkpoint(saved(system, tmp_path / "c.pth", reduce_func=said))


@pytest.mark.parametrize("ablation, said, message", [
    ("none", "no-gate", "option ablation is 'no-gate', expected none, .* or joint-embedding"),
    ("none", "mean-pooling", r"the scorer \(camp-paper, mean-pooling\) has an unknown agg_img.bias \(and 3 more\)"),
    ("no-cross-attention", "none", r"the scorer \(camp-paper\) has no img_proj.weight"),
    ("none", "concat-fusion", r"fuse_img.weight has shape \[16, 16\], expected \[16, 32\]"),
    ("joint-embedding", "none", r"the scorer \(camp-paper\) has no mlp_hidden.bias \(and 3 more\)"),
])
def test_an_ablation_that_the_weights_are_not_of_is_refused(tmp_path, ablation, said, message):
    system = made("camp-paper", {"ablation": ablation})
    with pytest.raises(ExportError, match=message):
        model.from_checkpoint(saved(system, tmp_path / "c.pth", ablation=said))
