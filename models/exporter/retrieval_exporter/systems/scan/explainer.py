"""What SCAN shows: what every word attends to, or every region, and how near it is to that."""

from torch import Tensor

from ...explaining import REGIONS, WORDS, Explainer, Output, passed_on
from ...numbers.operations import word_mask
from .published import StackedCrossAttention


class ScanExplainer(Explainer):
    """What attends counts by its relevance, of which every aggregation is a rising function; what is attended to counts
    by the attention of all that attends, each as much as it counts."""

    def __init__(self, scorer: StackedCrossAttention) -> None:
        self.words_attend = scorer.variant.direction == "t2i"
        own, other, axes = ("word", "region", (WORDS, REGIONS)) if self.words_attend else \
            ("region", "word", (REGIONS, WORDS))
        super().__init__([
            Output(own + "_attention", f"Which {other}s each {own} attends to", "attention", axes, 1),
            Output(own + "_relevance", f"How near each {own} is to what it attends to", "relation", axes[:1]),
            Output(own + "_importance", f"How much each {own} counts: its relevance", "importance", axes[:1]),
            Output(other + "_importance", f"How much each {other} counts: the attention of the {own}s, each as much as it "
                   "counts", "importance", axes[1:])])
        self.scorer = scorer
        self.own, self.other = own, other

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        parts = self.scorer.parts(v, w, lengths)
        attending = word_mask(lengths, w.shape[1]) if self.words_attend else None
        return parts.score, {
            self.own + "_attention": parts.attention,
            self.own + "_relevance": parts.relevance,
            self.own + "_importance": parts.relevance,
            self.other + "_importance": passed_on(parts.relevance, parts.attention, attending)}
