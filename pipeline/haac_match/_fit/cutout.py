"""An element's pixels as an image pyramid, and the cache of those that were used last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from haac_match._picture.arrays import Bytes

if TYPE_CHECKING:
    from PIL import Image


class Cutout:
    """An element's pixels, premultiplied, in halves of its size.

    Args:
        image: RGBA.

    Attributes:
        size: width and height, pixels.
        levels: (height, width, 4) uint8 each: premultiplied RGBA, halved again and again.
        flat: all of them in a row.
        table: (levels, 3) where each begins, its height and width.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.size = image.size
        levels: list[Bytes] = [np.asarray(image.convert("RGBA").convert("RGBa"))]
        while min(levels[-1].shape[:2]) > 1:
            last = levels[-1]
            half = (last.shape[1] + 1) // 2, (last.shape[0] + 1) // 2
            levels.append(cv2.resize(last, half, interpolation=cv2.INTER_AREA))
        self.flat: Bytes = np.concatenate([level.ravel() for level in levels])
        ends = np.cumsum([level.size for level in levels])
        self.table = np.array(
            [(end - level.size, *level.shape[:2]) for end, level in zip(ends, levels, strict=True)], np.int64
        )
        self.levels: list[Bytes] = [
            self.flat[first : first + height * width * 4].reshape(height, width, 4)
            for first, height, width in self.table.tolist()
        ]

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return self.flat.nbytes + 4 * self.size[0] * self.size[1]
