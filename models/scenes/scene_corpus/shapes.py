"""Signed distances and shading of the eight shapes.

Each shape is a function of local coordinates `u, v` (−1..1 over the object's box, v downwards) that
returns `(distance, shade)`: the distance to the outline in the same units, negative inside, and a
brightness factor that gives faces and roundness.
"""

import numpy as np


def polygon(u, v, corners):
    """Signed distance to a convex polygon, corners clockwise on screen."""
    distance = np.full(np.broadcast(u, v).shape, -np.inf)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
        length = np.hypot(x1 - x0, y1 - y0)
        distance = np.maximum(distance, ((u - x0) * (y1 - y0) - (v - y0) * (x1 - x0)) / length)
    return distance


def ball(u, v):
    radius = np.sqrt(u * u + v * v)
    return radius - 0.96, 1.12 - 0.50 * np.clip((u + 0.3) ** 2 + (v + 0.35) ** 2, 0, 1.4)


def cube(u, v):
    outline = polygon(u, v, [(-0.9, -0.45), (-0.45, -0.9), (0.9, -0.9), (0.9, 0.45), (0.45, 0.9), (-0.9, 0.9)])
    front = polygon(u, v, [(-0.9, -0.45), (0.45, -0.45), (0.45, 0.9), (-0.9, 0.9)])
    side = polygon(u, v, [(0.45, -0.45), (0.9, -0.9), (0.9, 0.45), (0.45, 0.9)])
    return outline, np.where(front <= 0, 0.92, np.where(side <= 0, 0.62, 1.15))


def pyramid(u, v):
    outline = polygon(u, v, [(0.0, -0.95), (0.95, 0.8), (-0.95, 0.8)])
    return outline, np.where(u > 0.25 * (v + 0.95), 0.62, 1.05)


def cylinder(u, v):
    top = np.sqrt((u / 0.62) ** 2 + ((v + 0.68) / 0.26) ** 2) - 1
    bottom = np.sqrt((u / 0.62) ** 2 + ((v - 0.68) / 0.26) ** 2) - 1
    body = np.maximum(np.abs(u) - 0.62, np.abs(v) - 0.68)
    outline = np.minimum(body, np.minimum(top, bottom) * 0.26)
    return outline, np.where(top < 0, 1.2, 1.05 - 0.45 * np.abs(u + 0.2))


def star(u, v):
    angle = np.arctan2(u, -v)
    radius = np.sqrt(u * u + v * v)
    sector = np.pi / 5
    folded = np.abs((angle + sector) % (2 * sector) - sector)
    # One edge of the star in its folded sector: from the tip at radius 1 to the notch at 0.42.
    x, y = radius * np.cos(folded), radius * np.sin(folded)
    nx, ny = 0.42 * np.cos(sector) - 1.0, 0.42 * np.sin(sector)
    length = np.hypot(nx, ny)
    return ((x - 1.0) * ny - y * nx) / length, np.where((angle + sector) % (2 * sector) > sector, 1.1, 0.85)


def ring(u, v):
    radius = np.sqrt(u * u + v * v)
    return np.abs(radius - 0.70) - 0.25, 1.05 - 0.25 * (u + v)


def cross(u, v):
    arm = np.maximum(np.abs(u) - 0.30, np.abs(v) - 0.92)
    beam = np.maximum(np.abs(u) - 0.92, np.abs(v) - 0.30)
    return np.minimum(arm, beam), 0.98 - 0.10 * v + 0 * u


def diamond(u, v):
    outline = (np.abs(u) / 0.78 + np.abs(v) / 0.98 - 1) * 0.61
    return outline, np.where(v < 0, 1.12, 0.78) * np.where(np.abs(u) < 0.25, 1.0, 0.88)


DRAW = {shape.__name__: shape for shape in (ball, cube, pyramid, cylinder, star, ring, cross, diamond)}
