"""Long scorings of pairs, from which a fit can be resumed."""

import time
from collections.abc import Callable

import numpy as np

from ..runs.progress import Progress
from ..runs.state import State
from .pairs import CHUNK, PairScorer

# Seconds between two writes of the state.
_KEEP_EVERY = 20.0


def score_table(name: str, images: np.ndarray, captions: np.ndarray, scorer: Callable[[], PairScorer], state: State,
                progress: Progress) -> np.ndarray:
    """The scorer's values of pairs: `images` and `captions` of one shape -> float32 of that shape. `name` is the part of
    the state that holds what has been scored so far."""
    kept = state.part(name)
    values = kept["values"] if kept else np.zeros(images.size, np.float32)
    done = int(kept["done"]) if kept else 0
    pairs, last = None, time.monotonic()
    while done < images.size:
        pairs = pairs or scorer()
        rows = slice(done, done + CHUNK)
        values[rows] = pairs.score(images.reshape(-1)[rows], captions.reshape(-1)[rows])
        done = min(done + CHUNK, images.size)
        progress.tick(f"{name}: pairs scored", done, images.size)
        if done == images.size or time.monotonic() - last > _KEEP_EVERY:
            state.keep(name, {"values": values, "done": np.array(done)})
            last = time.monotonic()
    return values.reshape(images.shape)
