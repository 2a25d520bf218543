"""Checkpoints of SGRAF in the authors' layout: which of the two modules one has, and its parts with their weights."""

from collections.abc import Mapping

from torch import Tensor

from ...encoders import RegionEncoder, WordEncoder
from ...errors import ExportError
from ...reading.checkpoints import Checkpoint, load_state
from ...reading.encoders import encoders_of, shape
from .published import FiltrationScorer, GraphScorer, SimilarityScorer

_PARTS = 3
_MARK = "sim_tranloc_w.weight"
_PLACES = "v_global_w.embedding_local.1.weight"
MODULES = ("SGR", "SAF")


def refusal(checkpoint: Checkpoint) -> str | None:
    """Why a checkpoint is not SGRAF's, None if it is."""
    states = checkpoint.states()
    if states is None or len(states) != _PARTS:
        return f"no entry 'model' with {_PARTS} state dictionaries (image encoder, text encoder, similarity)"
    keys = set(states[2])
    return None if {_MARK, "module." + _MARK} & keys else f"the scorer has no {_MARK}"


def parts(checkpoint: Checkpoint) -> tuple[str, RegionEncoder, WordEncoder, SimilarityScorer]:
    """The module's name, the encoders and the scorer. Sizes come from the weights, and options that contradict them are
    an error."""
    path = checkpoint.path
    image_state, text_state, state = checkpoint.state_dicts()
    module = _module_of(checkpoint, state)
    regions, words = encoders_of(checkpoint, image_state, text_state, normalised=True, rnn="cap_rnn")
    part = f"similarity ({module})"
    sim_dim = shape(state, _MARK, path, part)[0]
    _agrees(checkpoint, "sim_dim", sim_dim)
    if _PLACES not in state or state[_PLACES].dim() != 1:
        raise ExportError(f"{path}: the {part} has no {_PLACES}")
    sizes = regions.fc.out_features, sim_dim, state[_PLACES].shape[0]
    if module == "SGR":
        steps = len({key.split(".")[1] for key in state if key.startswith("SGR_module.")})
        _agrees(checkpoint, "sgr_step", steps)
        scorer: SimilarityScorer = GraphScorer(*sizes, steps)
    else:
        scorer = FiltrationScorer(*sizes)
    load_state(scorer, state, path, part)
    return module, regions, words, scorer


def _module_of(checkpoint: Checkpoint, state: Mapping[str, Tensor]) -> str:
    found = [module for module in MODULES if any(key.startswith(module + "_module.") for key in state)]
    if len(found) != 1:
        raise ExportError(f"{checkpoint.path}: the scorer has weights of {' and '.join(found) or 'no module'}, "
                          f"expected {' or '.join(MODULES)}")
    _agrees(checkpoint, "module_name", found[0])
    return found[0]


def _agrees(checkpoint: Checkpoint, option: str, found: str | int) -> None:
    if option in checkpoint.options and checkpoint.options[option] != found:
        raise ExportError(f"{checkpoint.path}: option {option} is {checkpoint.options[option]!r}, "
                          f"but the weights say {found}")
