"""The 36 region proposals of an image: boxes (x1, y1, x2, y2), normalised to 0..1.

A stand-in for a detector's proposals, good and bad ones alike: one tight box an object, loose and
shifted ones, parts of objects, pairs of objects, the whole image and background. Their order says
nothing.
"""

import numpy as np

REGIONS = 36
LEAST_SIDE = 0.04


def propose(scene):
    """float32 [36, 4], from the scene's geometry alone."""
    rng = np.random.default_rng([scene.appearance, 36])
    tight = [np.array([t.x - t.r, t.y - t.r, t.x + t.r, t.y + t.r]) for t in scene.objects]
    boxes = [np.array([0.0, 0.0, 1.0, 1.0])]
    boxes += [_jitter(rng, box, 0.04) for box in tight]
    boxes += [_jitter(rng, box, 0.22) for box in tight]
    boxes += [_pair(rng, tight[i], tight[j]) for i, j in _pairs(rng, scene.objects)]
    boxes += [_part(rng, box) for box in tight]
    while len(boxes) < REGIONS:
        boxes.append(_jitter(rng, tight[rng.integers(len(tight))], 0.35) if rng.random() < 0.4 else _anywhere(rng))
    boxes = np.clip(np.stack(boxes[:REGIONS]), 0, 1)
    return _widened(boxes)[rng.permutation(REGIONS)].astype(np.float32)


def _pairs(rng, objects):
    """Up to ten pairs, the closest first."""
    pairs = [(i, j) for i in range(len(objects)) for j in range(i + 1, len(objects))]
    pairs.sort(key=lambda p: np.hypot(objects[p[0]].x - objects[p[1]].x, objects[p[0]].y - objects[p[1]].y))
    return pairs[:10]


def _jitter(rng, box, amount):
    side = box[2] - box[0]
    return box + rng.normal(0, amount, 4) * side * 0.5


def _part(rng, box):
    """One half or one quarter of an object."""
    x1, y1, x2, y2 = box
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    halves = [(x1, y1, x, y2), (x, y1, x2, y2), (x1, y1, x2, y), (x1, y, x2, y2), (x1, y1, x, y), (x, y, x2, y2)]
    return np.array(halves[rng.integers(len(halves))])


def _pair(rng, a, b):
    union = np.concatenate([np.minimum(a[:2], b[:2]), np.maximum(a[2:], b[2:])])
    return union + rng.normal(0, 0.01, 4)


def _anywhere(rng):
    centre, half = rng.uniform(0.1, 0.9, 2), rng.uniform(0.06, 0.25, 2)
    return np.concatenate([centre - half, centre + half])


def _widened(boxes):
    """Every box at least LEAST_SIDE wide and high, inside the image."""
    for axis in (0, 1):
        low, high = np.minimum(boxes[:, axis], boxes[:, axis + 2]), np.maximum(boxes[:, axis], boxes[:, axis + 2])
        centre = np.clip((low + high) / 2, LEAST_SIDE / 2, 1 - LEAST_SIDE / 2)
        half = np.maximum((high - low) / 2, LEAST_SIDE / 2)
        boxes[:, axis], boxes[:, axis + 2] = np.maximum(centre - half, 0), np.minimum(centre + half, 1)
    return boxes
