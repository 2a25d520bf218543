"""What a checkpoint is recognised as, and what is said of one that is nothing known or a mixture."""

import pytest
import torch

from conftest import HERE
from retrieval_exporter import model, recognition, registry
from retrieval_exporter.cli import main
from retrieval_exporter.errors import ExportError
from retrieval_exporter.reading import checkpoints
from retrieval_exporter.reading.options import options_of

FIXTURES = sorted(path.parent.name for path in HERE.glob("fixtures/*/model_best.pth.tar"))
LAYOUT = "expected a list of two or three state dictionaries: image encoder, text encoder"
_read = {}


def content(name):
    if name not in _read:
        _read[name] = checkpoints.read(HERE / "fixtures" / name / "model_best.pth.tar")
    return dict(_read[name], model=[dict(state) for state in _read[name]["model"]], opt=dict(_read[name]["opt"]))


def read(given):
    return registry.read(checkpoints.Checkpoint("f", given, options_of(given.get("opt"), None, "f")))


def refusal(given):
    with pytest.raises(ExportError) as refused:
        read(given)
    text = str(refused.value)
    assert text.startswith("f: ") and "\n" not in text and len(text) < 500
    return text.removeprefix("f: ")


@pytest.mark.parametrize("name", FIXTURES)
def test_every_checkpoint_is_recognised_in_a_line(name):
    described = read(content(name)).described()
    assert described.endswith(", D=32, vocabulary 60, regions of 64") and described.split()[0].isupper()


def test_what_is_recognised_is_said_before_anything_else(tmp_path, capsys, monkeypatch):
    def work(*arguments):
        assert capsys.readouterr().out == "CAMP paper, D=32, vocabulary 60, regions of 64\n"
        raise ExportError("that was the work")

    path = HERE / "fixtures" / "camp-paper" / "model_best.pth.tar"
    monkeypatch.setattr(model, "chosen", work)
    assert main(["--checkpoint", str(path), "--out", str(tmp_path / "b")]) == 2
    assert "that was the work" in capsys.readouterr().err


@pytest.mark.parametrize("name", FIXTURES)
def test_a_missing_and_an_unknown_weight_are_named(name):
    given = content(name)
    gone = sorted(given["model"][-1])[-1]
    given["model"][-1] = {key: x for key, x in given["model"][-1].items() if key != gone}
    assert gone.removeprefix("module.") in refusal(given)
    given = content(name)
    given["model"][0]["extra.weight"] = torch.zeros(1)
    assert "the image encoder has an unknown extra.weight" in refusal(given)


@pytest.mark.parametrize("name", FIXTURES)
def test_options_that_do_not_say_enough_name_the_system_of_the_weights(name):
    given = content(name)
    system = read(given)
    given["opt"] = {}
    try:
        assert read(given).name == system.name
    except ExportError as error:
        assert "the weights are those of" in str(error) and system.name in str(error)
        assert "the options are not: " in str(error)


@pytest.mark.parametrize("options, weights, message", [
    ("camp-gate-fusion-concat", "camp-paper", "; the weights are those of camp-paper"),
    ("camp-cross-attention", "camp-gate-fusion-sum", "; the weights are those of camp-gate-fusion"),
    ("scan-t2i-mean", "camp-paper", r"the weights are those of camp-paper, but the options \(agg_func, cross_attn, "
     r"lambda_lse and 3 more\) are those of scan-t2i or scan-i2t; --config can give one of the former"),
    ("sgraf-saf", "camp-paper",
     r"of camp-paper, but the options \(module_name, sgr_step, sim_dim\) are those of sgraf"),
    ("rdan", "sgraf-sgr", r"of sgraf-sgr, but the options \(lambda_softmax, mu\) are those of rdan"),
    ("vsepp", "sgraf-sgr", r"of sgraf-sgr, but the options \(measure, use_abs\) are those of vsepp"),
    ("scan-t2i-mean", "vsepp", "option bi_gru is True, but the weights are of a GRU in one direction; the weights are those of vsepp"),
    ("camp-paper", "scan-i2t-mean",
     "the weights are those of scan-t2i or scan-i2t, the options are not: there is no option cross_attn"),
])
def test_options_of_one_system_and_weights_of_another_are_told(options, weights, message):
    given = content(weights)
    given["opt"] = content(options)["opt"]
    with pytest.raises(ExportError, match=message):
        read(given)


def test_a_config_can_say_that_the_options_are_meant(tmp_path):
    given = content("camp-paper")
    given["opt"] = content("scan-t2i-mean")["opt"]
    torch.save(given, tmp_path / "c.pth")
    assert model.from_checkpoint(tmp_path / "c.pth", config={"ablation": "none"}).system.name == "camp-paper"


def test_an_encoder_of_one_system_and_a_scorer_of_another_are_told():
    given = content("sgraf-sgr")
    given["model"][2], given["opt"] = content("rdan")["model"][2], content("rdan")["opt"]
    assert refusal(given).endswith("; parts of different systems: the text encoder is of sgraf-sgr or sgraf-saf, the "
                                   "scorer is of rdan")
    given["model"][2], given["opt"] = content("camp-paper")["model"][2], {}
    assert "parts of different systems: the text encoder is of sgraf" in refusal(given)


def test_what_no_system_recognises_names_the_nearest_and_what_tells_it_apart():
    given = content("camp-gate-fusion-new-concat")
    given["model"][2] = {"own." + key if "fc_1" in key or "fc_2" in key else key: x
                         for key, x in given["model"][2].items()}
    given["opt"] = {"measure": "gate_fusion_newer"}
    assert refusal(given) == "no system recognises it. The nearest is camp-gate-fusion-new: the scorer lacks " \
        "fc_1.0.weight, fc_2.0.weight, the scorer has besides own.module.fc_1.0.weight, own.module.fc_2.0.weight"


@pytest.mark.parametrize("change, message", [
    (lambda c: {**c, "model": {f"{i}.{key}": x for i, state in enumerate(c["model"]) for key, x in state.items()}},
     r"entry 'model' is one dictionary \(0.fc.weight, .* and 22 more\), " + LAYOUT),
    (lambda c: c["model"][2], r"the file is one state dictionary \(.* and 11 more\), expected an entry 'model'"),
    (lambda c: {"state_dict": c["model"]}, "no entry 'model', only state_dict; " + LAYOUT),
    (lambda c: {}, "no entry 'model', only nothing; " + LAYOUT),
    (lambda c: {"model": c["model"] * 2}, "entry 'model' is a list of 6, " + LAYOUT),
    (lambda c: {"model": [c["model"]]}, "entry 'model' holds a list, " + LAYOUT),
    (lambda c: {"model": 3}, "entry 'model' is an? int, " + LAYOUT),
    (lambda c: {"model": [{}, {}]}, "no system has any of its weights"),
    (lambda c: {"model": [{"conv1.weight": torch.zeros(1)}, {"x": torch.zeros(1)}]},
     r"no system has any of its weights \(conv1.weight, x\)"),
    (lambda c: {"model": [{5: torch.zeros(1)}, {}, {}]},
     r"entry 'model'\[0\] holds something else than named tensors: 5"),
])
def test_another_layout_is_refused_with_what_was_found(change, message):
    with pytest.raises(ExportError, match="^f: " + message):
        read(change(content("camp-paper")))


@pytest.mark.parametrize("name", FIXTURES)
def test_an_option_of_any_kind_is_read_or_refused_in_a_line(name):
    given = content(name)
    own = {option for entry in recognition.known(registry.SYSTEMS) for option in entry.options}
    for option in sorted(own | set(given["opt"])):
        for value in ([1], {}, None, "x", -1, float("nan")):
            try:
                read({**given, "opt": {**given["opt"], option: value}})
            except ExportError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("name", FIXTURES)
def test_a_weight_of_any_shape_or_type_is_refused_in_a_line(name):
    given = content(name)
    for index, state in enumerate(given["model"]):
        for key in sorted(state)[:4]:
            for wrong in (torch.zeros(()), torch.zeros(0, 0), torch.zeros(2, 2, 2), state[key].to(torch.complex64)):
                states = [*given["model"][:index], {**state, key: wrong}, *given["model"][index + 1:]]
                if wrong.shape != state[key].shape or wrong.is_complex():
                    refusal({**given, "model": states})


def test_asking_what_is_known_draws_no_random_numbers():
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    recognition._known.cache_clear()
    assert len(list(recognition.known(registry.SYSTEMS))) > len(registry.names())
    assert torch.equal(torch.rand(3), wanted)
