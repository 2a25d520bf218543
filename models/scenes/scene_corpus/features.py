"""Region features: what a box holds, measured on the pixels; and where the box is.

Maps from `channels` are averaged over the cells of a small grid laid on each box. Averages of any
box come from summed-area tables, with fractional borders interpolated.
"""

import numpy as np

from .channels import channels

WIDTH = 192


def region_features(image, boxes):
    """float32 [R, WIDTH] from pixels [H, W, 3] and normalised boxes [R, 4]."""
    maps = channels(image)
    foreground = _pool(maps["foreground"], boxes, 6)                    # R, 36, 1
    hue = _pool(maps["hue"], boxes, 2)                                  # R, 4, 11
    light = _pool(maps["light"], boxes, 1)[:, 0]                        # R, 5
    grid = _pool(maps["light"][..., :1], boxes, 4)                      # R, 16, 1
    edges = _pool(maps["edges"], boxes, 2)                              # R, 4, 6
    outline = _pool(maps["outline"], boxes, 2)
    cover = foreground.mean(axis=1)                                     # R, 1
    hue_in_all = hue.mean(axis=1)
    parts = [
        foreground[..., 0],
        (hue / (hue.sum(axis=2, keepdims=True) + 0.1)).reshape(len(boxes), -1),
        hue_in_all / (cover + 0.02),
        light[:, :1], light[:, 1:] / (cover + 0.02), _spread(light, cover),
        grid[..., 0],
        _direction(edges), _direction(outline), _strength(edges), _strength(outline),
        _moments(foreground[..., 0]),
        _geometry(boxes),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _pool(values, boxes, cells):
    """Means over the cells of a cells×cells grid on each box: [R, cells², c]."""
    height, width, depth = values.shape
    table = np.zeros((height + 1, width + 1, depth))
    table[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    steps = np.arange(cells + 1) / cells
    x = (boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * steps) * width       # R, cells + 1
    y = (boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * steps) * height
    x0, y0 = np.clip(x.astype(int), 0, width - 1), np.clip(y.astype(int), 0, height - 1)
    fx, fy = (x - x0)[:, None, :, None], (y - y0)[:, :, None, None]
    rows, columns = y0[:, :, None], x0[:, None, :]
    corner = (table[rows, columns] * (1 - fx) * (1 - fy) + table[rows, columns + 1] * fx * (1 - fy)
              + table[rows + 1, columns] * (1 - fx) * fy + table[rows + 1, columns + 1] * fx * fy)
    sums = corner[:, 1:, 1:] - corner[:, :-1, 1:] - corner[:, 1:, :-1] + corner[:, :-1, :-1]
    area = (np.diff(y)[:, :, None] * np.diff(x)[:, None, :])[..., None]
    return (sums / np.maximum(area, 1e-6)).reshape(len(boxes), cells * cells, depth)


def _spread(light, cover):
    """Standard deviation of brightness inside the foreground: stripes and gloss raise it."""
    mean, square = light[:, 1:2] / (cover + 0.02), light[:, 2:3] / (cover + 0.02)
    return np.sqrt(np.maximum(square - mean ** 2, 0))


def _direction(cells):
    """Shares of the gradient directions in each cell."""
    return (cells / (cells.sum(axis=2, keepdims=True) + 0.02)).reshape(len(cells), -1)


def _strength(cells):
    return np.sqrt(np.maximum(cells.sum(axis=2), 0)).reshape(len(cells), -1)


def _moments(grid):
    """Centre and extents of the foreground, and how far it is from symmetric."""
    square = grid.reshape(len(grid), 6, 6)
    mass = square.sum(axis=(1, 2)) + 0.5
    axis = np.linspace(-1, 1, 6)
    x = (square * axis[None, None, :]).sum(axis=(1, 2)) / mass
    y = (square * axis[None, :, None]).sum(axis=(1, 2)) / mass
    xx = (square * (axis[None, None, :] - x[:, None, None]) ** 2).sum(axis=(1, 2)) / mass
    yy = (square * (axis[None, :, None] - y[:, None, None]) ** 2).sum(axis=(1, 2)) / mass
    sides = np.abs(square - square[:, :, ::-1]).mean(axis=(1, 2))
    turned = np.abs(square - square[:, ::-1]).mean(axis=(1, 2))
    return np.stack([x, y, np.sqrt(np.maximum(xx, 0)), np.sqrt(np.maximum(yy, 0)), sides, turned], axis=1)


def _geometry(boxes):
    x1, y1, x2, y2 = boxes.T
    x, y, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    stops = np.linspace(0.1, 0.9, 5)
    bumps = [np.exp(-((centre[:, None] - stops) / 0.15) ** 2) for centre in (x, y)]
    return np.concatenate([np.stack([x1, y1, x2, y2, w, h, np.sqrt(w * h)], axis=1), *bumps], axis=1)
