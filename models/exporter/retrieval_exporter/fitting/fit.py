"""A fit from beginning to end: encode, train in two rounds, keep the best, fit the order of hits."""

import copy
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator

from .. import __version__, registry
from ..coarse import Ranking, Slots, SlotWeights, files, untrained
from ..errors import ExportError
from ..reading import captions
from ..reading import vocabulary as vocabularies
from ..reading.checkpoints import open_checkpoint
from ..reading.splits import Split
from ..runs.files import digest
from ..runs.progress import Progress
from ..runs.state import State, discard
from ..settings import Settings
from . import features, ordering
from .batches import Batches, ScoredGroups, groups_to_score
from .embedding import embed_captions, embed_images, measure_slots
from .measures import Measures
from .options import Options
from .pairs import PairScorer
from .rounds import Round, train
from .scoring import score_table

# Of the first round's learning rate.
_SECOND_RATE = 0.5


class Fit:
    """`state` and large arrays are kept beside `out` until the fit is done."""

    def __init__(self, checkpoint: Path | str, config: Mapping[str, Any] | None, vocabulary: Path | str,
                 source: Path | str, train_name: str, dev_name: str, out: Path, options: Options,
                 device: torch.device, restart: bool = False) -> None:
        self.options, self.out, self.device = options, out, device
        self.progress = Progress()
        self.work = out.with_name(f".{out.name}.fit")
        captions.tokenizer()
        if train_name == dev_name:
            raise ExportError(f"--split and --dev are both {dev_name!r}: measured on what it learns from, a fit shows "
                              "nothing")
        self.train, self.dev = Split(source, train_name), Split(source, dev_name)
        opened = open_checkpoint(checkpoint, config)
        self.system = registry.read(opened)
        self.max_tokens = options.max_tokens or self.system.longest_caption
        self.progress.line(self.system.described())
        self.words = vocabularies.read(vocabulary)
        vocabularies.check_size(self.words, self.system.vocabulary_size, vocabulary)
        vocabularies.check_digest(self.words, vocabulary, opened)
        self._check()
        self.start = untrained.make(self.system, self.words, options.slots, options.slot_width, str(vocabulary))
        self.stamp = self._stamp(checkpoint, config, vocabulary)
        if restart:
            discard(self.work, "fit")
        self.state = State(self.work / "state.npz", self.stamp, "fit")

    def run(self) -> None:
        """Writes the file."""
        line = self.progress.line
        for split in (self.train, self.dev):
            line(f"{split.name}: {split.images} images, {len(split.captions)} captions, {split.captions_per_image} an "
                 f"image, {split.regions} regions of {split.width} features")
        if self.state.resumed:
            line(f"goes on from {self.state.path}")
        self._encode()
        best = self._trained()
        ranking = self._ranking(best)
        files.write(self.out, best, ranking)
        line(f"wrote {self.out}: {self.options.slots} slots of {self.options.slot_width}, width {best.width}")
        shutil.rmtree(self.work, ignore_errors=True)

    def _check(self) -> None:
        if self.system.affinity() is None:
            raise ExportError(f"slots are not for {self.system.name}, whose words do not attend to regions")
        for split in (self.train, self.dev):
            if split.width != self.system.region_width:
                raise ExportError(f"{split.image_file}: regions of {split.width} features, the checkpoint's have "
                                  f"{self.system.region_width}")
        unsupported = self.system.unsupported(Settings(regions=self.train.regions))
        if unsupported:
            raise ExportError(f"{self.train.image_file}: {unsupported}")
        if self.train.regions != self.dev.regions:
            raise ExportError(f"{self.dev.image_file}: {self.dev.regions} regions an image, {self.train.image_file.name} "
                              f"has {self.train.regions}")
        for split in (self.train, self.dev):
            if split.images < 2:
                raise ExportError(f"{split.image_file}: one image, expected at least 2")

    def _stamp(self, checkpoint: Path | str, config: Mapping[str, Any] | None, vocabulary: Path | str) -> str:
        decisive = {name: value for name, value in asdict(self.options).items() if name != "memory"}
        told = [__version__, decisive, config, digest(checkpoint), digest(vocabulary), self.train.stamp(),
                self.dev.stamp()]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def _encode(self) -> None:
        """Both splits' features. Those of the training split are on disk if they would not fit into the memory given."""
        for module in (self.system.regions, self.system.words, self.system.scorer):
            module.to(self.device).eval()
        options = self.options
        self.train_ids = captions.encode(self.train.captions, self.words, self.max_tokens)
        self.dev_ids = captions.encode(self.dev.captions, self.words, self.max_tokens)
        width = self.system.affinity()[0].shape[1]
        encoded = []
        for split, ids in ((self.train, self.train_ids), (self.dev, self.dev_ids)):
            mebibytes = features.size(split, ids, width) / 2**20
            folder = self.work if mebibytes > options.memory else None
            self.progress.line(f"{split.name}: {mebibytes:.0f} MiB of features, "
                               f"{'in memory' if folder is None else f'on disk in {folder}'}")
            encoded.append(features.encode(self.system, split, ids, folder, self.stamp, self.device, self.progress))
        self.train_features, self.dev_features = encoded

    def _trained(self) -> SlotWeights:
        """The best on dev of the untrained slots and those of the two rounds."""
        options = self.options
        named: list[tuple[str, SlotWeights, Measures]] = []

        def note(name: str, slots: Slots, measures: Measures) -> None:
            named.append((name, slots.weights(), measures))
            self.progress.line(f"{name}: {measures}")

        slots = Slots(self.start).to(self.device)
        note("untrained", slots, measure_slots(slots, self.dev_features, self.device))
        slots = copy.deepcopy(slots)
        slots.unit = True
        if options.steps:
            generator = Generator().manual_seed(options.seed)
            batches = Batches(self.train_features, options.batch, generator)
            plan = Round("round 1", options.steps, options.rate)
            note(plan.name, slots, self._round(slots, plan, batches, generator))
        if options.second_steps:
            generator = Generator().manual_seed(options.seed + 1)
            batches = Batches(self.train_features, options.batch, generator, self._scored_groups(slots))
            plan = Round("round 2", options.second_steps, options.rate * _SECOND_RATE)
            note(plan.name, slots, self._round(slots, plan, batches, generator))
        best = named[0]
        for other in named[1:]:
            best = other if other[2].better_than(best[2]) else best
        if best is named[0] and len(named) > 1:
            self.progress.line(f"training did not get beyond the untrained slots on {self.dev.name}: they are kept")
        elif best is not named[-1]:
            self.progress.line(f"{named[-1][0]} is no better on {self.dev.name}: {best[0]} is kept")
        else:
            self.progress.line(f"{best[0]} is kept")
        return best[1]

    def _round(self, slots: Slots, plan: Round, batches: Batches, generator: Generator) -> Measures:
        return train(slots, plan, batches, generator, self.train_features, self.dev_features, self.state, self.device,
                     self.progress)

    def _scored_groups(self, slots: Slots) -> ScoredGroups:
        """Groups mined by the slots of round 1, all their pairs scored."""
        name = "round 2 groups"
        groups = self._once(name, lambda: groups_to_score(
            slots, self.train_features, self.options.scored_pairs, Generator().manual_seed(self.options.seed + 2),
            self.device))
        images, texts = groups["images"], groups["captions"]
        shape = (*images.shape, images.shape[1])
        return ScoredGroups(images, texts, self._scored(
            name, self.train, self.train_ids, np.broadcast_to(images[:, None, :], shape),
            np.broadcast_to(texts[:, :, None], shape)))

    def _ranking(self, weights: SlotWeights) -> Ranking:
        """Weight and shortlist of each direction, fitted on dev."""
        slots, dev, options = Slots(weights).to(self.device), self.dev_features, self.options
        images = embed_images(slots, dev, np.arange(dev.images), self.device)
        texts = embed_captions(slots, dev, np.arange(dev.captions), self.device)
        orders = []
        for name, of, queries, bank in (
                ("caption to image", ordering.of_captions, dev.captions, dev.images),
                ("image to caption", ordering.of_images, dev.images, dev.captions)):
            found = self._once(name, lambda: of(images, texts, ordering.sample(queries, options.dev_queries),
                                                min(options.dev_shortlist, bank)))
            own = found["images"] == found["captions"] // dev.captions_per_image
            values = self._scored(name, self.dev, self.dev_ids, found["images"], found["captions"])
            orders.append(ordering.fit(found["coarse"], own, values))
            self.progress.line(f"{name}: {orders[-1]}")
        return Ranking("logit" if self.system.probability else "identity", tuple(order.weight for order in orders),
                       tuple(order.shortlist for order in orders))

    def _once(self, name: str, make: Callable[[], Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
        """What `make` gives, as it was before the fit was resumed: scores are kept of these very pairs, and on another
        number of threads others might come out."""
        if not self.state.part(name):
            self.state.keep(name, make())
        return self.state.part(name)

    def _scored(self, name: str, split: Split, ids: list[np.ndarray], images: np.ndarray,
                texts: np.ndarray) -> np.ndarray:
        return score_table(f"{name}: scores", images, texts,
                           lambda: PairScorer(self.system, split, ids, self.max_tokens, self.device),
                           self.state, self.progress)
