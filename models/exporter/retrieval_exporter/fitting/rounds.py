"""One round of training: Adam over the weights of the slots, the encoders frozen."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..coarse import Slots
from ..errors import ExportError
from ..runs.optimisers import arrays_of, restore
from ..runs.progress import Progress
from ..runs.state import State
from .batches import Batch, Batches
from .embedding import measure_slots
from .features import Features
from .losses import contrast, listwise
from .measures import Measures

# Steps between two looks at the dev split. Then negatives are mined anew and the state is kept.
REFRESH = 100
_WARM_UP = 50
_SCALE = 20.0
_LARGEST_SCALE = 100.0
# Weight of the scorer's order in the loss. At 0.5 dev R@1 fell below that of round 1.
_LISTWISE = 0.05


@dataclass(frozen=True)
class Round:
    """`name` of the round, in lines and in the state; `rate` is the largest learning rate of its `steps`."""

    name: str
    steps: int
    rate: float

    def rate_at(self, step: int) -> float:
        """A short warm-up, then a fall to a tenth."""
        return self.rate * min(1.0, (step + 1) / _WARM_UP) * (1 - 0.9 * step / self.steps)


class _Trainee(nn.Module):
    """The slots, and the scale of their inner products, which only training has."""

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self.slots = slots
        self.log_scale = nn.Parameter(torch.tensor(math.log(_SCALE)))

    def loss(self, batch: Batch, features: Features, device: torch.device, group: int) -> Tensor:
        images = self.slots.image(features.image_keys(batch.images, device))
        captions = self.slots.caption(*features.caption_queries(batch.captions, device))
        scores = self.log_scale.exp().clamp(max=_LARGEST_SCALE) * captions @ images.t()
        loss = contrast(scores, torch.from_numpy(batch.images).to(device))
        if len(batch.logits):
            groups = len(batch.logits)
            own = torch.arange(groups, device=device)
            of_scored = scores[:groups * group, :groups * group].view(groups, group, groups, group)[own, :, own]
            logits = batch.logits.to(device)
            for given, target in ((of_scored, logits), (of_scored.transpose(1, 2), logits.transpose(1, 2))):
                order = target.reshape(-1, group).argsort(dim=1, descending=True)
                loss = loss + _LISTWISE * listwise(given.reshape(-1, group), order)
        return loss


def train(slots: Slots, plan: Round, batches: Batches, generator: torch.Generator, features: Features, dev: Features,
          state: State, device: torch.device, progress: Progress) -> Measures:
    """Trains `slots` in place, from where `state` has them, and returns what they find on `dev`."""
    trainee = _Trainee(slots).to(device)
    optimiser = torch.optim.Adam(trainee.parameters(), lr=plan.rate)
    kept, step, total = state.part(plan.name), 0, 0.0
    if kept:
        step = int(kept["step"])
        generator.set_state(torch.from_numpy(kept["generator"]))
        restore(trainee, optimiser, kept)
    progress.begin(plan.name, step)
    while step < plan.steps:
        batches.refresh(slots, device)
        before = step
        while step < plan.steps and step < before + REFRESH:
            for group in optimiser.param_groups:
                group["lr"] = plan.rate_at(step)
            loss = trainee.loss(batches.next(), features, device, batches.group)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach())
            step += 1
        if not math.isfinite(total):
            raise ExportError(f"{plan.name}: the loss is not finite before step {step}; try a smaller --rate")
        state.keep(plan.name, {"step": np.array(step), "generator": generator.get_state().numpy(),
                               **arrays_of(trainee, optimiser)})
        measures = measure_slots(slots, dev, device)
        progress.line(f"{plan.name}, step {step} of {plan.steps}: loss {total / (step - before):.3f}, {measures}, "
                      f"{progress.left(step, plan.steps)} left")
        total = 0.0
    return measure_slots(slots, dev, device)
