"""A training from beginning to end: stages of steps, measured on dev, the best of each kept."""

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .. import __version__, statistics
from ..reading import captions
from ..runs.optimisers import arrays_of, restore
from ..runs.progress import Progress
from ..runs.state import State
from . import checkpoint, curves, stages, vocabulary
from .batches import Batches
from .course import Course
from .data import Data
from .learner import Learner
from .measures import Dev
from .options import Options
from .stages import Stage
from .starts import Start

WORK = ".state"
_PART = "training"


class Training:
    """Of a `learner` on `data`, into the folder `out`. The state is kept there until the training is done."""

    def __init__(self, learner: Learner, start: Start, options: Options, data: Data, out: Path) -> None:
        recipe = start.recipe
        self.learner, self.recipe, self.options, self.data, self.out = learner, recipe, options, data, out
        longest = options.max_tokens or start.system.longest_caption
        ids = captions.encode(data.train.captions, data.words, longest)
        batches = Batches(data.train, ids, recipe.batch, options.pairs_together, options.regions_drawn, options.seed)
        self.batches = batches
        self.dev = Dev(data.dev, captions.encode(data.dev.captions, data.words, longest), options.dev_images, options.dev_captions)
        self.stages = stages.of_recipe(recipe, batches.per_epoch, options.warm_up)
        self.stamp = self._stamp(start.known)
        self.state = State(out / WORK / "state.npz", self.stamp, "training")
        self.features = statistics.of_split(data.train)
        self.progress = Progress()
        self.optimiser = learner.optimiser()
        self.course = Course()

    def run(self) -> None:
        """Writes the files."""
        line = self.progress.line
        for split in (self.data.train, self.data.dev):
            line(f"{split.name}: {split.images} images, {len(split.captions)} captions, {split.regions} regions of "
                 f"{split.width} features")
        line(f"{self.learner.system.described()}; {self.learner.device}, {self.learner.precision}")
        kept = self.state.part(_PART)
        if kept:
            self.course = Course.of(kept)
            restore(self.learner, self.optimiser, kept)
            line(f"goes on from {self.state.path}")
        else:
            self._keep()
        vocabulary.write(self.out / "vocabulary.json", self.data.words)
        while self.course.stage < len(self.stages):
            stage = self.stages[self.course.stage]
            self._run_stage(stage)
            self._end_stage(stage)
        self._write()
        if not curves.draw(self.out, self.course.points):
            line("no matplotlib here (Debian: python3-matplotlib), so that curves are JSON alone")
        shutil.rmtree(self.out / WORK, ignore_errors=True)
        line(f"wrote {self.out / checkpoint.NAME}: rsum {self.course.rsum:.1f} on {self.data.dev.name}")

    def _run_stage(self, stage: Stage) -> None:
        """From where the course has it."""
        course, every, saved = self.course, self.options.every or stage.per_epoch, time.monotonic()
        batches = self.batches.after(course.step, self.stages.index(stage))
        self.learner.train()
        self.progress.tick(stage.name, course.step, stage.steps)
        while course.step < stage.steps and not self._stalled(stage):
            course.passed(self.learner.step(stage, course.step, next(batches), self.optimiser))
            self.progress.tick(stage.name, course.step, stage.steps,
                               f", epoch {course.step / stage.per_epoch:.1f}, loss {course.total / course.since:.4f}")
            if course.step % every == 0 or course.step == stage.steps:
                self._measure(stage)
            elif time.monotonic() - saved >= self.options.save_every:
                self._keep()
            else:
                continue
            saved = time.monotonic()
        batches.close()

    def _stalled(self, stage: Stage) -> bool:
        stalled = 0 < self.options.patience <= self.course.stale
        if stalled:
            self.progress.line(f"{stage.name}: {self.course.stale} measurements without a gain, ended at step "
                               f"{self.course.step} of {stage.steps}")
        return stalled

    def _measure(self, stage: Stage) -> None:
        course = self.course
        found = self.dev.measure(self.learner, stage.pretraining)
        better = course.measured(stage, sum(other.epochs for other in self.stages[:course.stage]), found)
        if better:
            course.weights = self.learner.weights()
        self._keep()
        if better and not stage.pretraining:
            self._write()
        curves.write(self.out, course.points)
        self.progress.line(f"{stage.name}, step {course.step} of {stage.steps}: loss {course.points[-1]['loss']:.4f}, "
                           f"{self.data.dev.name} {found}{', the best so far' if better else ''}")

    def _end_stage(self, stage: Stage) -> None:
        """The best of a stage is what the next begins with."""
        self.learner.load(self.course.weights)
        if stage.pretraining:
            self.learner.system.end_pretraining()
            self.course.next_stage()
        else:
            self.course.stage += 1
        self.optimiser = self.learner.optimiser()
        self._keep()

    def _keep(self) -> None:
        """All that the next step depends on."""
        self.state.keep(_PART, {**self.course.arrays(), **arrays_of(self.learner, self.optimiser)})

    def _write(self) -> None:
        """The present weights, which are the best so far."""
        step = self.course.best_step
        with self.learner.raw():
            checkpoint.write(self.out, self.learner.system, self.recipe, step // self.stages[-1].per_epoch, step,
                             self.course.rsum, self.features, self.data.words, self.stamp)

    def _stamp(self, known: Sequence[object]) -> str:
        decisive = {name: value for name, value in asdict(self.options).items() if name != "save_every"}
        told = [__version__, asdict(self.recipe), decisive, list(known), self.learner.precision, self.data.words,
                self.data.train.stamp(), self.data.dev.stamp()]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
