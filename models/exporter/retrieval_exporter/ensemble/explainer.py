"""What an ensemble shows: what its members show, and how much words and regions count in all of them together."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..explaining import Explainer, Output
from ..numbers.operations import EPSILON
from ..system import System
from .mean import mean_logit, mean_score

_IMPORTANCE = "importance"


class EnsembleExplainer(Explainer):
    """An output of the first member begins with `m1_`. How much something counts is said once: the weighted mean of what
    the members say, each divided by the sum of its absolute values, as members have scales of their own. A member without
    an explainer takes part in the score alone."""

    def __init__(self, members: Sequence[System], explainers: Sequence[Explainer | None],
                 weights: Sequence[float]) -> None:
        own, of_axes = [], {}
        for number, (member, explainer) in enumerate(zip(members, explainers), start=1):
            for output in explainer.outputs if explainer else ():
                if output.kind == _IMPORTANCE:
                    of_axes.setdefault(output.axes, []).append((number - 1, output))
                else:
                    own.append(replace(output, name=f"m{number}_{output.name}",
                                       title=f"{member.title or member.name}: {output.title}"))
        common = [(Output(f"{axes[0].removesuffix('s')}_{_IMPORTANCE}", f"How much each of the {axes[0]} counts: the "
                          "weighted mean of what the members say", _IMPORTANCE, axes), sources)
                  for axes, sources in of_axes.items()]
        super().__init__([*own, *(output for output, _ in common)])
        self.weights, self.common = tuple(weights), common
        self.members = nn.ModuleList(explainer or _Unexplained(member) for member, explainer in zip(members, explainers))
        self.sigmoid = tuple(member.probability for member in members)

    def forward(self, v: tuple[Tensor, ...], w: tuple[Tensor, ...],
                lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        logits, shown = zip(*(member(x, y, lengths) for member, x, y in zip(self.members, v, w)))
        seen = {f"m{number}_{name}": x for number, one in enumerate(shown, start=1) for name, x in one.items()}
        for output, sources in self.common:
            total = sum(self.weights[i] for i, _ in sources)
            seen[output.name] = sum(self.weights[i] / total * _share(of_member.cut(shown[i][of_member.name], lengths))
                                    for i, of_member in sources)
        if all(self.sigmoid):
            return mean_logit(logits, self.weights), seen
        return mean_score([torch.sigmoid(x) if sigmoid else x for x, sigmoid in zip(logits, self.sigmoid)],
                          self.weights), seen


class _Unexplained(nn.Module):
    """The score of a member that shows nothing."""

    def __init__(self, member: System) -> None:
        super().__init__()
        self.scorer, self.probability = member.scorer, member.probability

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        return (self.scorer.logits if self.probability else self.scorer)(v, w, lengths), {}


def _share(x: Tensor) -> Tensor:
    """[P, N] -> the same, its absolute values summing to one."""
    return x / (x.abs().sum(dim=1, keepdim=True) + EPSILON)
