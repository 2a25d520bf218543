"""Checkpoints of SCAN in the authors' layout."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...encoders import RegionEncoder, WordEncoder
from ...errors import ExportError
from ...reading.checkpoints import Checkpoint
from ...reading.encoders import encoders_of
from .variant import DIRECTIONS

_PARTS = 2
_ENCODERS = ("basic", "weight_norm")
_LENGTH, _DIRECTION = "fc.weight_g", "fc.weight_v"


def refusal(checkpoint: Checkpoint) -> str | None:
    """Why a checkpoint is not SCAN's, None if it is: no other system's options say which side attends."""
    states = checkpoint.states()
    if states is None or len(states) != _PARTS:
        return f"no entry 'model' with {_PARTS} state dictionaries (image encoder, text encoder)"
    direction = checkpoint.options.get("cross_attn")
    if direction in DIRECTIONS:
        return None
    found = "there is no option cross_attn" if direction is None else f"option cross_attn is {direction!r}"
    return f"{found}, expected {' or '.join(DIRECTIONS)}; --config can give it"


def encoders(checkpoint: Checkpoint) -> tuple[RegionEncoder, WordEncoder]:
    """The two encoders. Left out, `no_imgnorm` and `no_txtnorm` mean that features have unit length."""
    image_state, text_state = checkpoint.state_dicts()
    return encoders_of(checkpoint, _folded(checkpoint, image_state), text_state, normalised=True)


def _folded(checkpoint: Checkpoint, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The image encoder's state with its weight in one piece. `precomp_enc_type` weight_norm keeps its length, one
    number for the whole or one a row, apart from its direction: W = g V / |V|."""
    path, kind = checkpoint.path, checkpoint.options.get("precomp_enc_type", _ENCODERS[0])
    if kind not in _ENCODERS:
        raise ExportError(f"{path}: option precomp_enc_type is {kind!r}, expected {' or '.join(_ENCODERS)}")
    apart = _LENGTH in state or _DIRECTION in state
    if apart != (kind == "weight_norm"):
        found = _ENCODERS[1] if apart else _ENCODERS[0]
        raise ExportError(f"{path}: option precomp_enc_type is {kind!r}, but the weights say {found}")
    if not apart:
        return state
    rest = dict(state)
    for key in (_LENGTH, _DIRECTION):
        if key not in rest:
            raise ExportError(f"{path}: the image encoder has no {key}")
    length, direction = rest.pop(_LENGTH).double(), rest.pop(_DIRECTION).double()
    if direction.dim() != 2 or length.numel() != 1 and length.shape != (direction.shape[0], 1):
        raise ExportError(f"{path}: the image encoder's {_LENGTH} has shape {list(length.shape)} and {_DIRECTION} "
                          f"{list(direction.shape)}, expected one number or one a row, and a matrix")
    norm = direction.norm() if length.numel() == 1 else direction.norm(dim=1, keepdim=True)
    if bool((norm == 0).any()):
        raise ExportError(f"{path}: the image encoder's {_DIRECTION} is zero, which is no direction")
    return {**rest, "fc.weight": (direction * (length.reshape(()) if length.numel() == 1 else length) / norm)
            .to(torch.float32)}
