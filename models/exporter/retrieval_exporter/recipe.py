"""How a system is trained: what its paper says, every number an option of the command line."""

from dataclasses import dataclass

LOSSES = ("hinge", "cross-entropy")
NEGATIVES = ("hardest", "all")
SCHEDULES = ("step", "linear")


@dataclass(frozen=True)
class Recipe:
    """The defaults are those that most papers share.

    `loss`: `hinge`, max(0, margin + s(I,S') - s(I,S)), or `cross-entropy`, of a probability. `negatives`: of every item
    the hardest of its batch, or all; the first `easy_epochs` take all in any case. `schedule`: the rate falls to a
    tenth after every `update` epochs (`step`), or evenly to a tenth at the end (`linear`). `clip`: largest norm of the
    gradient. `pretraining_epochs` come before, where a system has a pre-training.
    """

    embed_size: int = 1024
    word_size: int = 300
    loss: str = "hinge"
    negatives: str = "hardest"
    margin: float = 0.2
    epochs: int = 30
    batch: int = 128
    rate: float = 2e-4
    schedule: str = "step"
    update: int = 15
    clip: float = 2.0
    easy_epochs: int = 0
    pretraining_epochs: int = 0
    pretraining_rate: float = 2e-4
