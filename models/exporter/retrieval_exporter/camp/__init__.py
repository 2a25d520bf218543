"""CAMP (Wang et al., ICCV 2019): cross-modal adaptive message passing, in all its published variants."""

from ..arithmetic import Arithmetic
from .cross_attention import ServingCrossAttention
from .gate_fusion import ServingGateFusion
from .paper import ServingPaper
from .plain import PublishedForm
from .published import build_scorer

_SERVING = {
    "camp-paper": ServingPaper,
    "camp-gate-fusion": ServingGateFusion,
    "camp-gate-fusion-new": ServingGateFusion,
    "camp-cross-attention": ServingCrossAttention,
    "camp-cross-attention-new": ServingCrossAttention,
}

SYSTEMS = tuple(_SERVING)

# Where the first layers of the summaries are left per pair: 8 bits there cost weights of an average, not features.
IN_BYTES = ("camp-gate-fusion", "camp-gate-fusion-new")


def default_records(precision):
    """How records are stored if nothing else is asked for."""
    return "float16" if precision == "float16" else "float32"


def build_form(system, scorer, form, regions, max_tokens, fast=True, precision="float32",
               records=None):
    """The exportable form, `serving` or `published`, of a published scorer."""
    math = Arithmetic(precision)
    records = records or default_records(precision)
    if form == "published":
        return PublishedForm(scorer, regions, math, records)
    return _SERVING[system](scorer, regions, max_tokens, fast, math, records)
