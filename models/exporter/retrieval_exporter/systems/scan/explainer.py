"""What SCAN shows: what every word attends to, or every region, and how near it is to that."""

from torch import Tensor

from ...explaining import REGIONS, WORDS, Explainer, Output, largest_cosines
from ...numbers.operations import word_mask
from .published import StackedCrossAttention


class ScanExplainer(Explainer):
    """What attends counts by its relevance, of which every aggregation is a rising function; what is attended to counts
    by how near the nearest is that attends. The attention that it receives says less: many attend to what is little like
    them where all is little like them."""

    def __init__(self, scorer: StackedCrossAttention) -> None:
        self.words_attend = scorer.variant.direction == "t2i"
        own, other, axes = ("word", "region", (WORDS, REGIONS)) if self.words_attend else \
            ("region", "word", (REGIONS, WORDS))
        super().__init__([
            Output(own + "_attention", f"Which {other}s each {own} attends to", "attention", axes, 1),
            Output(own + "_relevance", f"How near each {own} is to what it attends to", "relation", axes[:1]),
            Output(own + "_importance", f"How much each {own} counts: its relevance", "importance", axes[:1]),
            Output(other + "_importance", f"How much each {other} counts: its cosine with the {own} nearest to it",
                   "importance", axes[1:])])
        self.scorer = scorer
        self.own, self.other = own, other

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        parts = self.scorer.parts(v, w, lengths)
        x, y, attending = (w, v, word_mask(lengths, w.shape[1])) if self.words_attend else (v, w, None)
        return parts.score, {
            self.own + "_attention": parts.attention,
            self.own + "_relevance": parts.relevance,
            self.own + "_importance": parts.relevance,
            self.other + "_importance": largest_cosines(y, x, attending)}
