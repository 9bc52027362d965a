"""The gallery: all elements that may be found, with their descriptors, and the algebra from frames to poses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haac_match._fit.levenberg_marquardt import possible
from haac_match._index.polar import Frame, RingTable
from haac_match._picture.arrays import Doubles, Floats, Integers
from haac_match._picture.pose import Pose
from haac_match._thresholds.picture import PICTURE


@dataclass(frozen=True, slots=True)
class Gallery:
    """All elements that may be found, one row each.

    Args:
        numbers: (elements,), by which the repository knows them.
        sizes: (elements, 2), widths and heights.
        even: (elements, 6), frames that keep the shape.
        round: (elements, 6), frames that make it round.
        even_rings: descriptors in the even frames.
        round_rings: descriptors in the round frames.
        index: row of each element's number.
    """

    numbers: Integers
    sizes: npt.NDArray[np.int32]
    even: Floats
    round: Floats
    even_rings: RingTable
    round_rings: RingTable
    index: dict[int, int]

    def pose(self, row: int, own: Floats | Doubles, query: Frame, mirrored: bool, turn: float) -> Pose | None:
        """The pose that takes an element's frame to another one; None if it would be too uneven.

        Args:
            row: of the element.
            own: its frame, as `frame_row`.
            query: the other, in pixels of the canvas; may itself be mirrored.
            mirrored: left and right.
            turn: in the frame, radians, counter-clockwise.
        """
        c, s = math.cos(turn), math.sin(turn)
        rotation = np.array([[c, s], [-s, c]])
        mirror = np.diag([-1.0, 1.0])
        inward = np.linalg.inv(own[2:].reshape(2, 2).astype(np.float64))
        whole = query.matrix @ rotation @ (mirror @ inward if mirrored else inward)
        flip = bool(np.linalg.det(whole) < 0)
        bare = whole @ mirror if flip else whole
        sx, sy = float(np.hypot(*bare[:, 0])), float(np.hypot(*bare[:, 1]))
        if not possible(sx, sy):
            return None
        first, second = math.atan2(-bare[1, 0], bare[0, 0]), math.atan2(bare[0, 1], bare[1, 1])
        middle = math.atan2(math.sin(first) + math.sin(second), math.cos(first) + math.cos(second))
        if abs(math.log(sx / sy)) < 2 * PICTURE.even:
            sx = sy = math.sqrt(sx * sy)
        width, height = (int(side) for side in self.sizes[row])
        corner = np.array([width / 2 - own[0], height / 2 - own[1]])
        centre = np.array([query.x, query.y]) + whole @ corner
        number = int(self.numbers[row])
        return Pose(number, flip, float(centre[0]), float(centre[1]), sx, sy, middle % math.tau)

    def only(self, rows: Integers) -> Gallery:
        """Some of the elements."""
        numbers = self.numbers[rows]
        return Gallery(
            numbers,
            self.sizes[rows],
            self.even[rows],
            self.round[rows],
            self.even_rings.only(rows),
            self.round_rings.only(rows),
            {int(number): row for row, number in enumerate(numbers)},
        )
