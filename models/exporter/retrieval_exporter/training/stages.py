"""The stages of a training and what they are measured by."""

from dataclasses import dataclass

from ..recipe import Recipe


@dataclass(frozen=True)
class Stage:
    """`epochs` of `per_epoch` steps, at rates of which `rate` is the largest."""

    name: str
    pretraining: bool
    epochs: int
    per_epoch: int
    rate: float
    schedule: str
    update: int
    warm_up: int

    @property
    def steps(self) -> int:
        return self.epochs * self.per_epoch

    def rate_at(self, step: int) -> float:
        """A short warm-up, if any, then what the schedule says."""
        rate = self.rate * min(1.0, (step + 1) / self.warm_up) if self.warm_up else self.rate
        if self.schedule == "linear":
            return rate * (1 - 0.9 * step / self.steps)
        return rate * 0.1 ** (step // self.per_epoch // self.update)


def of_recipe(recipe: Recipe, per_epoch: int, warm_up: int) -> list[Stage]:
    """A pre-training, if the recipe has one, whose rate stays; then the training."""
    training = Stage("training", False, recipe.epochs, per_epoch, recipe.rate, recipe.schedule, recipe.update, warm_up)
    if not recipe.pretraining_epochs:
        return [training]
    return [Stage("pre-training", True, recipe.pretraining_epochs, per_epoch, recipe.pretraining_rate, recipe.schedule,
                  recipe.pretraining_epochs, warm_up), training]
