"""What is kept of an element's looks: its mean colour, and a hash that similar pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image


def mean_colour(rgba: npt.NDArray[np.uint8]) -> int:
    """Mean colour 0xRRGGBB of (height, width, 4) straight-alpha pixels, weighted by alpha."""
    weights = rgba[:, :, 3].ravel().astype(np.float32)
    total = max(float(weights.sum(dtype=np.float64)), 1.0)
    red, green, blue = (
        round(float(c)) for c in (weights @ rgba[:, :, :3].reshape(-1, 3).astype(np.float32)) / total
    )
    return min(red, 255) << 16 | min(green, 255) << 8 | min(blue, 255)


def perceptual_hash(image: Image.Image) -> int:
    """64-bit difference hash of an RGBA picture on grey ground.

    Source: N. Krawetz, "Kind of like that" (2013), dHash; half of the bits compare brightness, half alpha, because
    cut-outs differ in outline as much as in what is inside.
    """
    small = image.convert("RGBa").resize((33, 33), _box()).convert("RGBa")
    pixels = np.asarray(small).astype(np.int32)
    grey = pixels[:, :, :3] @ np.array([299, 587, 114]) // 1000 + (255 - pixels[:, :, 3]) // 2
    bits = _differences(grey) + _differences(pixels[:, :, 3])
    value = 0
    for bit in bits:
        value = value << 1 | int(bit)
    return value


def _differences(values: npt.NDArray[np.int32]) -> list[bool]:
    """32 bits: whether cells of a 4 x 9 grid get brighter to the right (with a margin against noise)."""
    rows = np.array_split(np.arange(values.shape[0]), 4)
    columns = np.array_split(np.arange(values.shape[1]), 9)
    cells = np.array([[values[np.ix_(r, c)].mean() for c in columns] for r in rows])
    return [bool(bit) for bit in (cells[:, 1:] - cells[:, :-1] > 1.0).ravel()]


def _box() -> int:
    from PIL import Image

    return Image.Resampling.BOX
