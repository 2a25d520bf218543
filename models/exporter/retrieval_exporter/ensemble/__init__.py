"""Several models as one: a pair's score is the weighted mean of its members' scores."""

from .coarse import MemberEmbedding
from .reading import Member, ensemble_of
from .system import Ensemble

__all__ = ["Ensemble", "Member", "MemberEmbedding", "ensemble_of"]
