"""Template matching of boxes: each element as a thumbnail of what it shows, upright and turned a little, compared on any background."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
_SHOWS = 40
"""Alpha from which on a sample is part of what an element shows."""
_BLOCK = 512
"""Elements that are compared at a time."""
_ASPECT = 1.0
"""How much a difference of the logarithms of two aspect ratios counts, as a share of the box that is not explained..."""
_EDGES = 2.0
"""...beyond what comes of so many pixels by which the box may be off; twice as many on textures."""
_COARSE = 8
"""Pixels across and down of the thumbnails that are compared on textures."""
_RING = 6
"""A ring around a box is its longer side divided by this, and _LEAST_RING pixels at least."""
_LEAST_RING = 3


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

    Args:
        thumbnails: (elements, side, side, 4) uint8, premultiplied, upright.
        extents: (elements, 4), where they were cut out.
        sizes: (elements, 2).
        turn: degrees, counter-clockwise.

    Attributes:
        turn: radians.
        boxes: (elements, 4): centre and size of what shows, from the element's centre, its pixels.
        aspects: (elements,), logarithms of their aspect ratios.
    """

    def __init__(self, thumbnails: Bytes, extents: Floats, sizes: Floats, turn: float) -> None:
        self.turn = math.radians(turn)
        if turn:
            self._thumbnails, self.boxes = _turned(thumbnails, extents, sizes, self.turn, _SHOWS)
        else:
            self._thumbnails = thumbnails
            centres = (extents[:, :2] + extents[:, 2:]) / 2 - sizes / 2
            self.boxes = np.concatenate([centres, extents[:, 2:] - extents[:, :2]], axis=1).astype(np.float64)
        self.aspects = np.log(self.boxes[:, 2] / self.boxes[:, 3]).astype(np.float32)

    def blocks(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """Rows; colours, (rows, 3 * samples), premultiplied, 0 to 255; and alphas, (rows, samples), 0 to 1. Few at a time are floats."""
        for first in range(0, len(self._thumbnails), _BLOCK):
            pixels = self._thumbnails[first : first + _BLOCK].astype(np.float32)
            count = len(pixels)
            colours = np.ascontiguousarray(pixels[..., :3].reshape(count, -1))
            alphas = np.ascontiguousarray(pixels[..., 3].reshape(count, -1) / np.float32(255))
            yield slice(first, first + count), colours, alphas


class Templates:
    """Looks up which elements look like what is in a box.

    Args:
        gallery: what may be found.
        thumbnails: (elements, SIDE, SIDE, 4) uint8, premultiplied, of what each shows.
        extents: (elements, 4), left, top, right, bottom of that, pixels of the element.
    """

    def __init__(self, gallery: Gallery, thumbnails: Bytes, extents: Floats) -> None:
        self._numbers = gallery.numbers
        sizes = gallery.sizes.astype(np.float32)
        self._tables = [_Table(thumbnails, extents, sizes, turn) for turn in _TURNS]

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
        energy = np.maximum((looks**2).sum(axis=(1, 2, 3)), 1.0)[:, None]
        sides = np.array([(right - left, bottom - top) for left, top, right, bottom in boxes], np.float32)
        aspects, slack = np.log(sides[:, 0] / sides[:, 1]), _EDGES / sides.min(axis=1)
        squares = (backgrounds**2).sum(axis=1)[:, None]
        # What a box shows, as it is and mirrored; and each sample of it in the direction of the background.
        seen = [
            (
                np.ascontiguousarray(each.reshape(len(boxes), -1), np.float32),
                np.ascontiguousarray(
                    (each * backgrounds[:, None, None]).sum(axis=3).reshape(len(boxes), -1), np.float32
                ),
            )
            for each in (looks, looks[:, :, ::-1])
        ]
        # The best so far of each box: distances, tables, rows, and whether they are mirrored.
        best = np.zeros((4, len(boxes), 0))
        for which, table in enumerate(self._tables):
            for rows, colours, alphas in table.blocks():
                mixed = (alphas[:, :, None] * colours.reshape(len(alphas), -1, 3)).sum(axis=1)
                own = (
                    (colours**2).sum(axis=1) - 2 * (backgrounds @ mixed.T) + squares * (alphas**2).sum(axis=1)
                )
                off = np.abs(aspects[:, None] - table.aspects[rows]) - slack[:, None]
                price = _ASPECT * np.maximum(off, 0)
                for mirrored, (flat, towards) in enumerate(seen):
                    # |d - (P - A g)|^2 for all boxes and elements: only products of matrices.
                    left = energy - 2 * (flat @ colours.T) + 2 * (towards @ alphas.T) + own
                    left = left / energy + price
                    columns = _nearest(left, count)
                    near = np.broadcast_arrays(
                        np.take_along_axis(left, columns, 1), which, rows.start + columns, mirrored
                    )
                    best = np.concatenate([best, np.stack(near)], axis=2)
                    best = np.take_along_axis(best, _nearest(best[0], count)[None], 2)
        return [
            [
                Match(distance, self._pose(self._tables[int(which)], int(row), bool(mirrored), box))
                for distance, which, row, mirrored in sorted(best[:, at].T.tolist())
                if distance < most
            ]
            for at, box in enumerate(boxes)
        ]

    def matches_on_texture(self, picture: Bytes, boxes: list[Box], count: int, most: float) -> list[Match]:
        """The upright elements that look most like boxes where they show, whatever is behind them; the nearest first.

        Args:
            picture: (height, width, 3).
            boxes: left, top, right, bottom.
            count: so many for each box.
            most: distance up to which they count: the share of the difference from the colour around the box.
        """
        if not boxes:
            return []
        table = self._tables[0]
        looks = np.stack([_coarse(_look(picture, box)) for box in boxes])
        around = _ring_colours(picture, boxes)
        flat = looks.reshape(len(boxes), -1)
        squares = (looks**2).sum(axis=3).reshape(len(boxes), -1)
        off_ring = ((looks - around[:, None, None]) ** 2).sum(axis=3).reshape(len(boxes), -1)
        sides = np.array([(right - left, bottom - top) for left, top, right, bottom in boxes], np.float32)
        aspects, slack = np.log(sides[:, 0] / sides[:, 1]), 2 * _EDGES / sides.min(axis=1)
        found = []
        for rows, colours, alphas in table.blocks():
            colours = _coarse(colours.reshape(len(colours), SIDE, SIDE, 3)).reshape(len(colours), -1)
            alphas = _coarse(alphas.reshape(len(alphas), SIDE, SIDE, 1)).reshape(len(alphas), -1)
            # The sum of a |d - P / a|^2, of a |d - g|^2.
            own = (colours**2).reshape(*alphas.shape, 3).sum(axis=2) / np.maximum(alphas, 1e-3)
            left = squares @ alphas.T - 2 * (flat @ colours.T) + own.sum(axis=1)
            left /= np.maximum(off_ring @ alphas.T, 1.0)
            left += _ASPECT * np.maximum(np.abs(aspects[:, None] - table.aspects[rows]) - slack[:, None], 0)
            columns = _nearest(left, count)
            found.append((np.take_along_axis(left, columns, 1), rows.start + columns))
        distances, elements = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
        best = _nearest(distances, count)
        return sorted(
            (
                Match(float(distances[at, column]), self._pose(table, int(elements[at, column]), False, box))
                for at, box in enumerate(boxes)
                for column in best[at]
                if distances[at, column] < most
            ),
            key=lambda match: match.distance,
        )

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


def _nearest(distances: Floats, count: int) -> Integers:
    """(boxes, count): columns of the smallest distances of each box, in no order."""
    return np.argpartition(distances, min(count, distances.shape[1]) - 1, axis=1)[:, :count]


def _coarse(pixels: Floats) -> Floats:
    """(pictures, SIDE, SIDE, channels) or one of them -> the same of _COARSE pixels."""
    *several, _, _, channels = pixels.shape
    by = SIDE // _COARSE
    means: Floats = pixels.reshape(*several, _COARSE, by, _COARSE, by, channels).mean(axis=(-4, -2))
    return means


def _ring_colours(picture: Bytes, boxes: list[Box]) -> Floats:
    """(boxes, 3): the mean colour just around each."""
    height, width = picture.shape[:2]
    sums = cv2.integral(picture)

    def total(left: int, top: int, right: int, bottom: int) -> tuple[Doubles, int]:
        whole = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return whole.astype(np.float64), (right - left) * (bottom - top)

    colours = []
    for left, top, right, bottom in boxes:
        ring = max(_LEAST_RING, max(right - left, bottom - top) // _RING)
        outer, pixels = total(
            max(0, left - ring), max(0, top - ring), min(width, right + ring), min(height, bottom + ring)
        )
        inner, own = total(left, top, right, bottom)
        colours.append((outer - inner) / max(1, pixels - own))
    made: Floats = np.array(colours, np.float32)
    return made


def _look(picture: Bytes, box: Box) -> Floats:
    part = picture[box[1] : box[3], box[0] : box[2]]
    smaller = min(part.shape[:2]) >= SIDE
    look: Floats = cv2.resize(
        part, (SIDE, SIDE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    ).astype(np.float32)
    return look


@njit(nogil=True, error_model="numpy")
def _turned(
    pixels: Bytes, extents: Floats, sizes: Floats, turn: float, shows: float
) -> tuple[Bytes, Doubles]:
    """All thumbnails turned about the elements' centres: again as thumbnails of what shows, and the boxes of that."""
    count, side = pixels.shape[0], pixels.shape[1]
    made = np.zeros(pixels.shape, np.uint8)
    mean = np.zeros(4, np.float32)
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
                mean[:] = 0.5
                for dj in range(2):
                    for di in range(2):
                        p, q = a + di, b + dj
                        if 0 <= p < side and 0 <= q < side:
                            weight = (1 - abs(u - p)) * (1 - abs(v - q))
                            for k in range(4):
                                mean[k] += weight * pixels[row, q, p, k]
                for k in range(4):
                    made[row, j, i, k] = np.uint8(min(mean[k], 255.0))
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
