"""What CAMP shows: which words and regions exchange messages, how far gates opened, what the summaries are made of.

How much a word counts is how far its gate opened times the largest weight that a region has for it; how much a region
counts is the attention of the words, each as much as it counts. Of everything tried on the dev split of the scenes these
two are the simplest whose largest value names what the score depends on: models/README.md has the measurement. What the
summaries are made of does not, and neither does what the regions' messages are made of.
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
        with torch.no_grad():
            size = scorer.embed_size
            parts = scorer.parts(torch.zeros(1, 2, size), torch.zeros(1, 2, size), torch.tensor([2]))
        super().__init__(_outputs(parts))
        self.scorer = scorer

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        parts = self.scorer.parts(v, w, lengths)
        seen = {**_seen("word", parts.words, w.shape[1], v.shape[1]),
                **_seen("region", parts.regions, v.shape[1], w.shape[1])}
        if parts.words.attentions:
            attention = parts.words.attentions[0][:, :w.shape[1]]
            counts = attention.amax(dim=2) * seen.get("word_gate", 1.0)
            seen.update(word_importance=counts,
                        region_importance=passed_on(counts, attention, word_mask(lengths, w.shape[1])))
        return parts.logits, seen


def _outputs(parts: Parts) -> list[Output]:
    """Of an example's parts: what a model has not is None in any pair."""
    found = []
    for own, other, axes, side in (("word", "region", (WORDS, REGIONS), parts.words),
                                   ("region", "word", (REGIONS, WORDS), parts.regions)):
        of_others = "" if len(side.attentions) < 2 else f", after the {own}s attended to each other"
        if side.attentions:
            found.append(Output(own + "_attention", f"Which {other}s each {own}'s message is made of{of_others}",
                                "attention", axes, 1))
        if side.gate is not None:
            mean = "" if side.gate.shape[2] == 1 else ", mean of its channels"
            found.append(Output(own + "_gate", f"How far each {own}'s gate opened{mean}", "gate", axes[:1]))
        if side.weights is not None:
            found.append(Output(own + "_weight", f"What the summary of the {own}s is made of", "weight", axes[:1], 0))
    if parts.words.attentions:
        times = "" if parts.words.gate is None else "how far its gate opened, times "
        found.append(Output("word_importance", f"How much each word counts: {times}its largest attention to a region",
                            "importance", (WORDS,)))
        found.append(Output("region_importance", "How much each region counts: the attention of the words, each as much "
                            "as it counts", "importance", (REGIONS,)))
    return found


def _seen(own: str, side: Side, positions: int, others: int) -> dict[str, Tensor]:
    """One side's outputs. A plain mean over a padded caption has one more word than there are."""
    seen = {}
    if side.attentions:
        # One after another: what the messages are made of in the end.
        attention = reduce(lambda before, after: after @ before, side.attentions)
        seen[own + "_attention"] = attention[:, :positions, :others]
    if side.gate is not None:
        seen[own + "_gate"] = side.gate.mean(dim=2)
    if side.weights is not None:
        seen[own + "_weight"] = side.weights.squeeze(1)
    return seen
