"""Window around a region of which other layers or the edge of the canvas may cover a part, and assumed frames of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np

from haac_match._index.polar import Frame, frames
from haac_match._picture.arrays import Bools, Box, Bytes, Doubles
from haac_match._propose.regions import Region
from haac_match._thresholds.propose import WINDOW

Part = tuple[slice, slice]
"""Rows and columns of a picture."""
Extents = tuple[tuple[float, float, float], ...]
"""Assumptions of the whole of which a region is the visible part: how far its centre is along the way to what covers it and aside from
that, and its extent; all in extents of the region."""


class View(NamedTuple):
    """What candidates for covered regions are compared with.

    Args:
        target: (height, width, 3), the picture, perhaps as it is behind translucent layers.
        current: (height, width, 3), what is explained there.
        hidden: (height, width), True where layers cover it.
    """

    target: Bytes
    current: Bytes
    hidden: Bools


@dataclass(frozen=True, slots=True)
class Window:
    """A region with room around it, which may go over the edge of the canvas.

    Args:
        box: left, top, right, bottom on the canvas.
        region: (height, width) uint8, 1 where the region is.
        at: of the region's box in the window.
        part: of the window that is on the canvas.
        canvas: the same part, in the picture.
        extent: root mean square distance of the region's pixels from their centre, pixels.
        centre: (2,) x, y of the centre, pixels of the window.
    """

    box: Box
    region: Bytes
    at: Part
    part: Part
    canvas: Part
    extent: float
    centre: Doubles

    @classmethod
    def around(cls, region: Region, shape: tuple[int, ...], rim: int = 0) -> Window | None:
        """The window around a region.

        Args:
            region: of the picture.
            shape: (height, width, ...) of the picture.
            rim: pixels of room in addition.

        Returns:
            None if the region is empty.
        """
        both = frames(region.mask)
        if both is None:
            return None
        even = both[0]
        extent = float(even.matrix[0, 0])
        room = math.ceil(WINDOW.reach * extent) + rim
        left, top, right, bottom = region.box
        box = left - room, top - room, right + room, bottom + room
        inner = max(0, box[0]), max(0, box[1]), min(shape[1], box[2]), min(shape[0], box[3])
        mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
        at = np.s_[room : room + bottom - top, room : room + right - left]
        mask[at] = region.mask
        return cls(
            box,
            mask,
            at,
            np.s_[inner[1] - box[1] : inner[3] - box[1], inner[0] - box[0] : inner[2] - box[0]],
            np.s_[inner[1] : inner[3], inner[0] : inner[2]],
            extent,
            np.array([even.x + room, even.y + room]),
        )

    def direction(self, covered: Bools, rim: int) -> Doubles | None:
        """The way from the region's centre to where it touches what covers it, (2,) of length 1; None if it hardly does.

        Args:
            covered: (height, width) of the window.
            rim: pixels around the region in which it touches.
        """
        contact = (cv2.dilate(self.region, np.ones((2 * rim + 1,) * 2, np.uint8)) > 0) & covered
        if int(contact.sum()) < WINDOW.least_contact:
            return None
        y, x = np.nonzero(contact)
        away: Doubles = np.array([x.mean() + 0.5, y.mean() + 0.5]) - self.centre
        away /= max(1e-6, float(np.hypot(*away)))
        return away

    def frames(self, away: Doubles, extents: Extents) -> list[Frame]:
        """The frame of the whole in the window, for each assumption; `away` as `direction` gives it."""
        across = np.array([-away[1], away[0]])
        made = []
        for along, aside, grow in extents:
            x, y = self.centre + self.extent * (along * away + aside * across)
            made.append(Frame(float(x), float(y), np.eye(2) * self.extent * grow))
        return made

    def on_canvas(self, frame: Frame) -> Frame:
        """A frame in the window, in pixels of the canvas."""
        return Frame(frame.x + self.box[0], frame.y + self.box[1], frame.matrix)


def centred(extents: tuple[float, ...]) -> Extents:
    """Assumptions that nothing is covered but a rim."""
    return tuple((0.0, 0.0, grow) for grow in extents)


def covered(along: tuple[float, ...], extents: tuple[float, ...], aside_extent: float) -> Extents:
    """Assumptions that the centre is nearer to what covers a part, or is covered itself."""
    return (
        *((way, 0.0, grow) for way, grow in product(along, extents)),
        *((way, aside, aside_extent) for way, aside in product(WINDOW.aside_along, WINDOW.aside)),
    )
