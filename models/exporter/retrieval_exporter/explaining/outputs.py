"""The outputs of an explainer, as docs/bundle.md has them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..fields import WORDS
from ..numbers.operations import word_mask

REGIONS, NODES = "regions", "nodes"

KINDS = ("attention", "gate", "weight", "relation", "importance")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LONGEST_TITLE = 200
_MOST_AXES = 4


@dataclass(frozen=True)
class Output:
    """One tensor of an explanation, a value for each of its axes' positions: "words" (a caption's tokens), "regions",
    "nodes" (the whole pair, then the words), or a number of anything else. `title` says to people what it is.

    `distribution`: the axis along which values are not negative and sum to one. What breaks a rule of the manifest is a
    `ValueError`: outputs are written by a system's author, not by a user.
    """

    name: str
    title: str
    kind: str
    axes: tuple[str | int, ...]
    distribution: int | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"an output is named {self.name!r}, expected {_NAME.pattern}")
        if not 1 <= len(self.title) <= _LONGEST_TITLE or any(unicodedata.category(c) == "Cc" for c in self.title):
            raise ValueError(f"output {self.name}: title is {self.title[:_LONGEST_TITLE]!r}, expected 1 to "
                             f"{_LONGEST_TITLE} characters without control characters")
        if self.kind not in KINDS:
            raise ValueError(f"output {self.name}: kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        for axis in self.axes:
            if axis not in (WORDS, REGIONS, NODES) and (not isinstance(axis, int) or axis < 1):
                raise ValueError(f"output {self.name}: axis {axis!r} is no number above 0, {WORDS}, {REGIONS} or {NODES}")
        if not 1 <= len(self.axes) <= _MOST_AXES:
            raise ValueError(f"output {self.name}: has {len(self.axes)} axes, expected 1 to {_MOST_AXES}")
        if self.kind == "importance" and self.axes not in ((WORDS,), (REGIONS,)):
            raise ValueError(f"output {self.name}: an importance is of {WORDS} or of {REGIONS}, not of {list(self.axes)}")
        if self.distribution is not None and not 0 <= self.distribution < len(self.axes):
            raise ValueError(f"output {self.name}: distribution is {self.distribution}, but there are {len(self.axes)} axes")

    def manifest(self) -> dict[str, Any]:
        """Its entry in bundle.json."""
        entry = {"name": self.name, "title": self.title, "kind": self.kind, "axes": list(self.axes)}
        return entry if self.distribution is None else {**entry, "distribution": self.distribution}

    def cut(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """[P, ...axes] with zeros behind a caption's own length, where a reader looks at nothing."""
        for place, axis in enumerate(self.axes, start=1):
            if axis in (WORDS, NODES):
                inside = word_mask(lengths + int(axis == NODES), values.shape[place])
                shape = [1] * values.dim()
                shape[0], shape[place] = inside.shape
                values = torch.where(inside.view(shape), values, torch.zeros_like(values))
        return values


def checked(outputs: Iterable[Output]) -> tuple[Output, ...]:
    """Outputs that are of one explainer: names differ, and at most one says how important words are, and regions."""
    outputs = tuple(outputs)
    for what in ([output.name for output in outputs],
                 ["importance of " + str(output.axes[0]) for output in outputs if output.kind == "importance"]):
        repeated = next((name for name in what if what.count(name) > 1), None)
        if repeated:
            raise ValueError(f"two outputs for {repeated}")
    return outputs
