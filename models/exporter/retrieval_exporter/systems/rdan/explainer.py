"""What RDAN shows: the two relations of regions and words, the attentions that they make, and what these say."""

from torch import Tensor

from ...explaining import REGIONS, WORDS, Explainer, Output, passed_on
from ...numbers.operations import word_mask
from .published import PairScorer


class RdanExplainer(Explainer):
    """The score is a mean of cosines, (1 - mu) over regions and mu over words. A region counts by its own cosine's share
    and by the attention of the words, each with its share; a word the same. Either sums to the score."""

    def __init__(self, scorer: PairScorer) -> None:
        super().__init__([
            Output("word_attention", "Which regions each word attends to", "attention", (WORDS, REGIONS), 1),
            Output("region_attention", "Which words each region attends to", "attention", (REGIONS, WORDS), 1),
            Output("word_relation", "The relation by which words attend (S1)", "relation", (REGIONS, WORDS)),
            Output("region_relation", "The relation by which regions attend (S2)", "relation", (REGIONS, WORDS)),
            Output("word_importance", "How much each word counts: its cosine and its part in the regions'", "importance",
                   (WORDS,)),
            Output("region_importance", "How much each region counts: its cosine and its part in the words'", "importance",
                   (REGIONS,))])
        self.scorer = scorer

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        parts = self.scorer.parts(v, w, lengths)
        mask, mu = word_mask(lengths, w.shape[1]), self.scorer.mu
        by_regions = (1 - mu) / v.shape[1] * parts.of_regions
        by_words = mu / lengths.unsqueeze(1).to(parts.of_words.dtype) * parts.of_words
        return parts.score, {
            "word_attention": parts.over_regions,
            "region_attention": parts.over_words,
            "word_relation": parts.relations[:, 0],
            "region_relation": parts.relations[:, 1],
            "word_importance": by_words + passed_on(by_regions, parts.over_words),
            "region_importance": by_regions + passed_on(by_words, parts.over_regions, mask)}
