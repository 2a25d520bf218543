"""Per-pixel measurements that region features are pooled from. Input: pixels, nothing else."""

import numpy as np

HUES = 9           # soft hue bins, plus one bin for what has no hue
ORIENTATIONS = 6   # gradient directions, modulo 180 degrees


def channels(image):
    """Dictionary of maps [H, W, c] of an image [H, W, 3] with values 0..1."""
    image = image.astype(np.float64)
    smooth = _blur(image)
    background = np.median(image.reshape(-1, 3), axis=0)
    difference = np.abs(smooth - background).max(axis=2)
    foreground = np.clip((difference - 0.06) / 0.10, 0, 1)
    light = image @ np.array([0.3, 0.5, 0.2])
    smooth_light = smooth @ np.array([0.3, 0.5, 0.2])
    glare = np.clip((image.min(axis=2) - 0.72) / 0.2, 0, 1)
    ripple = np.abs(light - _blur(smooth) @ np.array([0.3, 0.5, 0.2]))
    return {
        "foreground": foreground[..., None],
        "hue": _hue(smooth, foreground),
        "light": np.stack([smooth_light - background.mean(), foreground * smooth_light,
                           foreground * smooth_light ** 2, foreground * glare, foreground * ripple], axis=2),
        "edges": _orientations(smooth_light),
        "outline": _orientations(foreground),
    }


def _blur(image):
    """3×3 binomial filter, edges repeated."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return 0.25 * rows[:, :-2] + 0.5 * rows[:, 1:-1] + 0.25 * rows[:, 2:]


def _hue(image, foreground):
    """Foreground weight shared between hue bins (by saturation) and one bin for grey and white."""
    high, low = image.max(axis=2), image.min(axis=2)
    chroma = high - low
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    safe = np.maximum(chroma, 1e-6)
    hue = np.where(high == red, ((green - blue) / safe) % 6,
                   np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4)) / 6
    saturation = np.clip(chroma / np.maximum(high, 0.15), 0, 1)
    position = hue * HUES
    distance = np.abs((position[..., None] - np.arange(HUES) + HUES / 2) % HUES - HUES / 2)
    bins = np.clip(1 - distance, 0, 1) * (saturation * foreground)[..., None]
    pale = np.clip(1 - 2.0 * saturation, 0, 1) * foreground * high
    deep = np.clip(saturation - 0.55, 0, 1) * foreground       # tells red from pink
    return np.concatenate([bins, pale[..., None], deep[..., None]], axis=2)


def _orientations(light):
    """Gradient magnitude shared between the two nearest directions."""
    dy, dx = np.gradient(light)
    magnitude = np.sqrt(dx * dx + dy * dy)
    position = (np.arctan2(dy, dx) % np.pi) / np.pi * ORIENTATIONS
    distance = np.abs((position[..., None] - np.arange(ORIENTATIONS) + ORIENTATIONS / 2) % ORIENTATIONS
                      - ORIENTATIONS / 2)
    return np.clip(1 - distance, 0, 1) * magnitude[..., None]
