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
    from PIL import Image

    small = image.convert("RGBa").resize((9, 4), Image.Resampling.BOX)
    pixels = np.frombuffer(small.tobytes(), np.uint8).reshape(4, 9, 4).astype(np.int32)
    grey = pixels[:, :, :3] @ np.array([299, 587, 114]) // 1000 + (255 - pixels[:, :, 3]) // 2
    # Brighter to the right, by more than noise.
    bits = [np.diff(values, axis=1) > 1 for values in (grey, pixels[:, :, 3])]
    return int.from_bytes(np.packbits(np.concatenate(bits)).tobytes())
