"""How far a training has come: everything that changes while it runs, but for the weights and the optimiser."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .measures import Recalls
from .stages import Stage

_TOLD, _BEST = "told", "best/"


@dataclass
class Course:
    """`stage` and `step` to come. `total` loss of the `since` steps since the last measurement, `points` measured so
    far. Of the stage: `rsum` of the best measurement, its `step` and `weights`, and how many have been `stale`
    since."""

    stage: int = 0
    step: int = 0
    total: float = 0.0
    since: int = 0
    stale: int = 0
    rsum: float = -1.0
    best_step: int = 0
    points: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def passed(self, loss: float) -> None:
        """A step."""
        self.total += loss
        self.step += 1
        self.since += 1

    def measured(self, stage: Stage, before: int, found: Recalls) -> bool:
        """Notes a measurement, `before` epochs after the training's beginning; returns whether it is the best of the
        stage."""
        self.points.append({
            "stage": stage.name, "epoch": round(before + self.step / stage.per_epoch, 4), "step": self.step,
            "loss": self.total / self.since, "rate": stage.rate_at(self.step - 1),
            "captionToImage": found.to_image, "imageToCaption": found.to_caption, "rsum": found.sum})
        better = found.sum > self.rsum
        self.total, self.since, self.stale = 0.0, 0, 0 if better else self.stale + 1
        if better:
            self.rsum, self.best_step = found.sum, self.step
        return better

    def next_stage(self) -> None:
        """What was best of a stage says nothing of the next."""
        self.__init__(stage=self.stage + 1, points=self.points)

    def arrays(self) -> dict[str, np.ndarray]:
        """For the state."""
        told = {name: value for name, value in asdict(self).items() if name != "weights"}
        return {_TOLD: np.array(json.dumps(told)), **{_BEST + name: array for name, array in self.weights.items()}}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Course":
        """The inverse of `arrays`, which may hold more."""
        weights = {name.removeprefix(_BEST): array for name, array in arrays.items() if name.startswith(_BEST)}
        return cls(**json.loads(str(arrays[_TOLD])), weights=weights)
