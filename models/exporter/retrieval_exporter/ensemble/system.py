"""An ensemble to the exporter: a system made of systems."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ..coarse import Coarse
from ..errors import ExportError
from ..explaining import Explainer
from ..form import Form
from ..reading.checkpoints import Checkpoint
from ..settings import Settings
from ..system import Sizes, System
from .coarse import MemberEmbedding
from .encoders import Encoders
from .explainer import EnsembleExplainer
from .form import EnsembleForm
from .mean import mean_logit, mean_score


class _Mean(nn.Module):
    """The members' scorers as published -> the weighted mean."""

    def __init__(self, scorers: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        self.members, self.weights = nn.ModuleList(scorers), tuple(weights)

    def forward(self, v: tuple[Tensor, ...], w: tuple[Tensor, ...], lengths: Tensor) -> Tensor:
        return mean_score([f(*x, lengths) for f, *x in zip(self.members, v, w)], self.weights)

    def logits(self, v: tuple[Tensor, ...], w: tuple[Tensor, ...], lengths: Tensor) -> Tensor:
        return mean_logit([f.logits(*x, lengths) for f, *x in zip(self.members, v, w)], self.weights)


class Ensemble(System):
    """Features are a tuple: those of each member. It has no checkpoint of its own and is made of read ones; `weights`
    sum to one. What is asked of one model alone, as the width of features, is the first member's."""

    names = ("ensemble",)

    def __init__(self, members: Sequence[System], weights: Sequence[float]) -> None:
        first = members[0]
        self.name = "ensemble"
        self.title = "ensemble of " + ", ".join(
            f"{member.title or member.name} ({weight:.3g})" for member, weight in zip(members, weights))
        self.members, self.weights = tuple(members), tuple(weights)
        self.variant = {}
        for number, (member, weight) in enumerate(zip(members, weights), start=1):
            self.variant.update({f"member{number}": member.name, f"weight{number}": weight})
            self.variant.update({f"member{number}.{name}": value for name, value in member.variant.items()})
        self.regions, self.words = (Encoders([getattr(member, side) for member in members])
                                    for side in ("regions", "words"))
        self.scorer = _Mean([member.scorer for member in members], weights)
        self.embed_size, self.region_width = first.embed_size, first.region_width
        self.vocabulary_size = first.vocabulary_size
        self.longest_caption = min(member.longest_caption for member in members)
        self.region_count = next((member.region_count for member in members if member.region_count is not None), None)
        self.ragged = all(member.ragged for member in members)
        self.probability = all(member.probability for member in members)

    def described(self) -> str:
        return f"{self.title}, vocabulary {self.vocabulary_size:,}, regions of {self.region_width:,}"

    @property
    def mixed(self) -> str | None:
        """What the mean is of members whose scores have different ranges, None where they have one."""
        if self.probability or not any(member.probability for member in self.members):
            return None
        kinds = ", ".join(f"{member.title or member.name}: {'a probability' if member.probability else 'no probability'}"
                          for member in self.members)
        return f"the scores have different ranges ({kinds}): their weighted mean is no probability, and --weights " \
               "decides how much the ranges count"

    @classmethod
    def refusal(cls, checkpoint: Checkpoint) -> str | None:
        return "an ensemble has no checkpoint of its own"

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Ensemble":
        raise ExportError(f"{checkpoint.path}: {cls.refusal(checkpoint)}")

    @classmethod
    def untrained(cls, name: str, sizes: Sizes, options: Mapping[str, Any]) -> "Ensemble":
        raise ExportError("an ensemble is made of checkpoints")

    def unsupported(self, settings: Settings) -> str | None:
        reasons = ((member, member.unsupported(settings)) for member in self.members)
        return next((f"{member.title or member.name}: {reason}" for member, reason in reasons if reason), None)

    def form(self, settings: Settings) -> Form:
        return EnsembleForm([member.form(settings) for member in self.members], self.weights, settings)

    def coarse(self) -> Coarse:
        return MemberEmbedding(self.members[0].coarse())

    def explainer(self) -> Explainer | None:
        explainers = [member.explainer() for member in self.members]
        return EnsembleExplainer(self.members, explainers, self.weights) if any(explainers) else None

    def scores(self, v: tuple[Tensor, ...], w: tuple[Tensor, ...], lengths: Tensor) -> Tensor:
        return mean_score([member.scores(*x, lengths) for member, *x in zip(self.members, v, w)], self.weights)
