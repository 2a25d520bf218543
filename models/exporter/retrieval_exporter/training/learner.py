"""A system in training: one step of it."""

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor, nn

from ..coarse import mean_regions, mean_words
from ..errors import ExportError
from ..pairs import Pairs, draws
from ..reading.splits import Split
from . import negatives
from .batches import Batch
from .heads import RATE, Heads
from .inputs import Standardised
from .losses import Loss, contrast
from .options import Options
from .stages import Stage
from .starts import Start

PRECISIONS = ("auto", "float32", "mixed")


class Learner(nn.Module):
    """The modules of a system and the heads beside it, on `device`. `train` is what channels are standardised by."""

    def __init__(self, start: Start, options: Options, train: Split, device: torch.device, precision: str) -> None:
        super().__init__()
        system = start.system
        self.regions, self.words, self.scorer = system.regions, system.words, system.scorer
        self.heads = Heads(system.embed_size) if options.candidates or options.embedding_weight else None
        self.system, self.recipe, self.options, self.device = system, start.recipe, options, device
        self.precision = precision
        self.to(device)
        self._loss = Loss(start.recipe.loss, start.recipe.margin, system.probability)
        self._standardised = Standardised(system, train, device) if options.standardise else None
        if self._standardised and start.raw:
            self._standardised.unfold()

    def encode(self, regions: Tensor, token_ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of images and of captions, and lengths, on the device."""
        lengths = lengths.to(self.device)
        return self.encode_images(regions), self.words(token_ids.to(self.device), lengths), lengths

    def encode_images(self, regions: Tensor) -> Tensor:
        """Features of raw regions."""
        regions = regions.to(self.device)
        return self.regions(self._standardised(regions) if self._standardised else regions)

    def raw(self) -> AbstractContextManager[object]:
        """Within, the system takes raw regions by itself, as a checkpoint's does."""
        return self._standardised.folded() if self._standardised else nullcontext()

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of all weights."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        """The inverse of `weights`."""
        self.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})

    def own(self) -> list[nn.Parameter]:
        """The system's parameters."""
        return [parameter for module in (self.regions, self.words, self.scorer) for parameter in module.parameters()]

    def optimiser(self) -> torch.optim.Adam:
        """Of the system's parameters at a rate that changes, and of the heads at their own."""
        groups = [{"params": self.own()}]
        if self.heads is not None:
            groups.append({"params": list(self.heads.parameters()), "lr": RATE})
        return torch.optim.Adam(groups, lr=self.recipe.rate)

    def step(self, stage: Stage, step: int, batch: Batch, optimiser: torch.optim.Adam) -> float:
        """Forwards and backwards; returns the loss. All that is drawn follows from the step alone."""
        torch.manual_seed(_seed(self.options.seed, int(stage.pretraining), step))
        optimiser.param_groups[0]["lr"] = stage.rate_at(step)
        loss, beside = self._losses(stage, step, batch)
        value = float(loss.detach())
        optimiser.zero_grad(set_to_none=True)
        (loss + beside).backward()
        norm = float(nn.utils.clip_grad_norm_(self.own(), self.recipe.clip))
        if not math.isfinite(value) or not math.isfinite(norm):
            what = "loss" if not math.isfinite(value) else "gradient"
            raise ExportError(f"{stage.name}, step {step + 1}: the {what} is not finite; try a smaller --rate")
        optimiser.step()
        return value

    def _losses(self, stage: Stage, step: int, batch: Batch) -> tuple[Tensor, Tensor]:
        """The stage's loss, and what the heads add."""
        wrong = negatives.negatives_of(torch.from_numpy(batch.images).to(self.device))
        with self._autocast():
            v, w, lengths = self.encode(batch.regions, batch.token_ids, batch.lengths)
            near, beside = self._near(v, w, lengths, wrong)
            if stage.pretraining:
                return contrast(self.system.pretraining_scores(v, w, lengths).float(), wrong), beside
            pairs = self.system.pairs(v, w, lengths)
            if self.recipe.negatives == "all" or step // stage.per_epoch < self.recipe.easy_epochs:
                return self._of_all(pairs, wrong), beside
            return self._of_hardest(pairs, wrong, near), beside

    def _near(self, v: Tensor, w: Tensor, lengths: Tensor, wrong: Tensor) -> tuple[Tensor | None, Tensor]:
        """Cosines of the heads without gradients, and their loss. With no weight they learn too, but leave the encoders
        alone."""
        if self.heads is None:
            return None, v.new_zeros(())
        means, weight = (mean_regions(v), mean_words(w, lengths)), self.options.embedding_weight
        scores = self.heads(*(means if weight else (x.detach() for x in means))).float()
        return scores.detach(), (weight or 1.0) * contrast(scores, wrong)

    def _of_all(self, pairs: Pairs, wrong: Tensor) -> Tensor:
        own = torch.arange(len(wrong), device=wrong.device)
        images, captions = negatives.drawn(wrong, self.options.negatives_drawn, self.options.pairs_together)
        if self.options.negatives_drawn:
            values = pairs.chosen(torch.cat((own, images)), torch.cat((own, captions))).float()
            return self._loss.of_all(values[:len(own)], values[len(own):], images, captions)
        values = pairs.all().float()
        return self._loss.of_all(values.diagonal(), values[images, captions], images, captions)

    def _of_hardest(self, pairs: Pairs, wrong: Tensor, near: Tensor | None) -> Tensor:
        """Which are the hardest is found without gradients; these run through three pairs an item. Where scores depend
        on dropout or on the rest of the batch, that would choose by other scores, and all pairs have gradients."""
        own = torch.arange(len(wrong), device=wrong.device)
        counts = torch.stack((wrong.any(dim=1), wrong.any(dim=0)))
        if draws(self.scorer):
            values = pairs.all().float()
            captions, images = negatives.hardest(values.detach(), wrong)
            return self._loss.of_hardest(values.diagonal(), values[own, captions], values[images, own], counts)
        with torch.no_grad():
            if self.options.candidates:
                near = negatives.nearness(near, wrong, self.options.pairs_together)
                captions, images = negatives.hardest_among(pairs, near, wrong, self.options.candidates)
            else:
                captions, images = negatives.hardest(pairs.all(), wrong)
        values = pairs.chosen(torch.cat((own, own, images)), torch.cat((own, captions, own))).float()
        return self._loss.of_hardest(*values.view(3, -1), counts)

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, torch.bfloat16) if self.precision == "mixed" else nullcontext()


def _seed(*numbers: int) -> int:
    """A seed for PyTorch that differs for all of `numbers`."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]) >> 1


def precision(name: str, device: torch.device) -> str:
    """`mixed`, products in bfloat16, is for a GPU that has the type; `auto` takes it there."""
    possible = device.type == "cuda" and torch.cuda.is_bf16_supported()
    if name == "mixed" and not possible:
        raise ExportError("--precision mixed is for a GPU that has bfloat16")
    return "mixed" if possible and name != "float32" else "float32"
