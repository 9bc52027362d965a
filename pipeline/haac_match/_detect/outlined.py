"""Region proposals within outlines: a sticker has a rim of one colour around it, which hides its own shape."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from haac_match._detect.regions import Region, SmoothBackground, components
from haac_match._picture.arrays import Bools, Bytes, Doubles

_STANDS_OUT = 26
"""Levels from the background, and from the rim, from which on a pixel stands out of it."""
_SAME, _MOSTLY = 35, 0.7
"""Levels by which the rim's pixels may be off their median, and the share of them that must not be more."""
_DEPTHS = (1, 2, 3)
"""Pixels from the edge of a region, which may be soft, at which its rim is looked for."""
_LEAST_SIDE = 12
"""Pixels of the shorter side of what has an outline."""
_WIDEST = 0.25
"""Width of a rim, share of the region's side; wider ones are backgrounds."""
_LEAST_SPECK = 4
"""Pixels of the smallest part within a rim."""


def within_outlines(picture: Bytes, regions: list[Region]) -> Iterator[Region]:
    """What lies within the rims of regions that have one.

    Args:
        picture: (height, width, 3).
        regions: that stand out of their backgrounds.
    """
    for region in regions:
        left, top, right, bottom = region.box
        if min(right - left, bottom - top) < _LEAST_SIDE:
            continue
        pixels = picture[top:bottom, left:right]
        shows = _far(pixels, region.background.pixels(region.box))
        rim = _rim(pixels, shows)
        if rim is None:
            continue
        colour, within = rim
        boxes = np.array(
            [
                (x, y, x + across, y + down)
                for x, y, across, down, count in components(within & _far(pixels, colour), closings=(1,))
                if count >= _LEAST_SPECK
            ]
        )
        if not len(boxes):
            continue
        (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
        rims = x0, y0, right - left - x1, bottom - top - y1
        if min(rims) >= 1 and max(rims) <= _WIDEST * max(right - left, bottom - top):
            box = left + x0, top + y0, left + x1, top + y1
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            yield Region(box, SmoothBackground(*middle, np.stack([colour, np.zeros(3), np.zeros(3)])))


def _rim(pixels: Bytes, shows: Bools) -> tuple[Doubles, Bools] | None:
    """The colour (3,) that the edge of something has all around, and what lies further within; None if it has several."""
    outer = _eroded(shows, _DEPTHS[0])
    for depth in _DEPTHS:
        inner = _eroded(shows, depth + 1)
        edge = pixels[outer & ~inner].astype(np.float64)
        if not len(edge):
            break
        colour: Doubles = np.median(edge, axis=0)
        if (np.abs(edge - colour).max(axis=1) <= _SAME).mean() >= _MOSTLY:
            return colour, outer
        outer = inner
    return None


def _far(pixels: Bytes, other: Bytes | Doubles) -> Bools:
    far: Bools = np.abs(pixels.astype(np.float64) - other).max(axis=2) > _STANDS_OUT
    return far


def _eroded(mask: Bools, pixels: int) -> Bools:
    """What lies so far within a mask."""
    square = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return np.asarray(
        cv2.erode(mask.astype(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    )
