"""Five captions an image: attributes, relations, places, counts, synonyms, omissions.

Captions see the scene's labels; they are what people would write. Twins of a hard-negative pair take
the same draws, so caption k of one and caption k of the other hold the same words, bound differently.
"""

import numpy as np

from .phrases import Naming, Wording, place, relation
from .sampling import separated
from .words import (CHAIN_WORDS, CHAINS, COUNTED, ENDINGS, LISTS, LONG_LISTS, NUMBERS, PLACED, RELATIONS,
                    REPEATED)

CAPTIONS = 5
SHORTEST, LONGEST = 6, 20
NEAR = 0.30


def captions(scene):
    """Five different captions, lower case, 6 to 20 words."""
    rng = np.random.default_rng([scene.captions_seed, CAPTIONS])
    result = []
    while len(result) < CAPTIONS:
        text = _caption(rng, scene) + "."
        if text not in result and SHORTEST <= len(text.split()) <= LONGEST:
            result.append(text)
    return result


def _caption(rng, scene):
    """One candidate. Twins stay in step: every draw depends only on what the two have in common."""
    draw = np.random.default_rng(rng.integers(2**31))
    wording = Wording(draw)
    namings = [Naming(draw) for _ in scene.objects]
    if scene.swap:
        i, j = scene.swap["objects"]
        for k in (i, j):
            namings[k].insist(scene.swap["attribute"])
        others = [k for k in draw.permutation(len(scene.objects)) if k not in (i, j)]
        chosen = ([i, j] if draw.random() < 0.5 else [j, i]) + others
    else:
        chosen = [int(k) for k in draw.permutation(len(scene.objects))]
    told = _Told(scene, chosen, namings, wording)
    patterns = _patterns(scene, told)
    text = patterns[draw.integers(len(patterns))](draw, told)
    if draw.random() < 0.18:
        text += _one(draw, ENDINGS).format(background=wording.words[scene.background])
    return text


class _Told:
    """The objects in the order in which the caption takes them, and what it calls them."""

    def __init__(self, scene, chosen, namings, wording):
        self.objects = [scene.objects[k] for k in chosen]
        self.all, self.wording = scene.objects, wording
        self.names = {scene.objects[k]: namings[k].phrase(scene.objects[k], wording) for k in chosen}
        self.namings = dict(zip((scene.objects[k] for k in chosen), (namings[k] for k in chosen)))

    def name(self, thing):
        return self.names[thing]


def _patterns(scene, told):
    a, b, c = told.objects[:3]
    moved = bool(scene.swap) and scene.swap["attribute"] == "position"
    patterns = [_related] * 4 if separated(a, b) else [_listed]
    if not moved:
        patterns += [_listed, _listed_long, _listed_long, _counted]
        if np.hypot(a.x - b.x, a.y - b.y) < NEAR:
            patterns += [_near]
    if place(a) != place(b):
        patterns += [_placed]
    if not scene.swap and separated(a, b) and separated(a, c):
        patterns += [_chained]
    if not scene.swap and _repeated_shape(told):
        patterns += [_repeated, _repeated]
    return patterns


def _related(draw, told):
    name, a, b = relation(draw, *told.objects[:2])
    return _one(draw, RELATIONS[name]).format(a=told.name(a), b=told.name(b))


def _near(draw, told):
    a, b = told.objects[:2]
    return _one(draw, RELATIONS["near"]).format(a=told.name(a), b=told.name(b))


def _listed(draw, told):
    a, b = told.objects[:2]
    return _one(draw, LISTS).format(a=told.name(a), b=told.name(b))


def _listed_long(draw, told):
    a, b, c = (told.name(thing) for thing in told.objects[:3])
    a, b, c = [(a, b, c), (c, a, b), (a, c, b)][draw.integers(3)]
    return _one(draw, LONG_LISTS).format(a=a, b=b, c=c)


def _placed(draw, told):
    a, b = told.objects[:2]
    return _one(draw, PLACED).format(a=told.name(a), b=told.name(b), pa=place(a), pb=place(b))


def _counted(draw, told):
    a, b = told.objects[:2]
    return _one(draw, COUNTED).format(a=told.name(a), b=told.name(b), n=NUMBERS[len(told.all)])


def _chained(draw, told):
    a, b, c = told.objects[:3]
    words = [_one(draw, CHAIN_WORDS[_seen_from(draw, a, other)]) for other in (b, c)]
    return _one(draw, CHAINS).format(
        a=told.name(a), b=told.name(b), c=told.name(c), ab=words[0], ac=words[1])


def _seen_from(draw, a, other):
    axes = separated(a, other)
    axis = axes[draw.integers(len(axes))]
    before = getattr(a, axis) < getattr(other, axis)
    return {"x": ("right", "left"), "y": ("below", "above")}[axis][before]


def _repeated_shape(told):
    shapes = [thing.shape for thing in told.all]
    several = [thing for thing in told.objects if shapes.count(thing.shape) > 1]
    alone = [thing for thing in told.objects if shapes.count(thing.shape) == 1]
    return (several[0], alone[0], shapes.count(several[0].shape)) if several and alone else None


def _repeated(draw, told):
    thing, other, count = _repeated_shape(told)
    naming, wording = told.namings[thing], told.wording
    one = wording.words[thing.colour] if naming.say["colour"] else wording.words[thing.material]
    pattern = _one(draw, REPEATED)
    if "including {one}" in pattern:
        one = told.name(thing)
    return pattern.format(n=NUMBERS[count], plural=wording.plural(thing.shape), one=one, a=told.name(other))


def _one(draw, options):
    return options[draw.integers(len(options))]
