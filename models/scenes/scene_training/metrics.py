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
    return {name: [round(100 * float((rank < depth).mean()), 1) for depth in DEPTHS]
            for name, rank in (("t2i", to_image), ("i2t", to_caption))}


def shortlisted(coarse, full, size):
    """Scores after a rerank of the coarse top `size`, per direction, and the share of top-10s kept.

    What the shortlist leaves out scores −inf. Captions query over images, images over captions.
    """
    result = {}
    requested = size
    for name, axis in (("t2i", 0), ("i2t", 1)):
        near, true = (coarse, full) if axis == 1 else (coarse.T, full.T)
        size = min(requested, near.shape[1])
        keep = np.argpartition(-near, size - 1, axis=1)[:, :size]
        reranked = np.full_like(true, -np.inf)
        np.put_along_axis(reranked, keep, np.take_along_axis(true, keep, axis=1), axis=1)
        top = np.argpartition(-true, 9, axis=1)[:, :10]
        kept = np.isfinite(np.take_along_axis(reranked, top, axis=1)).all(axis=1).mean()
        result[name] = (recalls(reranked if axis == 1 else reranked.T)[name], round(100 * float(kept), 1))
    return result


def twin_accuracy(scores, twin, kinds=None, kind=None):
    """How often a hard negative is told apart, in percent.

    t2i: caption k of an image scores higher with its image than with the image's twin;
    i2t: an image scores higher with its caption k than with caption k of its twin.
    """
    images = np.flatnonzero((twin >= 0) & (kinds == kind) if kind else twin >= 0).repeat(CAPTIONS)
    k = np.tile(np.arange(CAPTIONS), len(images) // CAPTIONS)
    own, others = images * CAPTIONS + k, twin[images] * CAPTIONS + k
    truth = scores[images, own]
    return {"t2i": round(100 * float((truth > scores[twin[images], own]).mean()), 1),
            "i2t": round(100 * float((truth > scores[images, others]).mean()), 1)}
