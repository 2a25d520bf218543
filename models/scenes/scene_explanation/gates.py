"""How far gates open in pairs that match and in pairs that do not."""

import torch
from retrieval_exporter.explaining import Explainer

from .pairs import Corpus

_SHIFTS = 10


def measure(corpus: Corpus, explainer: Explainer) -> dict[str, dict[str, float]]:
    """Means of every output of gates over all its regions or words, both markers among these: of every image with its own
    caption, and with the captions of ten others, evenly spaced."""
    names = [output.name for output in explainer.outputs if output.kind == "gate"]
    count = len(corpus.captions)
    shifts = {"matching": [0], "other": [count * step // (_SHIFTS + 1) for step in range(1, _SHIFTS + 1)]}
    return {which: _means(corpus, explainer, names, of) for which, of in shifts.items()} if names else {}


def _means(corpus: Corpus, explainer: Explainer, names: list[str], shifts: list[int]) -> dict[str, float]:
    total, counted, count = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0), len(corpus.captions)
    with torch.no_grad():
        for image in range(count):
            w, lengths = corpus.encoded([corpus.captions[(image + shift) % count] for shift in shifts])
            _, seen = explainer(corpus.v[image].expand(len(w), -1, -1), w, lengths)
            for output in (output for output in explainer.outputs if output.name in names):
                values = output.cut(seen[output.name], lengths)
                total[output.name] += float(values.sum())
                counted[output.name] += int(output.cut(torch.ones_like(values), lengths).sum())
    return {name: float(f"{total[name] / counted[name]:.3g}") for name in names}
