"""Names an object in a caption, and says where it lies. All choices come from the caller's generator."""

from .sampling import separated
from .words import GENERIC, PLURALS, SYNONYMS

SAY = {"colour": 0.93, "material": 0.75, "size": 0.65}
TRAILING = 0.14           # "a small ball that is red" rather than "a small red ball"
GENERIC_NOUN = 0.05


class Wording:
    """One caption's vocabulary: a value keeps its word throughout, so twins differ in order alone."""

    def __init__(self, rng):
        self.words = {value: words[rng.integers(len(words))] for value, words in SYNONYMS.items()}
        self.generic = GENERIC[rng.integers(len(GENERIC))]

    def plural(self, shape):
        word = self.words[shape]
        return PLURALS.get(word, word + "s")


class Naming:
    """What is said of one object, drawn before the object is looked at."""

    def __init__(self, rng):
        self.say = {attribute: rng.random() < share for attribute, share in SAY.items()}
        self.material_first = rng.random() < 0.7
        self.trailing = rng.random() < TRAILING
        self.generic = rng.random() < GENERIC_NOUN

    def insist(self, attribute):
        """For a hard negative: name the shape, and the attribute that was exchanged."""
        self.generic = False
        if attribute in self.say:
            self.say[attribute] = True
        return self

    def phrase(self, thing, wording):
        noun = wording.generic if self.generic else wording.words[thing.shape]
        size = [wording.words[thing.size]] if self.say["size"] and thing.size != "medium" else []
        colour = [wording.words[thing.colour]] if self.say["colour"] else []
        material = [wording.words[thing.material]] if self.say["material"] or not self.say["colour"] else []
        surface = material + colour if self.material_first else colour + material
        if self.trailing:
            return " ".join(["a"] + size + [noun, "that", "is", " and ".join(surface)])
        return " ".join(["a"] + size + surface + [noun])


def relation(rng, a, b):
    """A relation that holds between two objects: (name, subject, object).

    The subject follows from the geometry and the name does not, so exchanging the two objects'
    places exchanges their phrases and changes no word.
    """
    axes = separated(a, b)
    axis = axes[rng.integers(len(axes))]
    first, second = sorted((a, b), key=lambda thing: getattr(thing, axis))
    forwards = rng.random() < 0.5
    name = {("x", True): "left", ("x", False): "right", ("y", True): "above", ("y", False): "below"}[axis, forwards]
    return (name, first, second) if forwards else (name, second, first)


def place(thing):
    """Where an object lies in the picture."""
    column = "left" if thing.x < 0.36 else "right" if thing.x > 0.64 else ""
    row = "top" if thing.y < 0.36 else "bottom" if thing.y > 0.64 else ""
    if row and column:
        return f"in the {row} {column} corner"
    if row:
        return f"at the {row}"
    return f"on the {column}" if column else "in the middle"
