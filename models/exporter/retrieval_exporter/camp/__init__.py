"""CAMP (Wang et al., ICCV 2019): cross-modal adaptive message passing, in all its published variants."""

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


def build_form(system, scorer, form, regions, max_tokens, fast=True, half=False):
    """The exportable form, `serving` or `published`, of a published scorer."""
    if form == "published":
        return PublishedForm(scorer, regions, half)
    return _SERVING[system](scorer, regions, max_tokens, fast, half)
