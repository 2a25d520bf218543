"""Members and weights as the user gives them -> an ensemble, or what is wrong with them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import ExportError
from ..system import System
from .system import Ensemble


class Member(NamedTuple):
    """A system, the file that it was read from, and the digest of the vocabulary that it was trained with, if known."""

    path: Path | str
    system: System
    vocabulary: str | None = None


def ensemble_of(members: Sequence[Member], weights: Sequence[float] | None = None) -> Ensemble:
    """`weights`, equal by default, may have any sum."""
    if weights is None:
        weights = [1.0] * len(members)
    if len(weights) != len(members):
        raise ExportError(f"--weights has {len(weights)} number{'' if len(weights) == 1 else 's'}, expected one for each of the {len(members)} "
                          "checkpoints")
    for member, weight in zip(members, weights):
        if not math.isfinite(weight) or weight <= 0:
            raise ExportError(f"--weights gives {member.path} the weight {weight:g}, expected a finite number above 0")
    first = members[0]
    for other in members[1:]:
        for what, ours, theirs in (("regions of", first.system.region_width, other.system.region_width),
                                   ("a vocabulary of", first.system.vocabulary_size, other.system.vocabulary_size)):
            if ours != theirs:
                raise ExportError(f"{other.path}: has {what} {theirs}, but {first.path} {what} {ours}: members of an "
                                  "ensemble read the same input")
    known = [member for member in members if member.vocabulary is not None]
    for other in known[1:]:
        if other.vocabulary != known[0].vocabulary:
            raise ExportError(f"{other.path}: was trained with the vocabulary of SHA-256 {other.vocabulary}, but "
                              f"{known[0].path} with {known[0].vocabulary}: members of an ensemble read the same words")
    fixed = [member for member in members if member.system.region_count is not None]
    for other in fixed[1:]:
        if other.system.region_count != fixed[0].system.region_count:
            raise ExportError(f"{other.path}: takes {other.system.region_count} regions an image, but {fixed[0].path} "
                              f"{fixed[0].system.region_count}")
    # Divided by the largest first, so that no sum of finite weights is infinite.
    shares = [weight / max(weights) for weight in weights]
    total = sum(shares)
    if min(shares) / total == 0:
        raise ExportError(f"--weights spans too wide a range: {min(weights):g} beside {max(weights):g} is nothing")
    return Ensemble([member.system for member in members], [share / total for share in shares])
