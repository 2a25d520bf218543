"""Similarity vectors, reasoned over or filtered: the published score against sums written out, serving against it."""

import math

import pytest
import torch

from conftest import TOLERANCE, loaded
from retrieval_exporter import model
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.settings import Settings
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.sgraf import Sgraf
from scoring import DIRECTIONS, one_pair, pairs, tensors

NAMES = ("sgraf-sgr", "sgraf-saf")
REGIONS, MAX_TOKENS = 5, 9
SIZES = Sizes(embed_size=16, image_size=24, word_size=12, vocabulary_size=30, regions=REGIONS)


def made(name, **options):
    """With statistics of normalisations that a fold must not forget, and biases."""
    torch.manual_seed(0)
    system = Sgraf.random(name, SIZES, {"sim_dim": 8, **options})
    with torch.no_grad():
        for key, tensor in [*system.scorer.named_buffers(), *system.scorer.named_parameters()]:
            if key.endswith("running_var"):
                tensor.uniform_(0.5, 2.0)
            elif tensor.dim() == 1:
                tensor.add_((0.02 if key.startswith("sim_tran") else 0.3) * torch.randn(tensor.shape))
    return system


def features(system, captions=6):
    """Of 3 images and of captions from the longest to a single word, padded."""
    generator = torch.Generator().manual_seed(3)
    lengths = torch.arange(captions, 0, -1)
    ids = torch.randint(4, 30, (captions, captions), generator=generator)
    with torch.no_grad():
        return (system.regions(torch.rand(3, REGIONS, 24, generator=generator)), system.words(ids, lengths), lengths)


def plus(x, y, factor=1.0):
    return [a + factor * b for a, b in zip(x, y)]


def dot(x, y):
    return math.fsum(a * b for a, b in zip(x, y))


def unit(x):
    return [a / (math.sqrt(dot(x, x)) + 1e-8) for a in x]


def softmax(x):
    return [math.exp(a) / math.fsum(math.exp(b) for b in x) for a in x]


def weighted(weights, rows):
    return [math.fsum(a * row[k] for a, row in zip(weights, rows)) for k in range(len(rows[0]))]


class Written:
    """The score of one pair from the paper's equations, row by row in float64."""

    def __init__(self, scorer):
        self.state = {key: tensor.double().tolist() for key, tensor in scorer.state_dict().items()}

    def linear(self, name, x):
        return plus([dot(row, x) for row in self.state[name + ".weight"]], self.state[name + ".bias"])

    def standard(self, name, x, channel):
        of = {part: self.state[f"{name}.{part}"][channel] for part in ("weight", "bias", "running_mean", "running_var")}
        return (x - of["running_mean"]) / math.sqrt(of["running_var"] + 1e-5) * of["weight"] + of["bias"]

    def pooled(self, name, rows, standardised):
        mean = weighted([1 / len(rows)] * len(rows), rows)
        whole = self.linear(name + ".embedding_global.0", mean)
        local = [self.linear(name + ".embedding_local.0", row) for row in rows]
        if standardised:
            whole = [self.standard(name + ".embedding_global.1", x, k) for k, x in enumerate(whole)]
            local = [[self.standard(name + ".embedding_local.1", x, r) for x in row] for r, row in enumerate(local)]
        e = [self.linear(name + ".embedding_common.0", [math.tanh(a) * math.tanh(b) for a, b in zip(row, whole)])[0]
             for row in local]
        return unit(weighted(softmax(e), rows))

    def similarity(self, name, x, y):
        return unit(self.linear(name, [d * d for d in plus(x, y, -1.0)]))

    def attended(self, v, w):
        columns = []
        for region in v:
            inner = [dot(region, word) for word in w]
            columns.append(unit([s if s > 0 else 0.1 * s for s in inner]))
        return [unit(weighted(softmax([9 * column[j] for column in columns]), v)) for j in range(len(w))]

    def score(self, v, w):
        nodes = [self.similarity("sim_tranglo_w", self.pooled("v_global_w", v, True),
                                 self.pooled("t_global_w", w, False))]
        nodes += [self.similarity("sim_tranloc_w", c, word) for c, word in zip(self.attended(v, w), w)]
        if "SAF_module.bn.weight" in self.state:
            logits = [self.standard("SAF_module.bn", self.linear("SAF_module.attn_sim_w", x)[0], 0) for x in nodes]
            weights = [1 / (1 + math.exp(-x)) for x in logits]
            result = unit(weighted([a / (math.fsum(weights) + 1e-8) for a in weights], nodes))
        else:
            for step in range(sum(key.endswith("graph_key_w.bias") for key in self.state)):
                name = f"SGR_module.{step}."
                query, key = ([self.linear(name + part, x) for x in nodes] for part in ("graph_query_w", "graph_key_w"))
                seen = [weighted(softmax([dot(q, k) for k in key]), nodes) for q in query]
                nodes = [[max(0.0, a) for a in self.linear(name + "sim_graph_w", x)] for x in seen]
            result = nodes[0]
        return 1 / (1 + math.exp(-self.linear("sim_eval_w", result)[0]))


@pytest.mark.parametrize("name, options", [("sgraf-sgr", {}), ("sgraf-sgr", {"sgr_step": 1}),
                                           ("sgraf-sgr", {"sgr_step": 2, "sim_dim": 3}), ("sgraf-saf", {})])
@pytest.mark.parametrize("unit_length", [True, False])
def test_it_scores_as_its_equations_say_and_is_served_so(name, options, unit_length):
    system = made(name, **options)
    system.regions.normalise = system.words.normalise = unit_length
    v, w, lengths = features(system)
    with torch.no_grad():
        published = system.scores(v, w, lengths)
    written = Written(system.scorer)
    expected = torch.tensor([[written.score(v[i].double().tolist(), w[c, :n].double().tolist())
                              for c, n in enumerate(lengths)] for i in range(len(v))])
    assert expected.std() > 1e-3
    assert (published - expected).abs().max() < 2e-6
    form = system.form(Settings(regions=REGIONS, max_tokens=MAX_TOKENS))
    image, caption = pairs(len(v), len(w))
    for direction in DIRECTIONS.values():
        given = tensors(form, v, w, lengths, gap=2)
        assert (direction(form, given, image, caption) - expected.reshape(-1)).abs().max() < TOLERANCE
        alone = direction(form, *one_pair(form, tensors(form, v, w, lengths), 1, 4))
        assert (alone - expected[1, 4]).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_ordered_by_logits_gives_what_is_before_the_sigmoid(name):
    system = made(name)
    v, w, lengths = features(system)
    image, caption = pairs(len(v), len(w))
    with torch.no_grad():
        expected = system.scorer.logits(v[image], w[caption], lengths[caption])
    for kind in ("serving", "published"):
        form = system.form(Settings(form=kind, regions=REGIONS, max_tokens=MAX_TOKENS, logits=True)).eval()
        for direction in DIRECTIONS.values():
            scores = direction(form, tensors(form, v, w, lengths), image, caption)
            assert (scores - expected).abs().max() < 2e-5


@pytest.mark.parametrize("name", NAMES)
def test_what_is_padding_does_not_matter_to_the_published_score(name):
    system = made(name)
    v, w, lengths = features(system)
    noise = torch.where((torch.arange(w.shape[1]) < lengths.unsqueeze(1)).unsqueeze(-1), w, torch.tensor(7.0))
    with torch.no_grad():
        assert torch.equal(system.scores(v, noise, lengths), system.scores(v, w, lengths))
        alone = system.scores(v, w[4:5, :2], lengths[4:5])
    assert (alone[:, 0] - system.scores(v, w, lengths)[:, 4]).abs().max() < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_coarse_embedding_is_that_of_the_pooled_vectors(name):
    system = loaded(name).model.system
    v, w, lengths = loaded(name).features()
    coarse, written = system.coarse(), Written(system.scorer)
    images, captions = coarse.image(v), coarse.caption(w, lengths)
    for i in (0, 5):
        expected = torch.tensor(written.pooled("v_global_w", v[i].double().tolist(), True))
        assert (images[i] - expected).abs().max() < 1e-6 and abs(images[i].norm() - 1) < 1e-6
    for c in (0, len(w) - 1):
        expected = torch.tensor(written.pooled("t_global_w", w[c, :lengths[c]].double().tolist(), False))
        assert (captions[c] - expected).abs().max() < 1e-6 and abs(captions[c].norm() - 1) < 1e-6
    assert (coarse.source, coarse.width) == ("features", 32)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_of_it_gives_the_same_system_back(tmp_path, name):
    system = made(name)
    save(tmp_path / "c.pth", system)
    read = model.from_checkpoint(tmp_path / "c.pth").system
    assert (read.name, read.variant, read.described()) == (system.name, system.variant, system.described())
    v, w, lengths = features(system)
    assert torch.equal(system.scores(v, w, lengths), read.scores(*features(read)))


def test_it_is_described_in_a_line():
    assert made("sgraf-sgr").described() == "SGRAF SGR, D=16, vocabulary 30, regions of 24"
    assert made("sgraf-sgr", sgr_step=2).variant == {"sim_dim": 8, "sgr_step": 2}
    assert made("sgraf-saf").variant == {"sim_dim": 8}
    query, key = made("sgraf-saf").affinity()
    assert torch.equal(query @ key.t(), 9 * torch.eye(16, dtype=torch.float64))


def save(path, system, change=lambda content: None):
    content = {"model": system.states(), "opt": system.checkpoint_options()}
    change(content)
    torch.save(content, path)


def scorer(change):
    return lambda content: change(content["model"][2])


def put(**options):
    return lambda content: content["opt"].update(options)


@pytest.mark.parametrize("change, message", [
    (scorer(lambda s: s.pop("sim_tranloc_w.weight")), "The nearest is sgraf-sgr: the scorer lacks sim_tranloc_w.weight"),
    (scorer(lambda s: s.pop("sim_tranglo_w.bias")), r"the similarity \(SGR\) has no sim_tranglo_w.bias"),
    (scorer(lambda s: s.pop("v_global_w.embedding_local.1.weight")), "has no v_global_w.embedding_local.1.weight"),
    (scorer(lambda s: s.pop("SGR_module.1.graph_key_w.bias")), "has no SGR_module.1.graph_key_w.bias"),
    (scorer(lambda s: s.update({"SAF_module.bn.bias": torch.zeros(1)})),
     "the scorer has weights of SGR and SAF, expected SGR or SAF"),
    (scorer(lambda s: [s.pop(key) for key in list(s) if key.startswith("SGR")]), "the scorer has weights of no module"),
    (scorer(lambda s: s["v_global_w.embedding_global.1.running_var"].neg_()),
     r"the similarity \(SGR\)'s v_global_w.embedding_global.1.running_var holds a variance below 0"),
    (put(module_name="SAF"), "option module_name is 'SAF', but the weights say SGR"),
    (put(sim_dim=256), "option sim_dim is 256, but the weights say 8"),
    (put(sgr_step=2), "option sgr_step is 2, but the weights say 3"),
    (put(embed_size=32), "option embed_size is 32, but the weights say 16"),
    (lambda content: content["model"].pop(), "The nearest is sgraf-.*: entry 'model' has 2 parts, expected 3"),
])
def test_what_a_checkpoint_lacks_or_contradicts_is_said(tmp_path, change, message):
    save(tmp_path / "c.pth", made("sgraf-sgr"), change)
    with pytest.raises(ExportError, match=r"c\.pth: .*" + message):
        model.from_checkpoint(tmp_path / "c.pth")


def test_steps_that_no_module_takes_contradict_nothing(tmp_path):
    save(tmp_path / "c.pth", made("sgraf-saf"), put(sgr_step=7))
    assert model.from_checkpoint(tmp_path / "c.pth").system.name == "sgraf-saf"


@pytest.mark.parametrize("kind", ("serving", "published"))
def test_images_of_another_number_of_regions_are_refused(tmp_path, capsys, kind):
    save(tmp_path / "c.pth", made("sgraf-saf"))
    assert main(["--checkpoint", str(tmp_path / "c.pth"), "--form", kind, "--out", str(tmp_path / "b")]) == 2
    assert capsys.readouterr().err == "error: images of 36 regions are not for this model, whose normalisation is " \
                                      "over 5 regions\n"
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name, options, message", [
    ("sgraf-saf", {"sgr_step": 2}, "--sgr-step is not for sgraf-saf"),
    ("sgraf-sgr", {"sgr_step": 0}, "--sgr-step must be at least 1"),
    ("sgraf-sgr", {"sim_dim": 0}, "--sim-dim must be at least 1"),
    ("sgraf-sgr", {"agg_func": "Max"}, "--agg-func is not for sgraf-sgr")])
def test_options_of_random_weights_are_checked_as_well(name, options, message):
    with pytest.raises(ExportError, match=message):
        model.random(name, SIZES, options)
