"""A quick look at many poses: does the picture have the colours of the element's opaque parts where the pose puts them?"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numba import njit

from haac_match._index.gallery import Gallery
from haac_match._index.polar import ANGLES, RING_WEIGHT, places
from haac_match._options import Mapper
from haac_match._picture.arrays import Bytes, Doubles, Floats, Integers
from haac_match._picture.pose import Pose

_OPAQUE = 215
"""Coverage, 0 to 255, from which on a sample of the element counts."""
_CLEAR = 64
"""Coverage below which a sample is beside the element."""
_SAMPLES = 16
"""An element with fewer of them, of RINGS * ANGLES, cannot be told."""
_CLIP = 0.08
"""Squared colour distance, 0 to 3, above which an error counts no more: another layer may be there."""
_NOISE = 0.003
"""The same, that says nothing."""
_AT_ONCE = 64
_STEPS = np.array([0.12, 0.12, 0.12, 0.08, 0.08])
"""First changes of position (in extents), turn (radians), logarithm of the scale and of the relation of the two."""


def prefilter(
    poses: list[Pose],
    gallery: Gallery,
    target: Bytes,
    mapped: Mapper = map,
) -> list[tuple[float, Pose]]:
    """Poses, each moved to where it does best nearby, and the part of the picture's variation that it leaves; the best first.

    Args:
        poses: to look at.
        gallery: all elements, as the index knows them.
        target: (height, width, 3).
        mapped: like `map`, perhaps with threads.
    """
    rows = np.array([gallery.index[pose.element] for pose in poses], np.int64)
    values = np.array([(p.cx, p.cy, p.sx, p.sy, p.turn, p.flip) for p in poses], np.float64).reshape(-1, 6)
    extents = gallery.even[rows, 2] * np.sqrt(values[:, 2] * values[:, 3])
    # Elements are described with a blur of 0.12 extents.
    steps = np.clip(np.round(2 * np.log2(np.maximum(0.3 * extents, 1))), 0, 12).astype(int)
    jobs = []
    for step in np.unique(steps):
        picture = _coarse(target, int(step))
        members = np.flatnonzero(steps == step)
        jobs += [(picture, members[first : first + _AT_ONCE]) for first in range(0, len(members), _AT_ONCE)]
    kept = np.empty((len(poses), 6))

    def look(job: tuple[Floats, Integers]) -> None:
        picture, members = job
        here = rows[members]
        factor = np.array([picture.shape[1] / target.shape[1], picture.shape[0] / target.shape[0]])
        kept[members] = _look(
            picture,
            factor,
            gallery.even_rings.rings,
            here,
            gallery.even[here].astype(np.float64),
            gallery.sizes[here].astype(np.float64),
            values[members],
            _PLACES,
            _WEIGHTS,
            _STEPS,
        )

    list(mapped(look, jobs))
    found = []
    for pose, (left, cx, cy, sx, sy, turn) in zip(poses, kept.tolist(), strict=True):
        if left < 1:
            found.append((left, replace(pose, cx=cx, cy=cy, sx=sx, sy=sy, turn=turn % math.tau)))
    return sorted(found, key=lambda pair: pair[0])


def _coarse(target: Bytes, step: int) -> Floats:
    """The picture, 0 to 1, blurred by about 0.4 * 2^(step / 2) pixels, and made smaller by 2^(step / 2)."""
    small: Floats = target.astype(np.float32) / np.float32(255)
    if step:
        size = tuple(max(2, round(side / 2 ** (step / 2))) for side in (target.shape[1], target.shape[0]))
        small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small)


_PLACES = places().astype(np.float64)
_WEIGHTS = np.repeat(np.square(RING_WEIGHT), ANGLES).astype(np.float64)


@njit(cache=True, nogil=True, error_model="numpy")
def _left(
    picture: Floats,
    factor: Doubles,
    samples: Doubles,
    count: int,
    cx: float,
    cy: float,
    a: float,
    b: float,
    c: float,
    d: float,
) -> float:
    """Part of the variation that is left: samples are x, y, red, green, blue, weight, and whether they are beside the element.

    (a, b; c, d) takes them to the picture. What is beside it is not known, but adds to the variation: a thing of one
    colour differs from what is around it.
    """
    height, width = picture.shape[0], picture.shape[1]
    error, total, seen, around = 0.0, 0.0, 0.0, 0.0
    mean = np.zeros(3)
    square = 0.0
    for k in range(count):
        x = (cx + a * samples[k, 0] + b * samples[k, 1]) * factor[0] - 0.5
        y = (cy + c * samples[k, 0] + d * samples[k, 1]) * factor[1] - 0.5
        weight = samples[k, 5]
        beside = samples[k, 6] > 0
        if not beside:
            total += weight
        if x < 0 or y < 0 or x >= width - 1 or y >= height - 1:
            continue
        i, j = int(x), int(y)
        fx, fy = x - i, y - j
        off = 0.0
        for q in range(3):
            value = (picture[j, i, q] * (1 - fx) + picture[j, i + 1, q] * fx) * (1 - fy) + (
                picture[j + 1, i, q] * (1 - fx) + picture[j + 1, i + 1, q] * fx
            ) * fy
            mean[q] += weight * value
            square += weight * value * value
            off += (value - samples[k, 2 + q]) ** 2
        around += weight
        if not beside:
            error += weight * min(off, _CLIP)
            seen += weight
    if seen < 0.35 * total:
        return 1.0
    variation = square / around
    for q in range(3):
        variation -= (mean[q] / around) ** 2
    return (error / seen + _NOISE) / (min(max(variation, 0.0), _CLIP) + _NOISE)


@njit(cache=True, nogil=True, error_model="numpy")
def _look(
    picture: Floats,
    factor: Doubles,
    rings: Bytes,
    rows: Integers,
    frames: Doubles,
    sizes: Doubles,
    poses: Doubles,
    places: Doubles,
    weights: Doubles,
    steps: Doubles,
) -> Doubles:
    """(poses, 6): what is left, and the pose moved to where it is least: x, y, both scales, turn."""
    made = np.empty((len(rows), 6))
    samples = np.empty((len(weights), 7))
    angles = rings.shape[3]
    best, trial = np.empty(5), np.empty(5)
    for k in range(len(rows)):
        row = rows[k]
        extent = frames[k, 2]
        count, inside = 0, 0
        for p in range(len(weights)):
            r, t = p // angles, p % angles
            opaque = rings[row, 3, r, t] >= _OPAQUE
            if not opaque and not (
                rings[row, 3, r, t] < _CLEAR
                and (
                    rings[row, 3, max(r - 1, 0), t] >= _OPAQUE
                    or rings[row, 3, max(r - 2, 0), t] >= _OPAQUE
                    or rings[row, 3, min(r + 1, len(rings[row, 3]) - 1), t] >= _OPAQUE
                )
            ):
                continue
            samples[count, 0] = frames[k, 0] + extent * places[p, 0] - sizes[k, 0] / 2
            samples[count, 1] = frames[k, 1] + extent * places[p, 1] - sizes[k, 1] / 2
            for q in range(3):
                samples[count, 2 + q] = rings[row, q, r, t] / max(1.0, float(rings[row, 3, r, t]))
            samples[count, 5] = weights[p] * (rings[row, 3, r, t] / 255.0) ** 4 if opaque else weights[p]
            samples[count, 6] = 0.0 if opaque else 1.0
            count += 1
            inside += opaque
        if inside < _SAMPLES:
            made[k] = 2.0
            continue
        flip = -1.0 if poses[k, 5] else 1.0
        best[0], best[1], best[2] = poses[k, 0], poses[k, 1], poses[k, 4]
        best[3], best[4] = np.log(poses[k, 2] * poses[k, 3]) / 2, np.log(poses[k, 2] / poses[k, 3]) / 2
        least = 2.0
        reach = extent * np.exp(best[3])
        for round_ in range(4):
            size = 1.0 if round_ < 2 else 0.5
            for what in range(5):
                for sign in range(-1, 2, 2):
                    if round_ == 0 and what == 0 and sign == -1:
                        trial[:] = best
                    else:
                        trial[:] = best
                        trial[what] += sign * size * steps[what] * (reach if what < 2 else 1.0)
                    if abs(trial[4]) > 0.3:
                        continue
                    sx, sy = np.exp(trial[3] + trial[4]), np.exp(trial[3] - trial[4])
                    c, s = np.cos(trial[2]), np.sin(trial[2])
                    left = _left(
                        picture,
                        factor,
                        samples,
                        count,
                        trial[0],
                        trial[1],
                        c * sx * flip,
                        s * sy,
                        -s * sx * flip,
                        c * sy,
                    )
                    if left < least:
                        least = left
                        best[:] = trial
            if round_ == 1 and least > 0.7:
                break
        made[k, 0], made[k, 1], made[k, 2] = least, best[0], best[1]
        made[k, 3], made[k, 4], made[k, 5] = np.exp(best[3] + best[4]), np.exp(best[3] - best[4]), best[2]
    return made
