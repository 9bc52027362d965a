"""Boxes of pixels, and where rotation takes them: integer geometry of the renderer."""

from __future__ import annotations

import math

from haac._scene import FULL_TURN

ONE = 1 << 16
"""1 in the fixed point of sines, cosines and coordinates."""

QUARTER = FULL_TURN // 4
"""A right angle."""


def _cosines() -> tuple[int, ...]:
    """Cosine of each quarter degree in steps of 2^-16, rounded to nearest. No value is near a rounding boundary (tested)."""
    return tuple(math.floor(math.cos(math.radians(q / 4)) * ONE + 0.5) for q in range(FULL_TURN))


COS = _cosines()


def sin(turn: int) -> int:
    """Sine of quarter degrees in steps of 2^-16."""
    return COS[(turn - QUARTER) % FULL_TURN]


Box = tuple[int, int, int, int]
"""left, top, right, bottom"""


def grown(box: Box, margin: int) -> Box:
    """Larger by a margin on each side."""
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def overlap(a: Box, b: Box) -> Box:
    """What two boxes share; see `empty`."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def empty(box: Box) -> bool:
    """Whether there is no pixel in it."""
    return box[0] >= box[2] or box[1] >= box[3]


def area(box: Box) -> int:
    """Pixels in it."""
    return 0 if empty(box) else (box[2] - box[0]) * (box[3] - box[1])


def moved(box: Box, x: int, y: int) -> Box:
    """Shifted to the right and down."""
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def outline(width: int, height: int, turn: int) -> Box:
    """Bounding box of a picture that was turned about its centre, relative to its own box before."""
    if turn % QUARTER == 0:
        if turn in (0, 2 * QUARTER):
            return 0, 0, width, height
        left, top = (width - height) // 2, (height - width) // 2
        return left, top, left + height, top + width
    across = abs(COS[turn]) * width + abs(sin(turn)) * height
    down = abs(sin(turn)) * width + abs(COS[turn]) * height
    # Bilinear filtering reaches half a pixel outside the turned rectangle; -1 and +1 make room for it.
    return (
        (width * ONE - across) // (2 * ONE) - 1,
        (height * ONE - down) // (2 * ONE) - 1,
        -((-width * ONE - across) // (2 * ONE)) + 1,
        -((-height * ONE - down) // (2 * ONE)) + 1,
    )


def turned_back(box: Box, width: int, height: int, turn: int) -> Box:
    """Where the pixels of a box within the `outline` come from: exact for right angles, else with all that the filter reads.

    Returns:
        A box relative to the picture before rotation; it may reach beyond the picture, by a transparent border and the filter.
    """
    left, top, right, bottom = box
    if turn % QUARTER == 0:
        x, y = outline(width, height, turn)[:2]
        left, top, right, bottom = moved(box, -x, -y)
        match turn // QUARTER:
            case 1:
                return width - bottom, left, width - top, right
            case 2:
                return width - right, height - bottom, width - left, height - top
            case 3:
                return top, height - right, bottom, height - left
        return box
    corners = [(2 * x - width, 2 * y - height) for x in (left, right) for y in (top, bottom)]
    across = [COS[turn] * x - sin(turn) * y for x, y in corners]
    down = [sin(turn) * x + COS[turn] * y for x, y in corners]
    reach = 2  # the filter's one pixel, and one for rounding
    return (
        (min(across) + width * ONE) // (2 * ONE) - reach,
        (min(down) + height * ONE) // (2 * ONE) - reach,
        -(-(max(across) + width * ONE) // (2 * ONE)) + reach,
        -(-(max(down) + height * ONE) // (2 * ONE)) + reach,
    )
