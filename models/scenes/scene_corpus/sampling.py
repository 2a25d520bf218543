"""Draws scenes, and for some of them a twin that the same words describe, differently bound.

Every draw comes from a generator seeded by (seed, split, pair), so a scene depends on nothing but
its place in its split: a split can be cut short or made in parts without changing a scene.
"""

from dataclasses import asdict, dataclass, field, replace

import numpy as np

from .attributes import BACKGROUNDS, COLOURS, MATERIALS, SHAPES, SIZES

SPLITS = ("train", "dev", "test")
TWIN_SHARE = 0.4          # share of scenes that belong to a hard-negative pair
REPEATED_SHAPE_SHARE = 0.35
GAP = 0.015               # least distance between two objects' outlines
SEPARATION = 0.13         # least difference along an axis for "left of" or "above" to be said


@dataclass(frozen=True)
class Thing:
    """One object: attribute values, centre and half extent in image units (0..1)."""
    shape: str
    colour: str
    size: str
    material: str
    x: float
    y: float
    r: float


@dataclass(frozen=True)
class Scene:
    """What is rendered. `appearance` seeds light and noise; `captions_seed` is shared by twins."""
    id: str
    background: str
    objects: tuple
    appearance: int
    captions_seed: int
    hard_negative_of: str | None = None
    swap: dict | None = field(default=None)

    def to_json(self):
        data = asdict(self)
        return {
            "id": data["id"], "background": data["background"], "appearance": data["appearance"],
            "captionsSeed": data["captions_seed"], "hardNegativeOf": data["hard_negative_of"],
            "swap": data["swap"], "objects": data["objects"],
        }

    @staticmethod
    def from_json(data):
        return Scene(data["id"], data["background"], tuple(Thing(**thing) for thing in data["objects"]),
                     data["appearance"], data["captionsSeed"], data["hardNegativeOf"], data["swap"])


def sample_split(split, count, seed):
    """The first `count` scenes of a split. Scenes come in pairs: two strangers, or two twins."""
    scenes = []
    for pair in range((count + 1) // 2):
        rng = np.random.default_rng([seed, SPLITS.index(split), pair])
        ids = [f"scene-{2 * pair + k:06d}" for k in (0, 1)]
        scenes += _twins(rng, ids) if rng.random() < TWIN_SHARE else [_scene(rng, id) for id in ids]
    return scenes[:count]


def separated(a, b):
    """The axes along which two objects are told apart: a subset of ("x", "y")."""
    return tuple(axis for axis in "xy" if abs(getattr(a, axis) - getattr(b, axis)) >= SEPARATION)


def _twins(rng, ids):
    while True:
        scene = _scene(rng, ids[0])
        swaps = [(attribute, i, j)
                 for attribute in ("colour", "material", "position")
                 for i in range(len(scene.objects)) for j in range(i + 1, len(scene.objects))
                 if _swappable(scene.objects, attribute, i, j)]
        if not swaps:
            continue
        # Draw the attribute first, so that the three kinds of swap are equally frequent.
        kinds = sorted({swap[0] for swap in swaps})
        kind = kinds[rng.integers(len(kinds))]
        swaps = [swap for swap in swaps if swap[0] == kind]
        attribute, i, j = swaps[rng.integers(len(swaps))]
        swap = {"attribute": attribute, "objects": [i, j]}
        return [replace(scene, hard_negative_of=ids[1], swap=swap),
                replace(scene, id=ids[1], objects=swapped(scene.objects, attribute, i, j),
                        appearance=int(rng.integers(2**31)), hard_negative_of=ids[0], swap=swap)]


def swapped(objects, attribute, i, j):
    """The objects with one attribute of two of them exchanged."""
    keys = ("x", "y") if attribute == "position" else (attribute,)
    a, b = objects[i], objects[j]
    result = list(objects)
    result[i] = replace(a, **{key: getattr(b, key) for key in keys})
    result[j] = replace(b, **{key: getattr(a, key) for key in keys})
    return tuple(result)


def _swappable(objects, attribute, i, j):
    """A swap must change what is true: each of the two shapes occurs once in the scene."""
    a, b = objects[i], objects[j]
    shapes = [thing.shape for thing in objects]
    if shapes.count(a.shape) > 1 or shapes.count(b.shape) > 1:
        return False
    if attribute != "position":
        return getattr(a, attribute) != getattr(b, attribute)
    result = swapped(objects, attribute, i, j)
    return bool(separated(a, b)) and all(
        _fits(thing, result[:k] + result[k + 1:]) for k, thing in enumerate(result) if k in (i, j))


def _scene(rng, id):
    objects = []
    repeated = SHAPES[rng.integers(len(SHAPES))] if rng.random() < REPEATED_SHAPE_SHARE else None
    count = int(rng.integers(3, 8))
    while len(objects) < count:
        size = _pick(rng, SIZES)
        r = SIZES[size] * rng.uniform(0.94, 1.06)
        x, y = rng.uniform(r + 0.01, 0.99 - r, 2)
        shape = repeated if repeated and len(objects) < 2 else _pick(rng, SHAPES)
        thing = Thing(shape, _pick(rng, COLOURS), size, _pick(rng, MATERIALS),
                      round(float(x), 4), round(float(y), 4), round(float(r), 4))
        if _fits(thing, objects):
            objects.append(thing)
    order = rng.permutation(count)
    return Scene(id, _pick(rng, BACKGROUNDS), tuple(objects[k] for k in order),
                 int(rng.integers(2**31)), int(rng.integers(2**31)))


def _fits(thing, others):
    inside = all(thing.r <= centre <= 1 - thing.r for centre in (thing.x, thing.y))
    return inside and all(
        np.hypot(thing.x - other.x, thing.y - other.y) >= thing.r + other.r + GAP for other in others)


def _pick(rng, values):
    values = tuple(values)
    return values[rng.integers(len(values))]
