"""Tables of retrieval quality from score matrices [N images, 5N captions]."""

import numpy as np

from scene_corpus.captions import CAPTIONS

DEPTHS = (1, 5, 10)


def recalls(scores):
    """{"t2i": [R@1, R@5, R@10], "i2t": […]} in percent. An image is found by any of its captions."""
    n = scores.shape[0]
    own = np.arange(n)
    found = scores[own.repeat(CAPTIONS), np.arange(n * CAPTIONS)]
    to_image = (scores > found).sum(axis=0)
    best = found.reshape(n, CAPTIONS).max(axis=1)
    to_caption = (scores > best[:, None]).sum(axis=1)
    return {name: [_percent(rank < depth) for depth in DEPTHS]
            for name, rank in (("t2i", to_image), ("i2t", to_caption))}


def shortlisted(coarse, full, size, weights=(0.0, 0.0)):
    """What a rerank of the coarse top `size` gives, per direction: recalls by the scorer alone (`score`) and by both
    stages (`both`: full + weight * coarse), in percent; how often an own item is inside; how often the whole full top
    10 is, unless scores outside the shortlists are missing (NaN).

    What the shortlist leaves out scores −inf. Captions query over images, images over captions.
    """
    result = {}
    for name, axis, weight in (("t2i", 0, weights[0]), ("i2t", 1, weights[1])):
        kept = min(size, full.shape[axis])
        near = np.argpartition(-coarse, kept - 1, axis=axis)
        inside = np.zeros(full.shape, bool)
        np.put_along_axis(inside, near.take(range(kept), axis=axis), True, axis=axis)
        n = len(full)
        own = inside[np.arange(n).repeat(CAPTIONS), np.arange(n * CAPTIONS)].reshape(n, CAPTIONS)
        result[name] = {
            "own inside": _percent(own if name == "t2i" else own.any(axis=1)),
            "score": recalls(np.where(inside, full, -np.inf))[name],
            "both": recalls(np.where(inside, full + weight * coarse, -np.inf))[name]}
        if not np.isnan(full).any():
            top = np.argpartition(-full, 9, axis=axis).take(range(10), axis=axis)
            result[name]["full top-10 kept"] = _percent(np.take_along_axis(inside, top, axis=axis).all(axis=axis))
    return result


def _percent(found):
    return round(100 * float(found.mean()), 1)


def twin_accuracy(scores, twin, kinds=None, kind=None):
    """How often a hard negative is told apart, in percent.

    t2i: caption k of an image scores higher with its image than with the image's twin;
    i2t: an image scores higher with its caption k than with caption k of its twin.
    """
    images = np.flatnonzero((twin >= 0) & (kinds == kind) if kind else twin >= 0).repeat(CAPTIONS)
    k = np.tile(np.arange(CAPTIONS), len(images) // CAPTIONS)
    own, others = images * CAPTIONS + k, twin[images] * CAPTIONS + k
    truth = scores[images, own]
    return {"t2i": _percent(truth > scores[twin[images], own]), "i2t": _percent(truth > scores[images, others])}
