"""Turns a scene into pixels: float32 [128, 128, 3], values 0..1."""

import numpy as np

from .attributes import BACKGROUNDS, COLOURS
from .shapes import DRAW

SIDE = 128


def render(scene):
    rng = np.random.default_rng(scene.appearance)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    image = np.empty((SIDE, SIDE, 3))
    slope = rng.uniform(-0.04, 0.04)
    image[:] = np.array(BACKGROUNDS[scene.background]) + (slope * (rows / SIDE - 0.5))[..., None]
    for thing in scene.objects:
        _draw(image, thing, rng)
    image *= rng.uniform(0.90, 1.06)
    image += rng.normal(0, 0.012, image.shape)
    return np.clip(image, 0, 1).astype(np.float32)


def _draw(image, thing, rng):
    reach = thing.r * SIDE * 1.15 + 2
    cx, cy = thing.x * SIDE, thing.y * SIDE
    x0, x1 = max(0, int(cx - reach)), min(SIDE, int(cx + reach) + 1)
    y0, y1 = max(0, int(cy - reach)), min(SIDE, int(cy + reach) + 1)
    rows, columns = np.mgrid[y0:y1, x0:x1]
    radius = thing.r * SIDE
    u, v = (columns + 0.5 - cx) / radius, (rows + 0.5 - cy) / radius
    distance, shade = DRAW[thing.shape](u, v)
    distance = distance * radius                       # in pixels
    coverage = np.clip(0.5 - distance, 0, 1)
    colour = np.array(COLOURS[thing.colour]) * rng.uniform(0.92, 1.06) + rng.uniform(-0.03, 0.03, 3)
    patch = image[y0:y1, x0:x1]
    surface, alpha = MATERIALS[thing.material](colour, shade, distance, u, v, columns, rows)
    alpha = (coverage * alpha)[..., None]
    patch[:] = patch * (1 - alpha) + np.clip(surface, 0, 1) * alpha


def _matte(colour, shade, distance, u, v, columns, rows):
    return colour * (0.72 + 0.24 * shade)[..., None], np.ones_like(distance)


def _shiny(colour, shade, distance, u, v, columns, rows):
    spot = np.exp(-((u + 0.28) ** 2 + (v + 0.30) ** 2) / 0.06)
    streak = 0.55 * np.exp(-((u - v - 0.35) ** 2) / 0.012)
    gloss = np.clip(spot + streak, 0, 1)[..., None]
    base = colour * np.clip(0.25 + 0.70 * shade, 0, 1.2)[..., None]
    return base * (1 - gloss) + gloss, np.ones_like(distance)


def _striped(colour, shade, distance, u, v, columns, rows):
    band = 0.5 + 0.5 * np.tanh(4 * np.sin((columns + rows) * (2 * np.pi / 7.0)))
    return colour * ((0.70 + 0.25 * shade) * (0.28 + 0.72 * band))[..., None], np.ones_like(distance)


def _glass(colour, shade, distance, u, v, columns, rows):
    rim = np.clip(2.2 + distance, 0, 1)
    glint = np.exp(-((u + 0.25) ** 2 + (v + 0.3) ** 2) / 0.02)
    alpha = np.clip(0.28 + 0.72 * rim + 0.5 * glint, 0, 1)
    return colour * 0.98 + 0.3 * glint[..., None], alpha


MATERIALS = {"matte": _matte, "shiny": _shiny, "striped": _striped, "glass": _glass}
