"""The scorer's values of chosen pairs of a split, by the form that is served."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..reading.captions import padded
from ..reading.splits import Split
from ..settings import Settings
from ..system import System

# Pairs whose records are in memory together, and pairs of one run of the scorer.
CHUNK = 1024
_RUN = 192


class PairScorer:
    """What orders the pairs of a split: the logit where the scorer's score is a probability, else the score.
    `ids` are the token ids of the split's captions."""

    def __init__(self, system: System, split: Split, ids: Sequence[np.ndarray], max_tokens: int,
                 device: torch.device) -> None:
        settings = Settings(regions=split.regions, max_tokens=max_tokens, logits=system.probability)
        self._form = system.form(settings).to(device).eval()
        self._system, self._split, self._ids, self._device = system, split, ids, device

    def score(self, images: np.ndarray, captions: np.ndarray) -> np.ndarray:
        """Numbers of images and captions [P], at most `CHUNK` -> float32 [P]. Records are made of each item once."""
        values = np.empty(len(images), np.float32)
        # Pairs of captions of like length are run together, without much padding.
        order = np.lexsort((captions, [len(self._ids[c]) for c in captions]))
        with torch.no_grad():
            own, image_of = np.unique(images, return_inverse=True)
            v = self._system.regions(torch.from_numpy(self._split.features(own)).to(self._device))
            records = self._form.image_record(v)
            for first in range(0, len(order), _RUN):
                rows = order[first:first + _RUN]
                chosen, caption_of = np.unique(captions[rows], return_inverse=True)
                caption, lengths = self._caption_side(chosen)
                image = {name: x[torch.from_numpy(image_of[rows]).to(self._device)] for name, x in records.items()}
                which = torch.from_numpy(caption_of).to(self._device)
                caption = {name: x[which] for name, x in caption.items()}
                values[rows] = self._form.score(image, caption, lengths[which]).cpu().numpy()
        return values

    def _caption_side(self, captions: np.ndarray) -> tuple[dict[str, Tensor], Tensor]:
        """Records of captions and what is derived of them once a query, each [B, ...] or [B, T, ...]; lengths [B]."""
        table, lengths = padded([self._ids[c] for c in captions])
        n = torch.from_numpy(lengths).to(self._device)
        w = self._system.words(torch.from_numpy(table).to(self._device), n)
        record = self._form.caption_record_of(w, n)
        # Ragged fields are flat to the form, a row a word.
        ragged = {field.name for field in self._form.caption_fields if field.ragged}
        flat = {name: x.flatten(0, 1) if name in ragged else x for name, x in record.items()}
        derived = self._form.caption_query(flat)
        shape = table.shape if ragged else table.shape[:1]
        return {**record, **{name: x.view(*shape, *x.shape[1:]) for name, x in derived.items()}}, n
