"""Checkpoints of CAMP in the authors' layout: which variant one is, and its parts with their weights."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

from ...encoders import RegionEncoder, WordEncoder
from ...errors import ExportError
from ...reading.checkpoints import Checkpoint, load_state
from ...reading.encoders import encoders_of, shape
from .ablations import ABLATIONS
from .published import FUSIONS, PAPER, WITH_FUSION, WITH_SUMMARY, PairScorer, build_scorer

_PARTS = 3

# What the paper's scorer calls its layers. An ablation may lack some of them, never all.
_PAPERS_OWN = ("img_proj.", "fuse_img.", "agg_img.", "mlp_hidden.")


def refusal(checkpoint: Checkpoint, names: Iterable[str]) -> str | None:
    """Why a checkpoint is none of CAMP's, None if it is one."""
    states = checkpoint.states()
    if states is None or len(states) != _PARTS:
        return f"no entry 'model' with {_PARTS} state dictionaries (image encoder, text encoder, scorer)"
    if name_of(checkpoint, checkpoint.state_dicts()[2]) in names:
        return None
    known = ", ".join(sorted(name[5:].replace("-", "_") for name in names if name != PAPER))
    return f"option measure is {checkpoint.options.get('measure')!r}; this exporter knows {known}"


def name_of(checkpoint: Checkpoint, scorer_state: Mapping[str, Tensor]) -> str | None:
    """The system by the option `measure`, which checkpoints of the paper's model do not have."""
    measure = checkpoint.options.get("measure")
    if measure is not None:
        return "camp-" + str(measure).replace("_", "-")
    return PAPER if any(key.startswith(_PAPERS_OWN) for key in scorer_state) else None


def variant_of(checkpoint: Checkpoint, name: str, scorer_state: Mapping[str, Tensor]) -> dict[str, str]:
    """The variant's entry in bundle.json."""
    if name in WITH_FUSION:
        return {"fusion": _choice(checkpoint, "fusion_func", FUSIONS)}
    if name in WITH_SUMMARY:
        return _summary(checkpoint, scorer_state)
    ablation = _choice(checkpoint, "ablation", tuple(ABLATIONS), "none")
    return {} if ablation == "none" else {"ablation": ablation}


def _choice(checkpoint: Checkpoint, option: str, choices: Sequence[str], default: str | None = None) -> str:
    value = checkpoint.options.get(option, default)
    if value not in choices:
        raise ExportError(f"{checkpoint.path}: option {option} is {value!r}, expected "
                          f"{', '.join(choices[:-1])} or {choices[-1]}")
    return value


def _summary(checkpoint: Checkpoint, scorer_state: Mapping[str, Tensor]) -> dict[str, str]:
    """Whether messages are averaged: then there are no weights of a summary, whatever the options leave unsaid."""
    averages = not any(key.startswith("reduce_layer_") for key in scorer_state)
    said = checkpoint.options.get("reduce_func")
    if said is not None and said != ("mean" if averages else "self_attn"):
        raise ExportError(f"{checkpoint.path}: option reduce_func is {said!r}, but the scorer has "
                          f"{'no ' if averages else ''}weights of a summary")
    return {"summary": "mean"} if averages else {}


def parts(checkpoint: Checkpoint, name: str,
          variant: Mapping[str, str]) -> tuple[RegionEncoder, WordEncoder, PairScorer]:
    """The encoders and the scorer. Sizes come from the weights, and options that contradict them are an error."""
    path, options = checkpoint.path, checkpoint.options
    if name == PAPER and options.get("fusion_activation", "relu") != "relu":
        raise ExportError(f"{path}: option fusion_activation is {options['fusion_activation']!r}, expected relu")
    image_state, text_state, scorer_state = checkpoint.state_dicts()
    # Left out, the two options mean that features are not normalised: released checkpoints are so.
    regions, words = encoders_of(checkpoint, image_state, text_state, normalised=False)
    part = f"scorer ({', '.join([name, *variant.values()])})"
    hidden = None
    if name == PAPER and ABLATIONS[variant.get("ablation", "none")].attention:
        hidden = shape(scorer_state, "img_proj.weight", path, part)[0]
    scorer = build_scorer(name, regions.fc.out_features, variant, hidden, _heads(scorer_state))
    load_state(scorer, scorer_state, path, part)
    return regions, words, scorer


def _heads(state: Mapping[str, Tensor]) -> int:
    """How many heads the summaries have; 4 in everything published."""
    for key, tensor in state.items():
        if key.endswith("_1.linear.2.weight") and tensor.dim() == 2 and len(tensor):
            return tensor.shape[0]
    return 4
