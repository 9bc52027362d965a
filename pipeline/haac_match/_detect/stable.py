"""Region proposals on photographs and other textures: parts that are flat, and maximally stable extremal regions.

What people place on a photograph is mostly drawn: its surfaces are flatter than what is around, and end at a sharp outline. Keypoints,
which need corners within, tell little of it. Source: J. Matas et al., "Robust wide baseline stereo from maximally stable extremal
regions" (2002), here on lightness and both opponent colours.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from haac_match._detect.regions import components, spread
from haac_match._picture.arrays import Bools, Box, Bytes

_FLAT = (6, 12, 20)
"""Levels by which a pixel of a flat part may differ from its neighbours; more after strong compression."""
_CLOSINGS = (1, 3, 5, 9)
"""Pixels of the edges between flat parts of one element, over which they are joined."""
_EDGE = 2
"""Pixels of an element's outline that are not flat."""
_FILLED = 0.15
"""Share of its box that a part must fill."""
_LEAST_SIDES = (12, 20)
"""Pixels of the shorter and longer side of the smallest box..."""
_MOST_SIDE = 0.9
"""...and the share of the picture's side that the largest has."""
_STEP, _LEAST, _MOST = 5, 200, 0.3
"""Levels over which a region must be stable, its least pixels, and its largest share of the picture."""
_VARIATION, _DIVERSITY = 0.35, 0.2
"""By which share a region may grow over that step, and by which it must differ from the one within."""
_CONTRAST = 2
"""By which opponent colours, which use little of their range, are multiplied."""


def stable_boxes(picture: Bytes, where: Bools) -> list[Box]:
    """Left, top, right, bottom of the parts, many of which overlap.

    Args:
        picture: (height, width, 3).
        where: (height, width), True where the picture is textured.
    """
    height, width = where.shape
    boxes = set()
    for x, y, across, down in (*_flat_parts(picture), *_extremal_regions(picture)):
        left, top = max(0, x - _EDGE), max(0, y - _EDGE)
        right, bottom = min(width, x + across + _EDGE), min(height, y + down + _EDGE)
        sides = right - left, bottom - top
        if (
            min(sides) >= _LEAST_SIDES[0]
            and max(sides) >= _LEAST_SIDES[1]
            and sides[0] <= _MOST_SIDE * width
            and sides[1] <= _MOST_SIDE * height
            and where[top:bottom, left:right].any()
        ):
            boxes.add((left, top, right, bottom))
    return sorted(boxes)


def _flat_parts(picture: Bytes) -> Iterator[tuple[int, int, int, int]]:
    """x, y, width, height of what is flat, each part by itself and joined with its neighbours."""
    around = spread(picture)
    for levels in _FLAT:
        flat = (around <= levels).astype(np.uint8)
        flat = cv2.morphologyEx(flat, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        for x, y, across, down, pixels in components(flat, _CLOSINGS, connectivity=4):
            if pixels >= _FILLED * across * down:
                yield x, y, across, down


def _extremal_regions(picture: Bytes) -> Iterator[tuple[int, int, int, int]]:
    """x, y, width, height."""
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    most = int(_MOST * planes.shape[0] * planes.shape[1])
    for channel in range(3):
        plane = planes[:, :, channel]
        if channel:
            plane = cv2.convertScaleAbs(plane, alpha=_CONTRAST, beta=128 * (1 - _CONTRAST))
        regions = cv2.MSER.create(_STEP, _LEAST, most, _VARIATION, _DIVERSITY)
        yield from (tuple(box) for box in regions.detectRegions(plane)[1])
