"""Elements for the tests of repositories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from haac_repo import NewElement, encode, pixel_hash

MakeElement = Callable[..., NewElement]
"""`element_of`, as the fixture `make_element` gives it."""


def element_of(seed: int, side: int = 8, **known: Any) -> NewElement:
    """A small noisy picture; the same seed gives the same pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    return NewElement(data=encode(image), width=side, height=side, pixels_sha256=pixel_hash(image), **known)
