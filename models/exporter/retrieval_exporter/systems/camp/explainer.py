"""What CAMP shows: which words and regions exchange messages, how far gates opened, what the summaries are made of.

How much words and regions count depends on what gates there are, and is the simplest, of what was tried on the dev split
of the scenes, whose largest value names what the score depends on (models/README.md):

- one a position: of a word how far its gate opened, times the largest weight that a region has for it; of a region the
  attention of the words, each as much as it counts;
- one a channel: the mean over them;
- none: the cosine with the nearest of the other side.

What the summaries are made of does not name it.
"""

from functools import reduce

import torch
from torch import Tensor

from ...explaining import REGIONS, WORDS, Explainer, Output, largest_cosines, passed_on
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
        if self.padded:
            seen["word_attention"] = seen["word_attention"][:, :-1]
            seen["region_attention"] = seen["region_attention"][:, :, :-1]
        mask = word_mask(lengths, w.shape[1])
        if parts.words.gate is None:
            words, regions = largest_cosines(w, v), largest_cosines(v, w, mask)
        elif _by_channel(parts.words):
            words, regions = seen["word_gate"], seen["region_gate"]
        else:
            attention = parts.words.attentions[0]
            words = attention.amax(dim=2) * seen["word_gate"]
            regions = passed_on(words, attention, mask)
        return parts.logits, {**seen, "word_importance": words, "region_importance": regions}


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
            mean = ", mean of its channels" if _by_channel(side) else ""
            found.append(Output(own + "_gate", f"How far each {own}'s gate opened{mean}", "gate", axes[:1]))
        if side.weights is not None:
            found.append(Output(own + "_weight", f"Which {own}s the summary of the {own}s is made of", "weight", axes[:1],
                                0))
    if parts.words.gate is None:
        word, region = "its cosine with the region nearest to it", "its cosine with the word nearest to it"
    elif _by_channel(parts.words):
        word = region = "how far its gate opened, mean of its channels"
    else:
        word = "how far its gate opened, times its largest attention to a region"
        region = "the attention of the words, each as much as it counts"
    return [*found, Output("word_importance", f"How much each word counts: {word}", "importance", (WORDS,)),
            Output("region_importance", f"How much each region counts: {region}", "importance", (REGIONS,))]


def _by_channel(side: Side) -> bool:
    return side.gate.shape[2] > 1


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
