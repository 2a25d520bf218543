"""What an object can be: the values that scenes draw from, and how they look."""

SHAPES = ("ball", "cube", "pyramid", "cylinder", "star", "ring", "cross", "diamond")
MATERIALS = ("matte", "shiny", "striped", "glass")

COLOURS = {
    "red": (0.86, 0.12, 0.12),
    "green": (0.16, 0.66, 0.20),
    "blue": (0.14, 0.32, 0.90),
    "yellow": (0.95, 0.86, 0.15),
    "purple": (0.52, 0.16, 0.76),
    "pink": (0.98, 0.52, 0.74),
    "turquoise": (0.14, 0.80, 0.80),
    "white": (0.95, 0.95, 0.95),
}

# Half the extent of an object, as a share of the image's side.
SIZES = {"small": 0.062, "medium": 0.092, "large": 0.128}

BACKGROUNDS = {
    "grey": (0.42, 0.42, 0.43),
    "dark": (0.12, 0.12, 0.14),
    "brown": (0.42, 0.30, 0.20),
    "navy": (0.10, 0.13, 0.30),
}
