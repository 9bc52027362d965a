"""Pose of an element that tells an object: by moments and by bounding box, mirrored or not, compared as silhouettes at a small size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from haac_similar._options import SalientObject

SIDE = 96
"""Pixels of the longer side of the canvas on which silhouettes are compared."""
_ASPECTS = (0.8, 1.0, 1.25)
"""Width over height, of the element's own."""
_TURNS = (-8, 0, 8)
"""Degrees, counter-clockwise."""
_CUT = 0.3
"""Of a side's length that is solid at the very edge: there the element is cut off."""
_STANDING_FREE = 0.5
"""Cost of a cut side that would be seen, if all of it is."""
_LOST = 0.35
"""Cost of what would stand beyond a side of the canvas that the object does not touch, if that were all of it."""
_INSIDE = 0.02
"""Of the canvas: nearer to its edge, an object touches it."""

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where an element stands.

    Args:
        flip: mirrored left and right.
        width: pixels that it is resized to.
        height: the same.
        turn: degrees counter-clockwise.
        x: centre, pixels of the canvas.
        y: centre.
        fit: intersection over union with the object, less what speaks against it.
    """

    flip: bool
    width: float
    height: float
    turn: int
    x: float
    y: float
    fit: float


class Silhouette:
    """What an element's alpha says of how it can stand.

    Args:
        alpha: (height, width) of the element.
    """

    def __init__(self, alpha: npt.NDArray[np.uint8]) -> None:
        self.height, self.width = alpha.shape
        scale = min(1.0, SIDE / max(alpha.shape))
        size = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        self.small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        solid = self.small > 0.5
        edges = solid[:, 0], solid[0], solid[:, -1], solid[-1]
        self.cut = tuple(float(edge.mean()) >= _CUT for edge in edges)
        """Left, top, right, bottom: whether it is cut off there."""


def best_pose(element: Silhouette, found: SalientObject) -> Pose:
    """The pose in which an element covers an object best."""
    height, width = found.mask.shape
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    wanted = cv2.resize(found.mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return max(
        (_judged(pose, element, wanted, scale) for pose in _poses(element, wanted, scale)),
        key=lambda p: p.fit,
    )


def _poses(element: Silhouette, wanted: Floats, scale: float) -> Iterator[Pose]:
    """Poses to be judged, without their fit."""
    own = max(element.width, element.height) * scale
    # Far smaller or larger than the canvas, an element would have no shape there, or be no picture any more.
    near = 1.0 if SIDE / 4 <= own <= 2 * SIDE else SIDE / own
    for flip in (False, True):
        small = element.small[:, ::-1] if flip else element.small
        for aspect in _ASPECTS:
            # Of the same area as the element's own shape.
            w, h = element.width * near * math.sqrt(aspect), element.height * near / math.sqrt(aspect)
            for turn in _TURNS:
                shape = _warped(small, w * scale, h * scale, turn, None)
                assert shape is not None  # of the size of the canvas
                for factor, x, y in _fits(shape, wanted):
                    yield Pose(flip, w * factor, h * factor, turn, x / scale, y / scale, 0.0)


def _fits(shape: Floats, wanted: Floats) -> Iterator[tuple[float, float, float]]:
    """Scale and centre by which a shape gets the area and the centroid of another, and those by which it gets its bounding box."""
    middle = (shape.shape[1] / 2, shape.shape[0] / 2)
    area, cx, cy = _moments(shape)
    wanted_area, wx, wy = _moments(wanted)
    factor = math.sqrt(wanted_area / max(area, 1e-6))
    yield factor, wx + (middle[0] - cx) * factor, wy + (middle[1] - cy) * factor
    (left, top, right, bottom), (wl, wt, wr, wb) = _box(shape), _box(wanted)
    factor = math.sqrt((wr - wl) * (wb - wt) / max(1, (right - left) * (bottom - top)))
    yield (
        factor,
        (wl + wr) / 2 + (middle[0] - (left + right) / 2) * factor,
        (wt + wb) / 2 + (middle[1] - (top + bottom) / 2) * factor,
    )


def _moments(shape: Floats) -> tuple[float, float, float]:
    """Area, and the centroid."""
    area = float(shape.sum())
    rows, columns = shape.sum(axis=1), shape.sum(axis=0)
    at = max(area, 1e-6)
    return (
        area,
        float((columns * (np.arange(len(columns)) + 0.5)).sum()) / at,
        float((rows * (np.arange(len(rows)) + 0.5)).sum()) / at,
    )


def _box(shape: Floats) -> tuple[int, int, int, int]:
    inside = shape > 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0, 0, shape.shape[1], shape.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _warped(
    small: Floats, width: float, height: float, turn: int, place: tuple[float, float, int, int] | None
) -> Floats | None:
    """A silhouette resized and turned: on its own box, or about a centre (x, y) on a canvas (width, height)."""
    if max(width, height) > 16 * SIDE:
        return None
    width, height = max(1.0, width), max(1.0, height)
    angle = math.radians(turn)
    cos, sin = math.cos(angle), math.sin(angle)
    if place is None:
        size = (
            math.ceil(abs(width * cos) + abs(height * sin)) + 2,
            math.ceil(abs(width * sin) + abs(height * cos)) + 2,
        )
        x, y = size[0] / 2, size[1] / 2
    else:
        x, y, *rest = place
        size = rest[0], rest[1]
    sx, sy = width / small.shape[1], height / small.shape[0]
    # Counter-clockwise as seen: rows run downwards.
    matrix = np.array([[cos * sx, sin * sy, 0.0], [-sin * sx, cos * sy, 0.0]])
    middle = np.array([small.shape[1] / 2, small.shape[0] / 2])
    matrix[:, 2] = np.array([x, y]) - 0.5 - matrix[:, :2] @ (middle - 0.5)
    return np.asarray(cv2.warpAffine(small, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def _judged(pose: Pose, element: Silhouette, wanted: Floats, scale: float) -> Pose:
    height, width = wanted.shape
    small = element.small[:, ::-1] if pose.flip else element.small
    place = pose.x * scale, pose.y * scale, width, height
    shape = _warped(small, pose.width * scale, pose.height * scale, pose.turn, place)
    if shape is None:
        return Pose(pose.flip, pose.width, pose.height, pose.turn, pose.x, pose.y, -1.0)
    both, either = float(np.minimum(shape, wanted).sum()), float(np.maximum(shape, wanted).sum())
    area = float(element.small.sum()) * pose.width * pose.height * scale * scale / element.small.size
    fit = both / max(either, 1e-6) - _against(
        pose, element, wanted, scale, 1 - float(shape.sum()) / max(area, 1e-6)
    )
    return Pose(pose.flip, pose.width, pose.height, pose.turn, pose.x, pose.y, fit)


def _against(pose: Pose, element: Silhouette, wanted: Floats, scale: float, beyond: float) -> float:
    """What speaks against a pose: cut sides that are seen, and what stands beyond sides that the object does not touch."""
    height, width = wanted.shape
    box = _box(wanted)
    near_x, near_y = _INSIDE * width + 1, _INSIDE * height + 1
    touches = box[0] <= near_x, box[1] <= near_y, box[2] >= width - near_x, box[3] >= height - near_y
    left, top = (pose.x - pose.width / 2) * scale, (pose.y - pose.height / 2) * scale
    right, bottom = (pose.x + pose.width / 2) * scale, (pose.y + pose.height / 2) * scale
    inside = left > near_x, top > near_y, right < width - near_x, bottom < height - near_y
    cut = list(element.cut)
    if pose.flip:
        cut[0], cut[2] = cut[2], cut[0]
    against = sum(_STANDING_FREE / 2 for is_cut, seen in zip(cut, inside, strict=True) if is_cut and seen)
    outside = left < -1, top < -1, right > width + 1, bottom > height + 1
    if beyond > 0 and any(out and not touch for out, touch in zip(outside, touches, strict=True)):
        against += _LOST * min(1.0, 2 * beyond)
    return against
