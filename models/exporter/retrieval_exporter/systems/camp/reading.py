"""Checkpoints of CAMP in the authors' layout: which variant one is, and its parts with their weights."""

from collections.abc import Iterable, Mapping

from torch import Tensor

from ...encoders import RegionEncoder, WordEncoder
from ...errors import ExportError
from ...reading.checkpoints import Checkpoint, load_state
from ...reading.encoders import encoders_of, shape
from .published import FUSIONS, PairScorer, build_scorer

_PARTS = 3
_PAPER = "camp-paper"


def refusal(checkpoint: Checkpoint, names: Iterable[str]) -> str | None:
    """Why a checkpoint is none of CAMP's, None if it is one."""
    states = checkpoint.states()
    if states is None or len(states) != _PARTS:
        return f"no entry 'model' with {_PARTS} state dictionaries (image encoder, text encoder, scorer)"
    if name_of(checkpoint, states[2]) in names:
        return None
    known = ", ".join(sorted(name[5:].replace("-", "_") for name in names if name != _PAPER))
    return f"option measure is {checkpoint.options.get('measure')!r}; this exporter knows {known}"


def name_of(checkpoint: Checkpoint, scorer_state: Mapping[str, Tensor]) -> str | None:
    """The variant by the option `measure`, which checkpoints of the paper's model do not have."""
    measure = checkpoint.options.get("measure")
    if measure is not None:
        return "camp-" + str(measure).replace("_", "-")
    return _PAPER if {"img_proj.weight", "module.img_proj.weight"} & set(scorer_state) else None


def fusion_of(checkpoint: Checkpoint) -> dict[str, str]:
    """The variant's entry in bundle.json."""
    fusion = checkpoint.options.get("fusion_func")
    if fusion not in FUSIONS:
        raise ExportError(f"{checkpoint.path}: option fusion_func is {fusion!r}, expected {' or '.join(FUSIONS)}")
    return {"fusion": fusion}


def parts(checkpoint: Checkpoint, name: str,
          variant: Mapping[str, str]) -> tuple[RegionEncoder, WordEncoder, PairScorer]:
    """The encoders and the scorer. Sizes come from the weights, and options that contradict them are an error."""
    path, options = checkpoint.path, checkpoint.options
    if name == _PAPER and options.get("fusion_activation", "relu") != "relu":
        raise ExportError(f"{path}: option fusion_activation is {options['fusion_activation']!r}, expected relu")
    image_state, text_state, scorer_state = checkpoint.state_dicts()
    # Left out, the two options mean that features are not normalised: released checkpoints are so.
    regions, words = encoders_of(checkpoint, image_state, text_state, normalised=False)
    hidden = shape(scorer_state, "img_proj.weight", path, f"scorer ({name})")[0] if name == _PAPER else None
    scorer = build_scorer(name, regions.fc.out_features, variant.get("fusion"), hidden, _heads(scorer_state))
    load_state(scorer, scorer_state, path, f"scorer ({name})")
    return regions, words, scorer


def _heads(state: Mapping[str, Tensor]) -> int:
    """How many heads the summaries have; 4 in everything published."""
    for key, tensor in state.items():
        if key.endswith("_1.linear.2.weight") and tensor.dim() == 2:
            return tensor.shape[0]
    return 4
