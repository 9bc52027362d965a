"""All elements that may be found, as the index describes them, and poses out of their frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haac_match._fit.levenberg_marquardt import possible
from haac_match._index.polar import Frame, RingTable
from haac_match._picture.arrays import Floats, Integers
from haac_match._picture.pose import Pose
from haac_match._thresholds.picture import PICTURE


def pose_between(
    thing: Floats,
    query: Frame,
    size: tuple[int, int],
    element: int,
    mirrored: bool,
    turn: float,
) -> Pose | None:
    """The pose that takes an element's frame to another one.

    Args:
        thing: the element's frame, as `frame_row`.
        query: the other, in pixels of the canvas; may itself be mirrored.
        size: of the element.
        element: its number.
        mirrored: left and right.
        turn: in the frame, radians.

    Returns:
        None if the shape would be too uneven.
    """
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[c, s], [-s, c]])
    mirror = np.diag([-1.0, 1.0])
    own = np.linalg.inv(thing[2:].reshape(2, 2).astype(np.float64))
    whole = query.matrix @ rotation @ (mirror @ own if mirrored else own)
    flip = bool(np.linalg.det(whole) < 0)
    bare = whole @ mirror if flip else whole
    sx, sy = float(np.hypot(*bare[:, 0])), float(np.hypot(*bare[:, 1]))
    if not possible(sx, sy):
        return None
    first, second = math.atan2(-bare[1, 0], bare[0, 0]), math.atan2(bare[0, 1], bare[1, 1])
    middle = math.atan2(math.sin(first) + math.sin(second), math.cos(first) + math.cos(second))
    if abs(math.log(sx / sy)) < 2 * PICTURE.even:
        sx = sy = math.sqrt(sx * sy)
    corner = np.array([size[0] / 2 - thing[0], size[1] / 2 - thing[1]])
    centre = np.array([query.x, query.y]) + whole @ corner
    return Pose(element, flip, float(centre[0]), float(centre[1]), sx, sy, middle % math.tau)


@dataclass(frozen=True, slots=True)
class Gallery:
    """All elements that may be found, as the index knows them.

    Args:
        numbers: (gallery,) of the elements.
        sizes: (gallery, 2) widths and heights.
        even: frames that keep the shape, (gallery, 6).
        round: frames that make it round, (gallery, 6).
        even_rings: descriptions in them.
        round_rings: descriptions in them.
        stretched: the even ones, and the same made wider and narrower.
        index: row of each element's number.
    """

    numbers: Integers
    sizes: npt.NDArray[np.int32]
    even: Floats
    round: Floats
    even_rings: RingTable
    round_rings: RingTable
    stretched: dict[float, RingTable]
    index: dict[int, int]

    def only(self, rows: Integers) -> Gallery:
        """Some of the elements."""
        numbers = self.numbers[rows]
        even = self.even_rings.only(rows)
        return Gallery(
            numbers,
            self.sizes[rows],
            self.even[rows],
            self.round[rows],
            even,
            self.round_rings.only(rows),
            {factor: even if factor == 1 else table.only(rows) for factor, table in self.stretched.items()},
            {int(number): row for row, number in enumerate(numbers)},
        )
