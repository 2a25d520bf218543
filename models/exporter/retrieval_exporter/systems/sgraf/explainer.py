"""What SGRAF shows: which regions every word attends to, and how the similarity vectors of the whole pair and of its words
are put together."""

from functools import reduce

import torch
from torch import Tensor

from ...explaining import NODES, REGIONS, WORDS, Explainer, Output, passed_on
from ...numbers.operations import word_mask
from .published import GraphScorer, SimilarityScorer


class SgrafExplainer(Explainer):
    """A word counts by the share that its node has in the vector that is scored: SAF's weight, or SGR's attentions
    of all steps one after another, seen from the first node. A region counts by the attention of the words, each as much
    as it counts."""

    def __init__(self, scorer: SimilarityScorer) -> None:
        self.steps = len(scorer.SGR_module) if isinstance(scorer, GraphScorer) else 0
        nodes = Output("step_attention", "Which nodes each node attends to, at every step (node 0 is the whole pair, the "
                       "others are words)", "attention", (self.steps, NODES, NODES), 2) if self.steps else \
            Output("node_weight", "What the similarity vector is made of (node 0 is the whole pair, the others are words)",
                   "weight", (NODES,), 0)
        super().__init__([
            Output("word_attention", "Which regions each word attends to", "attention", (WORDS, REGIONS), 1),
            nodes,
            Output("word_importance", "How much each word counts: its node's share in the similarity vector", "importance",
                   (WORDS,)),
            Output("region_importance", "How much each region counts: the attention of the words, each as much as it "
                   "counts", "importance", (REGIONS,))])
        self.scorer = scorer

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        parts = self.scorer.parts(v, w, lengths)
        # The last step first: what the first node is made of, back to the nodes that there were.
        share = reduce(lambda later, earlier: later @ earlier, parts.nodes[-2::-1], parts.nodes[-1][:, :1])[:, 0]
        words = share[:, 1:]
        return parts.logits, {
            "word_attention": parts.attention,
            **({"step_attention": torch.stack(parts.nodes, dim=1)} if self.steps else {"node_weight": share}),
            "word_importance": words,
            "region_importance": passed_on(words, parts.attention, word_mask(lengths, w.shape[1]))}
