"""Which elements look like a small or blurred part of the picture, by what they would change of what is behind them.

How far a thing reaches that is small, blurred, transparent or of nearly the colour of its ground cannot be told from a mask. What
it changes can: the picture less the ground is blur(alpha * (colour - ground)), times the opacity. That is made of the
descriptions of all elements for the ground that is there, and compared in all turns, whatever the opacity.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numba import njit

from haac_match._index.gallery import Gallery, pose_between
from haac_match._index.polar import ANGLES, RINGS, Frame, places, sample
from haac_match._picture.arrays import Bytes, Doubles, Floats
from haac_match._picture.pose import Pose
from haac_match._propose.regions import Region

_REACH = 2.2
"""Radius of the outermost ring, in extents, as in `_index.polar`."""
_STEP = _REACH / RINGS
_SHARES = 10
"""Blurs are told apart by this share of an extent."""
_RIM = 4
"""Pixels around a region in which a blurred thing may change the picture a little."""
BLUR = 1.5
"""Standard deviation that is assumed, pixels: small gallery look alike at any between a half and three."""
_AT_ONCE = 1024
"""Elements that are compared together."""


def by_residual(
    target: Bytes,
    current: Bytes,
    region: Region,
    gallery: Gallery,
    count: int,
) -> list[tuple[float, Pose]]:
    """Elements that would change the picture as a region wants it, the likeliest first.

    Args:
        target: (height, width, 3), the whole picture.
        current: (height, width, 3), what is explained there already.
        region: where to look.
        gallery: what may be found.
        count: so many in each of two frames.

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
    both = _frames(np.square(change).sum(axis=2))
    if both is None:
        return []
    samples = [sample(change, frame) * ROOT for frame in both]
    queries = [turns(query / (np.linalg.norm(query) + 1e-6)) for query in samples]
    ground = under[mask > 0].mean(axis=0)
    blur = round(BLUR / float(both[0].matrix[0, 0]) * _SHARES) / _SHARES
    found: list[tuple[float, Pose]] = []
    for first in range(0, len(gallery.numbers), _AT_ONCE):
        made = changes(gallery, first, first + _AT_ONCE, ground, blur)
        middles, even, round_ = _own_frames(made)
        for frame, matrices, asked in zip(both, (even, round_), queries, strict=True):
            there = Frame(frame.x + box[0], frame.y + box[1], frame.matrix)
            table = _resampled(made, middles, matrices).reshape(-1, 3, RINGS, ANGLES) * ROOT
            table = table.reshape(len(made), -1)
            lengths = np.linalg.norm(table, axis=1) + 1e-6
            scores = (table @ asked.T).reshape(len(table), 2, ANGLES) / lengths[:, None, None]
            peaks = scores.max(axis=2)
            for flat in np.argsort(-peaks, axis=None, kind="stable")[:count]:
                index, flip = divmod(int(flat), 2)
                angle = peak(scores[index, flip])
                row = gallery.even[first + index].astype(np.float64)
                matrix = row[2:].reshape(2, 2)
                row[:2] += matrix @ middles[index]
                row[2:] = (matrix @ matrices[index]).ravel()
                size = int(gallery.sizes[first + index, 0]), int(gallery.sizes[first + index, 1])
                number = int(gallery.numbers[first + index])
                pose = pose_between(row, there, size, number, bool(flip), -angle if flip else angle)
                if pose is not None:
                    found.append((1 - float(peaks[index, flip]), replace(pose, blur=BLUR)))
    return sorted(found, key=lambda pair: pair[0])[: 2 * count]


def turns(query: Floats) -> Floats:
    """(2 * ANGLES, values): (channels, RINGS, ANGLES) as they are and mirrored, each in all turns; row a is turned by a."""
    mirrored = np.roll(query[..., ::-1], 1 + ANGLES // 2, axis=-1)
    return np.stack(
        [np.roll(asked, -a, axis=-1).ravel() for asked in (query, mirrored) for a in range(ANGLES)]
    )


def peak(scores: Floats) -> float:
    """The turn at which a correlation is highest, radians."""
    best = int(scores.argmax())
    near = [float(scores[(best + d) % ANGLES]) for d in (-1, 0, 1)]
    bend = near[0] - 2 * near[1] + near[2]
    return (best + (0.5 * (near[0] - near[2]) / bend if bend < 0 else 0.0)) * math.tau / ANGLES


_PLACES = places()
ROOT = np.sqrt((np.arange(RINGS) + 0.5) / RINGS * 2).astype(np.float32)[:, None]
"""Rings count by the area for which they stand."""
_AREA = np.repeat((np.arange(RINGS) + 0.5).astype(np.float32), ANGLES) * _STEP**2 * math.tau / ANGLES
_QUARTER = np.float32(ANGLES / 4)
_FIT = (np.array([-0.0464964749, 0.15931422, -0.327622764, 1.0]) * ANGLES / math.tau).astype(np.float32)
_ONE, _HALF, _TINY = np.float32(1), np.float32(0.5), np.float32(1e-20)
_RINGS_TO_ONE = np.float32(1 / _STEP)


def _frames(weight: Floats) -> tuple[Frame, Frame] | None:
    """Where a thing is, by how much it changes each pixel: the frame that keeps the shape, and the one that makes it round."""
    moments = cv2.moments(weight.astype(np.float32), binaryImage=False)
    total = moments["m00"]
    if total <= 0:
        return None
    xx, xy, yy = (moments[name] / total for name in ("mu20", "mu11", "mu02"))
    spread = np.array([[xx + 1 / 12, xy], [xy, yy + 1 / 12]])
    x, y = moments["m10"] / total + 0.5, moments["m01"] / total + 0.5
    even = np.eye(2) * math.sqrt(np.trace(spread))
    return Frame(x, y, even), Frame(x, y, _root(2 * spread[None])[0])


def _root(matrices: Doubles) -> Doubles:
    """Square roots of symmetric (count, 2, 2) matrices."""
    root = np.sqrt(np.maximum(np.linalg.det(matrices), 1e-6))[:, None, None]
    made: Doubles = (matrices + root * np.eye(2)) / np.sqrt(
        np.trace(matrices, axis1=1, axis2=2)[:, None, None] + 2 * root
    )
    return made


def changes(gallery: Gallery, first: int, last: int, ground: Floats, blur: float) -> Floats:
    """(gallery, 3, RINGS * ANGLES): what some elements change of a ground, after a blur.

    Args:
        gallery: all elements.
        first: of those that are wanted.
        last: the one after them.
        ground: (3,), its colour.
        blur: standard deviation, extents.
    """
    looks = gallery.even_rings.blurred(first, last, blur, blurring)
    made: Floats = looks[:, :3] - ground[None, :, None] / np.float32(255) * looks[:, 3:]
    return made


def _own_frames(
    changes: Floats,
) -> tuple[Doubles, Doubles, Doubles]:
    """As `_frames`, of what elements change, in the even frames of the elements: (gallery, 2) middles, and twice (gallery, 2, 2)."""
    weight = np.square(changes).sum(axis=1) * _AREA
    at = places()
    x, y = at[:, 0], at[:, 1]
    sums = weight @ np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    sums = sums.astype(np.float64)
    _, mx, my, xx, xy, yy = (sums / (sums[:, :1] + 1e-9)).T
    spread = np.stack([xx - mx * mx, xy - mx * my, xy - mx * my, yy - my * my], axis=1).reshape(-1, 2, 2)
    spread += 1e-3 * np.eye(2)
    even = np.sqrt(np.trace(spread, axis1=1, axis2=2))[:, None, None] * np.eye(2)
    return np.stack([mx, my], axis=1), even, _root(2 * spread)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _turn(y: Any, x: Any) -> Any:
    """As math.atan2 in samples, 0 to ANGLES, to 0.002: a polynomial is as good here, and three times as fast."""
    across, up = abs(x), abs(y)
    slope = min(across, up) / (max(across, up) + _TINY)
    square = slope * slope
    angle = ((_FIT[0] * square + _FIT[1]) * square + _FIT[2]) * square * slope + _FIT[3] * slope
    if up > across:
        angle = _QUARTER - angle
    if x < 0:
        angle = 2 * _QUARTER - angle
    return 4 * _QUARTER - angle if y < 0 else angle


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _resampled(rings: Floats, middles: Doubles, matrices: Doubles) -> Floats:
    """(gallery, 3, RINGS * ANGLES): values between the samples, in another frame for each thing."""
    out = np.empty_like(rings)
    for thing in range(rings.shape[0]):
        # All in single precision: it takes half the time.
        xx, xy = np.float32(matrices[thing, 0, 0]), np.float32(matrices[thing, 0, 1])
        yx, yy = np.float32(matrices[thing, 1, 0]), np.float32(matrices[thing, 1, 1])
        middle_x, middle_y = np.float32(middles[thing, 0]), np.float32(middles[thing, 1])
        for place in range(rings.shape[2]):
            x, y = _PLACES[place, 0], _PLACES[place, 1]
            right, down = middle_x + xx * x + xy * y, middle_y + yx * x + yy * y
            ring = np.sqrt(right * right + down * down) * _RINGS_TO_ONE - _HALF
            if ring >= RINGS:
                for channel in range(3):
                    out[thing, channel, place] = 0
                continue
            turn = _turn(-down, right)
            inner, first = int(np.floor(ring)), int(turn)
            outward, onward = ring - np.float32(inner), turn - np.float32(first)
            inside, outside = max(inner, 0) * ANGLES, min(inner + 1, RINGS - 1) * ANGLES
            weight = _ONE - outward
            if inner + 1 >= RINGS:
                outward = np.float32(0)
            here, there = first & (ANGLES - 1), (first + 1) & (ANGLES - 1)
            for channel in range(3):
                row = rings[thing, channel]
                near = row[inside + here] + onward * (row[inside + there] - row[inside + here])
                far = row[outside + here] + onward * (row[outside + there] - row[outside + here])
                out[thing, channel, place] = weight * near + outward * far
    return out


@lru_cache(64)
def blurring(blur: float) -> Floats:
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
