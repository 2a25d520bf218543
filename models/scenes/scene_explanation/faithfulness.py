"""Whether what is said to count most does: hiding it lowers the score more than hiding another one."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from retrieval_exporter.explaining import REGIONS, WORDS, Explainer

from .hiding import regions_hidden, words_removed, words_unknown
from .pairs import Corpus


@dataclass
class Measured:
    """Over pairs: the share of all others whose hiding lowers the score less than hiding the largest does, which is how
    often a random other one does, and the falls themselves."""

    shares: list[float] = field(default_factory=list)
    falls: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    def add(self, values: np.ndarray, falls: np.ndarray) -> None:
        """`values` [N] say how much each counts, `falls` [N] by how much the score falls without it."""
        largest = int(values.argmax())
        others = np.delete(falls, largest)
        self.shares.append(float((falls[largest] > others).mean()))
        self.falls.append(float(falls[largest]))
        self.others.append(float(others.mean()))

    def report(self) -> dict[str, float]:
        """Share in percent with its standard error, and the mean falls."""
        return {"share": round(100 * float(np.mean(self.shares)), 1),
                "standard_error": round(100 * float(np.std(self.shares)) / math.sqrt(len(self.shares)), 1),
                "fall": round(float(np.mean(self.falls)), 3), "fall_of_others": round(float(np.mean(self.others)), 3)}


def measure(corpus: Corpus, explainer: Explainer) -> dict[str, dict[str, dict[str, float]]]:
    """Every image with its own caption. By what is hidden and how, every output of the explainer that has one value a
    region, or a word."""
    named = {side: [output.name for output in explainer.outputs if output.axes == (side,)] for side in (REGIONS, WORDS)}
    table = {"region hidden": {name: Measured() for name in named[REGIONS]},
             "word unknown": {name: Measured() for name in named[WORDS]},
             "word removed": {name: Measured() for name in named[WORDS]}}
    with torch.no_grad():
        for image, caption in enumerate(corpus.captions):
            w, length = corpus.encoded([caption])
            score, seen = explainer(corpus.v[image:image + 1], w, length)
            hidden = {"region hidden": regions_hidden(corpus, image, w, length)}
            if len(caption) > 3:
                hidden["word unknown"] = words_unknown(corpus, image, caption)
                hidden["word removed"] = words_removed(corpus, image, caption)
            for how, scores in hidden.items():
                falls = (score - scores).numpy()
                for name, measured in table[how].items():
                    values = seen[name][0].numpy()
                    measured.add(values if how == "region hidden" else values[1:-1], falls)
    return {how: {name: measured.report() for name, measured in found.items()} for how, found in table.items()}
