"""What CAMP shows: which words and regions exchange messages, how far gates opened, what the summaries are made of.

How much a word counts is how far its gate opened times the largest weight that a region has for it; how much a region
counts is the attention of the words, each as much as it counts. Of everything tried on the dev split of the scenes these
two are the simplest whose largest value names what the score depends on (models/README.md). What the summaries are made
of does not.
"""

from functools import reduce

import torch
from torch import Tensor

from ...explaining import REGIONS, WORDS, Explainer, Output, passed_on
from ...numbers.operations import word_mask
from .parts import Parts, Side
from .published import PairScorer


class CampExplainer(Explainer):
    """Of a variant's steps those that it has."""

    def __init__(self, scorer: PairScorer) -> None:
        size = scorer.embed_size
        with torch.no_grad():
            example = scorer.parts(torch.zeros(1, 2, size), torch.zeros(1, 2, size), torch.tensor([2]))
        super().__init__(_outputs(example))
        self.scorer = scorer
        # A plain mean over a padded caption has one word more than there are, the last.
        self.padded = getattr(scorer, "averages", False)

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        parts = self.scorer.parts(v, w, lengths)
        seen = {**_seen("word", parts.words), **_seen("region", parts.regions)}
        over_regions = parts.words.attentions[:1]
        if self.padded:
            seen["word_attention"] = seen["word_attention"][:, :-1]
            seen["region_attention"] = seen["region_attention"][:, :, :-1]
            over_regions = (over_regions[0][:, :-1],)
        for attention in over_regions:
            counts = attention.amax(dim=2) * seen.get("word_gate", 1.0)
            seen.update(word_importance=counts,
                        region_importance=passed_on(counts, attention, word_mask(lengths, w.shape[1])))
        return parts.logits, seen


def _outputs(parts: Parts) -> list[Output]:
    """Of an example's parts: what a variant has not is None in any pair."""
    found = []
    for own, other, axes, side in (("word", "region", (WORDS, REGIONS), parts.words),
                                   ("region", "word", (REGIONS, WORDS), parts.regions)):
        after = "" if len(side.attentions) < 2 else f", after the messages to {own}s attended to each other"
        if side.attentions:
            found.append(Output(own + "_attention", f"Which {other}s each {own}'s message is made of{after}", "attention",
                                axes, 1))
        if side.gate is not None:
            mean = "" if side.gate.shape[2] == 1 else ", mean of its channels"
            found.append(Output(own + "_gate", f"How far each {own}'s gate opened{mean}", "gate", axes[:1]))
        if side.weights is not None:
            found.append(Output(own + "_weight", f"Which {own}s the summary of the {own}s is made of", "weight", axes[:1],
                                0))
    if parts.words.attentions:
        times = "" if parts.words.gate is None else "how far its gate opened, times "
        found.append(Output("word_importance", f"How much each word counts: {times}its largest attention to a region",
                            "importance", (WORDS,)))
        found.append(Output("region_importance", "How much each region counts: the attention of the words, each as much "
                            "as it counts", "importance", (REGIONS,)))
    return found


def _seen(own: str, side: Side) -> dict[str, Tensor]:
    """One side's outputs."""
    seen = {}
    if side.attentions:
        # One after another: what the messages are made of in the end.
        seen[own + "_attention"] = reduce(lambda before, after: after @ before, side.attentions)
    if side.gate is not None:
        seen[own + "_gate"] = side.gate.mean(dim=2)
    if side.weights is not None:
        seen[own + "_weight"] = side.weights.squeeze(1)
    return seen
