"""The stages of a training run, and one step of each."""

from collections import namedtuple

import torch

from retrieval_exporter.coarse import mean_regions, mean_words

from .alignment import alignment_loss
from .coarse import contrast
from .losses import all_negatives, hardest_negatives
from .pairs import caption_side, image_side

WARM_UP = 100
CLIP = 2.0

Stage = namedtuple("Stage", "loss batch steps rate regions")


def parse_stages(text):
    """"loss:batch:steps:learning rate:regions", one after the other, separated by commas."""
    fields = [stage.split(":") for stage in text.split(",")]
    return [Stage(loss, int(batch), int(steps), float(rate), int(regions))
            for loss, batch, steps, rate, regions in fields]


def rate_at(stage, step):
    """A short warm-up, then a fall to a fifth of the stage's rate."""
    return stage.rate * min(1.0, (step + 1) / WARM_UP) * (1 - 0.8 * step / stage.steps)


class Stepper:
    """What a step needs: the model, the coarse heads that look for hard negatives, the options."""

    def __init__(self, model, heads, negatives, candidates, coarse_weight, generator):
        self.model, self.heads, self.generator = model, heads, generator
        self.negatives, self.candidates, self.coarse_weight = negatives, candidates, coarse_weight
        self.heads_optimiser = torch.optim.Adam(heads.parameters(), lr=1e-3)

    def step(self, stage, split, optimiser):
        """One batch, forwards and backwards; returns the stage's loss."""
        features, ids, lengths = split.batch(stage.batch, stage.regions, self.generator)
        v, w = self.model.regions(features), self.model.text(ids, lengths)
        means = mean_regions(v), mean_words(w, lengths)
        # With no weight the coarse heads learn too, but leave the encoders alone.
        near = self.heads.scores(*(means if self.coarse_weight else (x.detach() for x in means)))
        loss = self._loss(stage.loss, v, w, lengths, near.detach())
        optimiser.zero_grad()
        self.heads_optimiser.zero_grad()
        (loss + (self.coarse_weight or 1.0) * contrast(near)).backward()
        self.heads_optimiser.step()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        optimiser.step()
        return float(loss)

    def _loss(self, name, v, w, lengths, near):
        scorer = self.model.scorer
        if name == "align":
            return alignment_loss(scorer, v, w, lengths)
        images, captions = image_side(scorer, v), caption_side(scorer, w, lengths)
        if name == "all":
            return all_negatives(scorer, images, captions, self.negatives, self.generator)
        return hardest_negatives(scorer, images, captions, near, self.candidates)
