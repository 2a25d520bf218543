"""The coarse embedding: one vector an image and one a caption, compared by inner product for the shortlist."""

from .embedding import Coarse, mean_regions, mean_words
from .features import Features
from .foreign import ForeignEmbedding
from .heads import Heads
from .ranking import Ranking
from .slots import SlotEmbedding, Slots, SlotWeights

__all__ = ["Coarse", "Features", "ForeignEmbedding", "Heads", "Ranking", "SlotEmbedding", "SlotWeights", "Slots",
           "mean_regions", "mean_words"]
