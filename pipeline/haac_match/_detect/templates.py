"""Template matching of boxes: each element as a thumbnail of what it shows, upright and turned a little, compared on any background."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from haac_match._fit.kernels import njit
from haac_match._index.gallery import Gallery
from haac_match._index.thumbnails import SIDE
from haac_match._picture.arrays import Box, Bytes, Doubles, Floats, Integers
from haac_match._picture.pose import Pose

_TURNS = (0.0, 10.0, -10.0, 20.0, -20.0)
"""Degrees, counter-clockwise, by which elements are turned; the fit that follows finds those between."""
_SHOWS = 40 / 255
"""Alpha from which on a sample is part of what an element shows."""
_ASPECT = 1.0
"""How much a difference of the logarithms of two aspect ratios counts, as a share of the box that is not explained..."""
_EDGES = 2.0
"""...beyond what comes of so many pixels by which the box may be off."""


@dataclass(frozen=True, slots=True)
class Match:
    """An element that looks like a box.

    Args:
        distance: share of the squared difference from the background that the element leaves; 0 is best.
        pose: that fills the box.
    """

    distance: float
    pose: Pose


class _Table:
    """All elements at one turn.

    Attributes:
        colours: (elements, 3 * samples), premultiplied, 0 to 255.
        alphas: (elements, samples), 0 to 1.
        boxes: (elements, 4): centre and size of what shows, from the element's centre, its pixels.
    """

    def __init__(self, pixels: Floats, extents: Floats, sizes: Floats, turn: float) -> None:
        if turn:
            made, self.boxes = _turned(pixels, extents, sizes, math.radians(turn), _SHOWS)
        else:
            made = pixels
            centres = (extents[:, :2] + extents[:, 2:]) / 2 - sizes / 2
            self.boxes = np.concatenate([centres, extents[:, 2:] - extents[:, :2]], axis=1).astype(np.float64)
        count = len(made)
        self.turn = math.radians(turn)
        self.alphas: Floats = np.ascontiguousarray(made[..., 3].reshape(count, -1))
        self.colours: Floats = np.ascontiguousarray(made[..., :3].reshape(count, -1))
        self.alpha_energy = (self.alphas**2).sum(axis=1)
        self.energy = (self.colours**2).sum(axis=1)
        self.mixed = (self.alphas[:, :, None] * self.colours.reshape(count, -1, 3)).sum(axis=1)
        self.aspects = np.log(self.boxes[:, 2] / self.boxes[:, 3]).astype(np.float32)


class Templates:
    """Looks up which elements look like what is in a box.

    Args:
        gallery: what may be found.
        thumbnails: (elements, SIDE, SIDE, 4) uint8, premultiplied, of what each shows.
        extents: (elements, 4), left, top, right, bottom of that, pixels of the element.
    """

    def __init__(self, gallery: Gallery, thumbnails: Bytes, extents: Floats) -> None:
        self._numbers = gallery.numbers
        pixels = thumbnails.astype(np.float32)
        pixels[..., 3] /= 255
        sizes = gallery.sizes.astype(np.float32)
        self._tables = [_Table(pixels, extents, sizes, turn) for turn in _TURNS]
        self.extents, self._sizes = extents, sizes

    def matches(
        self, picture: Bytes, boxes: list[Box], backgrounds: Floats, count: int, most: float
    ) -> list[list[Match]]:
        """The elements that look most like each of some boxes, the nearest first.

        Args:
            picture: (height, width, 3).
            boxes: left, top, right, bottom.
            backgrounds: (boxes, 3), the colour behind each.
            count: so many for each box.
            most: distance up to which they count.
        """
        if not boxes:
            return []
        looks = np.stack([_look(picture, box) for box in boxes]) - backgrounds[:, None, None]
        energy = np.maximum((looks**2).sum(axis=(1, 2, 3)), 1.0)
        sides = np.array([(right - left, bottom - top) for left, top, right, bottom in boxes], np.float32)
        aspects, slack = np.log(sides[:, 0] / sides[:, 1]), _EDGES / sides.min(axis=1)
        found: list[list[Match]] = [[] for _ in boxes]
        for mirrored in (False, True):
            seen = looks[:, :, ::-1] if mirrored else looks
            flat = np.ascontiguousarray(seen.reshape(len(boxes), -1), np.float32)
            # |d - (P - A g)|^2 for all boxes and elements: only products of matrices.
            towards = np.ascontiguousarray(
                (seen * backgrounds[:, None, None]).sum(axis=3).reshape(len(boxes), -1), np.float32
            )
            for table in self._tables:
                left = energy[:, None] - 2 * (flat @ table.colours.T) + 2 * (towards @ table.alphas.T)
                left += (
                    table.energy
                    - 2 * (backgrounds @ table.mixed.T)
                    + (backgrounds**2).sum(axis=1)[:, None] * table.alpha_energy
                )
                left /= energy[:, None]
                off = np.abs(aspects[:, None] - table.aspects) - slack[:, None]
                left += _ASPECT * np.maximum(off, 0)
                nearest = np.argpartition(left, min(count, left.shape[1] - 1), axis=1)[:, :count]
                for at, rows in enumerate(nearest):
                    found[at] += [
                        Match(float(left[at, row]), self._pose(table, int(row), mirrored, boxes[at]))
                        for row in rows.tolist()
                        if left[at, row] < most
                    ]
        return [sorted(one, key=lambda match: match.distance)[:count] for one in found]

    def _pose(self, table: _Table, row: int, mirrored: bool, box: Box) -> Pose:
        """The pose in which an element fills a box."""
        x, y, width, height = table.boxes[row].tolist()
        scale = math.sqrt((box[2] - box[0]) / width * (box[3] - box[1]) / height)
        sign = -1 if mirrored else 1
        return Pose(
            int(self._numbers[row]),
            mirrored,
            (box[0] + box[2]) / 2 - sign * x * scale,
            (box[1] + box[3]) / 2 - y * scale,
            scale,
            scale,
            sign * table.turn % math.tau,
        )


def _look(picture: Bytes, box: Box) -> Floats:
    part = picture[box[1] : box[3], box[0] : box[2]]
    smaller = min(part.shape[:2]) >= SIDE
    look: Floats = cv2.resize(
        part, (SIDE, SIDE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    ).astype(np.float32)
    return look


@njit(nogil=True, error_model="numpy")
def _turned(
    pixels: Floats, extents: Floats, sizes: Floats, turn: float, shows: float
) -> tuple[Floats, Doubles]:
    """All thumbnails turned about the elements' centres: again as thumbnails of what shows, and the boxes of that."""
    count, side = pixels.shape[0], pixels.shape[1]
    made = np.zeros(pixels.shape, np.float32)
    boxes = np.zeros((count, 4))
    c, s = math.cos(turn), math.sin(turn)
    for row in range(count):
        left, top = extents[row, 0] - sizes[row, 0] / 2, extents[row, 1] - sizes[row, 1] / 2
        across = (extents[row, 2] - extents[row, 0]) / side
        down = (extents[row, 3] - extents[row, 1]) / side
        x0, y0, x1, y1 = 1e9, 1e9, -1e9, -1e9
        for j in range(side):
            for i in range(side):
                if pixels[row, j, i, 3] < shows:
                    continue
                for dj in range(2):
                    for di in range(2):
                        u, v = left + (i + di) * across, top + (j + dj) * down
                        x, y = c * u + s * v, c * v - s * u
                        x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
        if x1 <= x0:
            x0, y0, x1, y1 = left, top, left + side * across, top + side * down
        boxes[row, 0], boxes[row, 1] = (x0 + x1) / 2, (y0 + y1) / 2
        boxes[row, 2], boxes[row, 3] = x1 - x0, y1 - y0
        for j in range(side):
            for i in range(side):
                x, y = x0 + (i + 0.5) * (x1 - x0) / side, y0 + (j + 0.5) * (y1 - y0) / side
                u = ((c * x - s * y) - left) / across - 0.5
                v = ((c * y + s * x) - top) / down - 0.5
                a, b = math.floor(u), math.floor(v)
                for dj in range(2):
                    for di in range(2):
                        p, q = a + di, b + dj
                        if 0 <= p < side and 0 <= q < side:
                            weight = (1 - abs(u - p)) * (1 - abs(v - q))
                            for k in range(4):
                                made[row, j, i, k] += weight * pixels[row, q, p, k]
    return made, boxes


def extent_of(
    pose: Pose, extent: Integers | Floats, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the box around what shows of an element, pixels of the canvas.

    Args:
        pose: of the element.
        extent: left, top, right, bottom of what shows, pixels of the element.
        size: of the element.
    """
    c, s = math.cos(pose.turn), math.sin(pose.turn)
    corners = []
    for x in (extent[0], extent[2]):
        for y in (extent[1], extent[3]):
            u, v = (x - size[0] / 2) * pose.sx * (-1 if pose.flip else 1), (y - size[1] / 2) * pose.sy
            corners.append((pose.cx + c * u + s * v, pose.cy + c * v - s * u))
    across, down = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return min(across), min(down), max(across), max(down)
