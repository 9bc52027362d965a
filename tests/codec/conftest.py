"""What the tests of several rooms of the codec share."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photograph() -> Callable[..., Image.Image]:
    """Draws something like a photograph: (width, height, alpha); the same picture each time, not to be changed."""
    return _photograph


@functools.cache
def _photograph(width: int = 240, height: int = 160, alpha: bool = False) -> Image.Image:
    """Hills, a sun and some grain, drawn with integers."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    x, y = x * 240 // width, y * 160 // height
    hill = y * 240 > 15_000 + (x - 70) ** 2 * 2
    sun = (x - 180) ** 2 + (y - 40) ** 2 < 400
    grain = (x * 73_856_093 ^ y * 19_349_663) >> 5 & 15
    red = np.where(sun, 250, np.where(hill, 60 + grain, 120 + y // 3))
    green = np.where(sun, 220, np.where(hill, 130 - y // 3 + grain, 170 - y // 4))
    blue = np.where(sun, 90, np.where(hill, 50, 230))
    image = Image.fromarray(np.stack([red, green, blue], 2).astype(np.uint8))
    if alpha:
        away = (x - 120) ** 2 + (y - 80) ** 2
        image.putalpha(Image.fromarray(np.clip((6400 - away) // 4, 0, 255).astype(np.uint8)))
    return image
