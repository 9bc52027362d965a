"""Thumbnails of what elements show, cut to it, for template matching."""

from __future__ import annotations

import cv2
import numpy as np

from haac_match._picture.arrays import Bytes

SIDE = 16
"""Pixels across and down; a part of the index's format."""
_SHOWS = 32
"""Alpha from which on a pixel shows an element."""


def cut_thumbnail(pixels: Bytes) -> tuple[Bytes, tuple[int, int, int, int]]:
    """An element's thumbnail, and where in it that was cut out.

    Args:
        pixels: (height, width, 4), RGBA.

    Returns:
        (SIDE, SIDE, 4), premultiplied RGBA; left, top, right, bottom of what shows.
    """
    shows = pixels[:, :, 3] >= _SHOWS
    if not shows.any():
        shows = pixels[:, :, 3] >= 0
    down, across = np.flatnonzero(shows.any(axis=1)), np.flatnonzero(shows.any(axis=0))
    box = int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1
    part = pixels[box[1] : box[3], box[0] : box[2]].astype(np.float32)
    part[:, :, :3] *= part[:, :, 3:] / 255
    small = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.round(small).clip(0, 255).astype(np.uint8), box
