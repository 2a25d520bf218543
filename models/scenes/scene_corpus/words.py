"""The words of the captions: synonyms of attribute values, and sentence patterns.

No adjective starts with a vowel, so the article is always "a": exchanging two adjectives then leaves
the bag of words as it was, which hard negatives rely on.
"""

SYNONYMS = {
    "ball": ("ball", "sphere", "globe"),
    "cube": ("cube", "box", "block"),
    "pyramid": ("pyramid", "triangle", "cone"),
    "cylinder": ("cylinder", "can", "barrel"),
    "star": ("star",),
    "ring": ("ring", "hoop"),
    "cross": ("cross", "plus sign"),
    "diamond": ("diamond", "rhombus"),
    "red": ("red", "crimson"),
    "green": ("green",),
    "blue": ("blue",),
    "yellow": ("yellow",),
    "purple": ("purple", "violet"),
    "pink": ("pink",),
    "turquoise": ("turquoise", "teal", "cyan"),
    "white": ("white",),
    "matte": ("matte", "dull"),
    "shiny": ("shiny", "metallic", "polished"),
    "striped": ("striped", "banded"),
    "glass": ("glassy", "transparent", "see-through"),
    "small": ("small", "tiny", "little"),
    "large": ("large", "big", "huge"),
    "grey": ("grey", "gray"),
    "dark": ("dark", "black"),
    "brown": ("brown",),
    "navy": ("navy", "dark blue"),
}

PLURALS = {"box": "boxes", "cross": "crosses", "plus sign": "plus signs", "rhombus": "rhombuses"}
GENERIC = ("object", "thing", "shape")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven")

# The first object of a pattern is the one that lies to the left, right, above or below.
RELATIONS = {
    "left": ("{a} is to the left of {b}", "{a} left of {b}", "to the left of {b} there is {a}",
             "{b} has {a} on its left", "{b} with {a} on the left side", "there is {a} left of {b}"),
    "right": ("{a} is to the right of {b}", "{a} right of {b}", "to the right of {b} there is {a}",
              "{b} has {a} on its right", "{b} with {a} on the right side", "there is {a} right of {b}"),
    "above": ("{a} is above {b}", "{a} above {b}", "above {b} there is {a}", "{a} is higher up than {b}",
              "{b} with {a} above it", "we see {a} over {b}"),
    "below": ("{a} is below {b}", "{a} under {b}", "below {b} there is {a}", "{a} is lower down than {b}",
              "{b} with {a} below it", "we see {a} beneath {b}"),
    "near": ("{a} is next to {b}", "{a} beside {b}", "next to {b} there is {a}", "{a} and {b} are close together",
             "{b} with {a} right beside it"),
}

LISTS = ("{a} and {b}", "there are {a} and {b}", "the picture shows {a} and {b}", "{a} together with {b}",
         "we can see {a} and also {b}", "{a}, and {b} as well")
LONG_LISTS = ("{a}, {b} and {c}", "there are {a}, {b} and {c}", "{a} and {b}, along with {c}",
              "the scene has {a}, {b} and {c}", "besides {a} there are {b} and {c}")
CHAINS = ("{a} is {ab} {b} and {ac} {c}", "{a}, which is {ab} {b}, is also {ac} {c}")
CHAIN_WORDS = {"left": ("left of", "to the left of"), "right": ("right of", "to the right of"),
               "above": ("above", "over"), "below": ("below", "under")}
PLACED = ("{a} {pa} and {b} {pb}", "{pa} there is {a}, and {pb} {b}", "there is {a} {pa} and {b} {pb}")
COUNTED = ("{n} objects, among them {a} and {b}", "{a} and {b} in a group of {n} objects",
           "{n} things, including {a} and {b}", "out of {n} objects, one is {a} and one is {b}")
REPEATED = ("{n} {plural} and {a}", "{a} with {n} {plural}", "there are {n} {plural} and {a}",
            "{n} {plural}, one of them {one}, and {a}", "{n} {plural} including {one}, and {a}")
ENDINGS = (" on a {background} background", " against a {background} background", " on a {background} surface")
