"""Which elements look like a small or blurred part of the picture, by what they would change of what is behind them.

How far a thing reaches that is small, blurred, transparent or of nearly the colour of its ground cannot be told from a mask. What
it changes can: the picture less the ground is blur(alpha * (colour - ground)), times the opacity. That is made of the
descriptions of all elements for the ground that is there, and compared in all turns, whatever the opacity.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from haac_match._candidates import Region, Things, pose_between
from haac_match._pose import Pose
from haac_match._region import ANGLES, RINGS, Floats, Frame, places, sample

_REACH = 2.2
"""Radius of the outermost ring, in extents, as in `_region`."""
_STEP = _REACH / RINGS
_RIM = 4
"""Pixels around a region in which a blurred thing may change the picture a little."""
_BLUR = 1.5
"""Standard deviation that is assumed, pixels: small things look alike at any between a half and three."""
_AT_ONCE = 4096
"""Elements that are compared together."""


def seen(
    target: npt.NDArray[np.uint8],
    current: npt.NDArray[np.uint8],
    region: Region,
    things: Things,
    count: int,
) -> list[tuple[float, Pose]]:
    """Elements that would change the picture as a region wants it, the likeliest first.

    Args:
        target: (height, width, 3), the whole picture.
        current: (height, width, 3), what is explained there already.
        region: where to look.
        things: what may be found.
        count: at most so many.

    Returns:
        (1 less the correlation, pose) of each.
    """
    left, top, right, bottom = region.box
    height, width = target.shape[:2]
    box = max(0, left - _RIM), max(0, top - _RIM), min(width, right + _RIM), min(height, bottom + _RIM)
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    mask[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = region.mask
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM + 1,) * 2))
    under = current[part].astype(np.float32)
    change = (target[part] - under) * mask[:, :, None].astype(np.float32)
    frame = _frame(np.square(change).sum(axis=2))
    if frame is None:
        return []
    query = sample(change, frame).reshape(3, RINGS, ANGLES) * _ROOT
    query /= np.linalg.norm(query) + 1e-6
    # All turns at once: row a is the query turned by a.
    mirrored = np.roll(query[..., ::-1], 1 + ANGLES // 2, axis=-1)
    turns = np.stack(
        [np.roll(asked, -a, axis=-1).ravel() for asked in (query, mirrored) for a in range(ANGLES)]
    )
    ground = under[mask > 0].mean(axis=0)
    spread = _blurring(round(_BLUR / float(frame.matrix[0, 0]) * 20) / 20)
    there = Frame(frame.x + box[0], frame.y + box[1], frame.matrix)
    found: list[tuple[float, Pose]] = []
    for first in range(0, len(things.numbers), _AT_ONCE):
        rows = np.s_[first : first + _AT_ONCE]
        table, middles, extents = _changes(things.even_rings.rings[rows], ground, spread)
        scores = (table @ turns.T).reshape(len(table), 2, ANGLES)
        peaks = scores.max(axis=2)
        for flat in np.argsort(-peaks, axis=None, kind="stable")[:count]:
            index, flip = divmod(int(flat), 2)
            angle = _peak(scores[index, flip])
            row = things.even[first + index].astype(np.float64)
            matrix = row[2:].reshape(2, 2)
            row[:2] += matrix @ middles[index]
            row[2:] = (matrix * extents[index]).ravel()
            size = int(things.sizes[first + index, 0]), int(things.sizes[first + index, 1])
            number = int(things.numbers[first + index])
            pose = pose_between(row, there, size, number, bool(flip), -angle if flip else angle)
            if pose is not None:
                found.append((1 - float(peaks[index, flip]), replace(pose, blur=_BLUR)))
    return sorted(found, key=lambda pair: pair[0])[:count]


def _peak(scores: Floats) -> float:
    """The turn at which a correlation is highest, radians."""
    best = int(scores.argmax())
    near = [float(scores[(best + d) % ANGLES]) for d in (-1, 0, 1)]
    bend = near[0] - 2 * near[1] + near[2]
    return (best + (0.5 * (near[0] - near[2]) / bend if bend < 0 else 0.0)) * math.tau / ANGLES


_ROOT = np.sqrt((np.arange(RINGS) + 0.5) / RINGS * 2).astype(np.float32)[:, None]
"""Rings count by the area for which they stand."""
_AREA = np.repeat((np.arange(RINGS) + 0.5).astype(np.float32), ANGLES) * _STEP**2 * math.tau / ANGLES


def _frame(weight: Floats) -> Frame | None:
    """Where a thing is, by how much it changes each pixel."""
    moments = cv2.moments(weight.astype(np.float32), binaryImage=False)
    total = moments["m00"]
    if total <= 0:
        return None
    extent = math.sqrt((moments["mu20"] + moments["mu02"]) / total + 1 / 6)
    return Frame(moments["m10"] / total + 0.5, moments["m01"] / total + 0.5, np.eye(2) * extent)


def _changes(
    rings: npt.NDArray[np.uint8], ground: Floats, spread: Floats
) -> tuple[Floats, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What elements change, in the frame of that: (things, values) of length 1, and that frame's middle and extent in the even one."""
    looks = rings.astype(np.float32).reshape(-1, 4, RINGS * ANGLES)
    change = (looks[:, :3] - ground[None, :, None] / np.float32(255) * looks[:, 3:]) @ spread
    weight = np.square(change).sum(axis=1) * _AREA
    total = weight.sum(axis=1) + 1e-9
    at = places()
    middles = weight @ at / total[:, None]
    extents = weight @ np.square(at).sum(axis=1) / total - np.square(middles).sum(axis=1)
    extents = np.sqrt(np.maximum(extents, 0.01))
    x = middles[:, :1] + extents[:, None] * at[None, :, 0]
    y = middles[:, 1:] + extents[:, None] * at[None, :, 1]
    table = (_resampled(change, x, y).reshape(-1, 3, RINGS, ANGLES) * _ROOT).reshape(len(change), -1)
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-6
    return table, middles, extents


@njit(cache=True, nogil=True)
def _resampled(rings: Floats, x: Floats, y: Floats) -> Floats:
    """(things, 3, RINGS * ANGLES): values between the samples, at other places for each thing."""
    out = np.zeros_like(rings)
    for thing in range(rings.shape[0]):
        for place in range(rings.shape[2]):
            right, down = x[thing, place], y[thing, place]
            ring = math.hypot(right, down) / _STEP - 0.5
            turn = (math.atan2(-down, right) / math.tau) * ANGLES % ANGLES
            inner, first = math.floor(ring), math.floor(turn)
            for r in (inner, inner + 1):
                if r >= RINGS:
                    continue
                part = 1 - abs(ring - r)
                for t in (first, first + 1):
                    weight = part * (1 - abs(turn - t))
                    at = max(r, 0) * ANGLES + t % ANGLES
                    for channel in range(3):
                        out[thing, channel, place] += rings[thing, channel, at] * weight
    return out


@lru_cache(64)
def _blurring(blur: float) -> Floats:
    """(samples, samples): what a blur makes of rings, in extents; multiplied from the right."""
    if blur < 0.1:
        return np.eye(RINGS * ANGLES, dtype=np.float32)
    at = places().astype(np.float64)
    off = np.square(at[:, None] - at[None]).sum(axis=2)
    kernel = np.exp(-off / (2 * blur**2)) * _AREA[:, None]
    # What is beyond the rings is empty, and counts.
    far = (np.arange(2 * RINGS) + 0.5) * _STEP
    angle = np.arange(ANGLES) * math.tau / ANGLES
    wide = np.stack([far[:, None] * np.cos(angle), -far[:, None] * np.sin(angle)], axis=2).reshape(-1, 2)
    area = np.repeat(far, ANGLES) * _STEP * math.tau / ANGLES
    whole = np.exp(-np.square(wide[:, None] - at[None]).sum(axis=2) / (2 * blur**2)) * area[:, None]
    made: Floats = (kernel / whole.sum(axis=0)).astype(np.float32)
    return made
