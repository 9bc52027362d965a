"""Candidates from the residual: template correlation of alpha * (colour - background), for small or blurred regions.

A mask hardly tells the outline of an element that is small, blurred, translucent or of nearly the colour of its background. Its residual
does: the picture less the background is blur(alpha * (colour - background)) times the opacity. That is predicted from the polar descriptors
of all elements for the background at hand, and correlated at all turns; the opacity cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from haac_match._fit.kernels import njit
from haac_match._index.gallery import Gallery
from haac_match._index.polar import (
    ANGLES,
    RING_WEIGHT,
    RINGS,
    Frame,
    frames,
    mirror_rings,
    peak_turn,
    places,
    sample,
)
from haac_match._picture.arrays import Bytes, Doubles, Floats
from haac_match._picture.pose import Pose
from haac_match._propose.regions import Region
from haac_match._thresholds.index import DESCRIPTOR
from haac_match._thresholds.propose import CORRELATION

AREA_ROOT = RING_WEIGHT[:, None]
"""(RINGS, 1): with it, squares of samples count by area."""
_STEP = DESCRIPTOR.reach / RINGS
_AREA = np.repeat((np.arange(RINGS) + 0.5).astype(np.float32), ANGLES) * _STEP**2 * math.tau / ANGLES
_PLACES = places()
_RINGS_TO_ONE = np.float32(1 / _STEP)
_QUARTER = np.float32(ANGLES / 4)
_FIT = (np.array([-0.0464964749, 0.15931422, -0.327622764, 1.0]) * ANGLES / math.tau).astype(np.float32)
_ONE, _HALF, _TINY = np.float32(1), np.float32(0.5), np.float32(1e-20)
_AT_ONCE = 1024
"""Elements that are compared together."""


def by_residual(
    target: Bytes,
    current: Bytes,
    region: Region,
    gallery: Gallery,
    count: int,
) -> list[tuple[float, Pose]]:
    """Elements whose predicted residual resembles that of a region, the likeliest first.

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
    rim = CORRELATION.rim
    box = max(0, left - rim), max(0, top - rim), min(width, right + rim), min(height, bottom + rim)
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    mask[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = region.mask
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1,) * 2))
    under = current[part].astype(np.float32)
    residual = (target[part] - under) * mask[:, :, None].astype(np.float32)
    both = frames(np.square(residual).sum(axis=2), lambda spread: _root(2 * spread[None])[0])
    if both is None:
        return []
    samples = [sample(residual, frame) * AREA_ROOT for frame in both]
    queries = [all_turns(query / (np.linalg.norm(query) + 1e-6)) for query in samples]
    background = under[mask > 0].mean(axis=0)
    blur = blur_in_extents(float(both[0].matrix[0, 0]))
    found: list[tuple[float, Pose]] = []
    for first, last in batches(gallery):
        predicted = predicted_residuals(gallery, first, last, background, blur)
        middles, even, round_ = _own_frames(predicted)
        for frame, matrices, query in zip(both, (even, round_), queries, strict=True):
            there = Frame(frame.x + box[0], frame.y + box[1], frame.matrix)
            table = _resampled(predicted, middles, matrices).reshape(-1, 3, RINGS, ANGLES) * AREA_ROOT
            table = table.reshape(len(predicted), -1)
            lengths = np.linalg.norm(table, axis=1) + 1e-6
            scores = (table @ query.T).reshape(len(table), 2, ANGLES) / lengths[:, None, None]
            for score, row, mirrored, turn in best_turns(scores, count):
                own = gallery.even[first + row].astype(np.float64)
                matrix = own[2:].reshape(2, 2)
                own[:2] += matrix @ middles[row]
                own[2:] = (matrix @ matrices[row]).ravel()
                pose = gallery.pose(first + row, own, there, mirrored, turn)
                if pose is not None:
                    found.append((1 - score, replace(pose, blur=CORRELATION.blur)))
    return sorted(found, key=lambda pair: pair[0])[: 2 * count]


def batches(gallery: Gallery) -> Iterator[tuple[int, int]]:
    """First row and the one after the last of elements that are compared together; the last end may be beyond them."""
    for first in range(0, len(gallery.numbers), _AT_ONCE):
        yield first, first + _AT_ONCE


def best_turns(scores: Floats, count: int) -> Iterator[tuple[float, int, bool, float]]:
    """The highest peaks of correlations over all turns.

    Args:
        scores: (elements, 2, ANGLES), as they are and mirrored.
        count: at most so many.

    Yields:
        Score, row, whether it is mirrored, and turn in radians, counter-clockwise from the element to the query; the best first.
    """
    peaks = scores.max(axis=2)
    for flat in np.argsort(-peaks, axis=None, kind="stable")[:count]:
        row, flip = divmod(int(flat), 2)
        turn = peak_turn(scores[row, flip], int(scores[row, flip].argmax()))
        yield float(peaks[row, flip]), row, bool(flip), -turn if flip else turn


def all_turns(query: Floats) -> Floats:
    """(2 * ANGLES, values): (channels, RINGS, ANGLES) as they are and mirrored, each at all turns; row a is turned by a."""
    return np.stack(
        [np.roll(rings, -a, axis=-1).ravel() for rings in (query, mirror_rings(query)) for a in range(ANGLES)]
    )


def blur_in_extents(extent: float) -> float:
    """The assumed blur, in extents of so many pixels, rounded so that few have to be computed."""
    return round(CORRELATION.blur / extent * CORRELATION.blur_steps) / CORRELATION.blur_steps


def predicted_residuals(gallery: Gallery, first: int, last: int, background: Floats, blur: float) -> Floats:
    """(elements, 3, RINGS * ANGLES): the residuals that some elements would leave, 0 to 255: blurred alpha * (colour - background).

    Args:
        gallery: all elements.
        first: row of those that are wanted.
        last: the one after them.
        background: (3,), its colour, 0 to 255.
        blur: standard deviation, extents.
    """
    looks = gallery.even_rings.blurred(first, last, blur, _ring_blur)
    made: Floats = looks[:, :3] - background[None, :, None] / np.float32(255) * looks[:, 3:]
    return made


@lru_cache(64)
def _ring_blur(blur: float) -> Floats:
    """(samples, samples): a Gaussian blur of rings, its standard deviation in extents, as a matrix to multiply by from the right."""
    if not blur:
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


def _root(matrices: Doubles) -> Doubles:
    """Square roots of symmetric (count, 2, 2) matrices."""
    root = np.sqrt(np.maximum(np.linalg.det(matrices), 1e-6))[:, None, None]
    made: Doubles = (matrices + root * np.eye(2)) / np.sqrt(
        np.trace(matrices, axis1=1, axis2=2)[:, None, None] + 2 * root
    )
    return made


def _own_frames(predicted: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """As `frames`, of predicted residuals, in the even frames of the elements.

    Args:
        predicted: (elements, 3, RINGS * ANGLES).

    Returns:
        (elements, 2) centres, and (elements, 2, 2) matrices of the even and of the round frame.
    """
    weight = np.square(predicted).sum(axis=1) * _AREA
    at = places()
    x, y = at[:, 0], at[:, 1]
    sums = weight @ np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    sums = sums.astype(np.float64)
    _, mx, my, xx, xy, yy = (sums / (sums[:, :1] + 1e-9)).T
    spread = np.stack([xx - mx * mx, xy - mx * my, xy - mx * my, yy - my * my], axis=1).reshape(-1, 2, 2)
    spread += 1e-3 * np.eye(2)
    even = np.sqrt(np.trace(spread, axis1=1, axis2=2))[:, None, None] * np.eye(2)
    return np.stack([mx, my], axis=1), even, _root(2 * spread)


@njit(nogil=True, error_model="numpy", fastmath=True)
def _turn(y: Any, x: Any) -> Any:
    """math.atan2 in samples, 0 to ANGLES, within 0.002: the polynomial is three times as fast."""
    across, up = abs(x), abs(y)
    slope = min(across, up) / (max(across, up) + _TINY)
    square = slope * slope
    angle = ((_FIT[0] * square + _FIT[1]) * square + _FIT[2]) * square * slope + _FIT[3] * slope
    if up > across:
        angle = _QUARTER - angle
    if x < 0:
        angle = 2 * _QUARTER - angle
    return 4 * _QUARTER - angle if y < 0 else angle


@njit(nogil=True, error_model="numpy", fastmath=True)
def _resampled(rings: Floats, middles: Doubles, matrices: Doubles) -> Floats:
    """(elements, 3, RINGS * ANGLES): rings interpolated in another frame for each element, given by its (elements, 2) middle and matrix."""
    out = np.empty_like(rings)
    for element in range(rings.shape[0]):
        # All in single precision: it takes half the time.
        xx, xy = np.float32(matrices[element, 0, 0]), np.float32(matrices[element, 0, 1])
        yx, yy = np.float32(matrices[element, 1, 0]), np.float32(matrices[element, 1, 1])
        middle_x, middle_y = np.float32(middles[element, 0]), np.float32(middles[element, 1])
        for place in range(rings.shape[2]):
            x, y = _PLACES[place, 0], _PLACES[place, 1]
            right, down = middle_x + xx * x + xy * y, middle_y + yx * x + yy * y
            ring = np.sqrt(right * right + down * down) * _RINGS_TO_ONE - _HALF
            if ring >= RINGS:
                for channel in range(3):
                    out[element, channel, place] = 0
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
                row = rings[element, channel]
                near = row[inside + here] + onward * (row[inside + there] - row[inside + here])
                far = row[outside + here] + onward * (row[outside + there] - row[outside + here])
                out[element, channel, place] = weight * near + outward * far
    return out
