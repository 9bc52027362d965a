"""What a scene costs: distortion under a byte budget, else the Lagrangian D + lambda * R."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from haac_match._options import Subject
from haac_match._picture.arrays import Bytes

LAMBDA = 1000.0
"""Squared error (sum over pixels and channels) that a byte must take away."""

_STRIP = 256
"""Rows that are compared at a time, so that large pictures take little memory."""

BACKDROP = (127, 127, 127)
"""What a picture with transparent places is put on while it is compared."""

Where = Callable[[], Subject | None]
"""Finds the subject of a picture, if anything can."""


def on_backdrop(picture: Image.Image) -> Image.Image:
    """RGB of an RGBA picture, transparent places in one colour."""
    ground = Image.new("RGBA", picture.size, BACKDROP)
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _comparable(picture: Image.Image) -> Bytes:
    """(height, width, 4): colours on a backdrop, and alpha."""
    alpha = picture.getchannel("A")
    if alpha.getextrema() != (255, 255):
        picture = on_backdrop(picture)
        picture.putalpha(alpha)
    return np.asarray(picture)


def same(a: Image.Image, b: Image.Image) -> bool:
    """Whether two RGBA pictures show the same: colours count only where anything is seen."""
    first, second = np.asarray(a), np.asarray(b)
    seen = first[:, :, 3] > 0
    return bool(np.array_equal(first[:, :, 3], second[:, :, 3]) and np.array_equal(first[seen], second[seen]))
