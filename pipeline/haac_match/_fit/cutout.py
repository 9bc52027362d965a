"""Image pyramids of elements, and a least-recently-used cache of them."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
from PIL import Image

from haac._internal import ElementSource
from haac_match._picture.arrays import Bytes

_EVERY = 64
"""So many new elements from one look at the memory that is held to the next."""


class Cutout:
    """Image pyramid of an element, premultiplied: each level has half the size of the one before.

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


class CutoutCache:
    """Least-recently-used cache of the pyramids of elements, by number; a source of elements itself.

    Args:
        source: of the elements.
        limit_bytes: of memory, about.
    """

    def __init__(self, source: ElementSource, limit_bytes: int = 48 * 2**20) -> None:
        self._source, self._limit = source, limit_bytes
        self._held: OrderedDict[int, Cutout] = OrderedDict()

    def __getitem__(self, number: int) -> Cutout:
        """An element.

        Raises:
            HaacError: it cannot be had.
        """
        if number not in self._held:
            self._held[number] = Cutout(self._source.image(number))
            if len(self._held) % _EVERY == 0:
                self._forget()
        self._held.move_to_end(number)
        return self._held[number]

    def image(self, ref: int) -> Image.Image:
        """An element's RGBA pixels."""
        return self[ref].image

    def _forget(self) -> None:
        """Let the least recently used go."""
        held = sum(cutout.held for cutout in self._held.values())
        while held > self._limit and len(self._held) > 1:
            held -= self._held.popitem(last=False)[1].held
