"""Coarse photometric prefilter: poses scored by the colours of the element's opaque samples, each improved by coordinate search."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from haac_match._fit.kernels import njit
from haac_match._index.gallery import Gallery
from haac_match._index.polar import ANGLES, RING_WEIGHT, places
from haac_match._options import Mapper
from haac_match._picture.arrays import Bytes, Doubles, Floats, Integers
from haac_match._picture.pose import Pose
from haac_match._thresholds.index import DESCRIPTOR
from haac_match._thresholds.propose import PREFILTER

_PLACES = places().astype(np.float64)
_WEIGHTS = np.repeat(np.square(RING_WEIGHT), ANGLES).astype(np.float64)
_OPAQUE, _CLEAR, _SAMPLES = PREFILTER.opaque, PREFILTER.clear, PREFILTER.samples
_COVER_POWER = PREFILTER.cover_power
_CLIP, _NOISE = PREFILTER.clip, DESCRIPTOR.colour_noise
_ON_CANVAS, _UNEVEN, _HOPELESS = PREFILTER.on_canvas, PREFILTER.uneven, PREFILTER.hopeless
_ROUNDS, _FULL_ROUNDS, _FINER = PREFILTER.rounds, PREFILTER.full_rounds, PREFILTER.finer
_AT_ONCE = 64
"""Poses that a thread is given together."""


def prefilter(
    poses: list[Pose],
    gallery: Gallery,
    target: Bytes,
    mapped: Mapper = map,
) -> list[tuple[float, Pose]]:
    """Poses, each moved to where it does best nearby, and the share of the picture's variation that it leaves; the best first.

    Args:
        poses: to score.
        gallery: all elements, as the index knows them.
        target: (height, width, 3).
        mapped: like `map`, perhaps with threads.

    Returns:
        Those that leave less than all of it.
    """
    rows = np.array([gallery.index[pose.element] for pose in poses], np.int64)
    values = np.array([(p.cx, p.cy, p.sx, p.sy, p.turn, p.flip) for p in poses], np.float64).reshape(-1, 6)
    extents = gallery.even[rows, 2] * np.sqrt(values[:, 2] * values[:, 3])
    side = np.maximum(PREFILTER.blur * extents, 1)
    steps = np.clip(np.round(2 * np.log2(side)), 0, PREFILTER.coarsest).astype(int)
    jobs = []
    for step in np.unique(steps):
        picture = _coarse(target, int(step))
        members = np.flatnonzero(steps == step)
        jobs += [(picture, members[first : first + _AT_ONCE]) for first in range(0, len(members), _AT_ONCE)]
    kept = np.empty((len(poses), 6))
    moves = np.array(PREFILTER.steps)

    def search(job: tuple[Floats, Integers]) -> None:
        picture, members = job
        here = rows[members]
        factor = np.array([picture.shape[1] / target.shape[1], picture.shape[0] / target.shape[0]])
        kept[members] = _search(
            picture,
            factor,
            gallery.even_rings.rings,
            here,
            gallery.even[here].astype(np.float64),
            gallery.sizes[here].astype(np.float64),
            values[members],
            moves,
        )

    list(mapped(search, jobs))
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


@njit(nogil=True, error_model="numpy")
def _sample(rings: Bytes, frame: Doubles, width: float, height: float, samples: Doubles) -> tuple[int, int]:
    """Take the samples of an element that tell something.

    Args:
        rings: (CHANNELS, RINGS, ANGLES), its descriptor.
        frame: its frame.
        width: of the element, pixels.
        height: of the element, pixels.
        samples: (RINGS * ANGLES, 7), written: x, y from the element's middle, red, green, blue, weight, 1 if it is beside the element.

    Returns:
        How many there are, and how many of them are opaque.
    """
    extent = frame[2]
    angles = rings.shape[2]
    count, inside = 0, 0
    for p in range(len(_WEIGHTS)):
        r, t = p // angles, p % angles
        opaque = rings[3, r, t] >= _OPAQUE
        if not opaque and not (
            rings[3, r, t] < _CLEAR
            and (
                rings[3, max(r - 1, 0), t] >= _OPAQUE
                or rings[3, max(r - 2, 0), t] >= _OPAQUE
                or rings[3, min(r + 1, len(rings[3]) - 1), t] >= _OPAQUE
            )
        ):
            continue
        samples[count, 0] = frame[0] + extent * _PLACES[p, 0] - width / 2
        samples[count, 1] = frame[1] + extent * _PLACES[p, 1] - height / 2
        for q in range(3):
            samples[count, 2 + q] = rings[q, r, t] / max(1.0, float(rings[3, r, t]))
        samples[count, 5] = _WEIGHTS[p] * (rings[3, r, t] / 255.0) ** _COVER_POWER if opaque else _WEIGHTS[p]
        samples[count, 6] = 0.0 if opaque else 1.0
        count += 1
        inside += opaque
    return count, inside


@njit(nogil=True, error_model="numpy")
def _left(picture: Floats, factor: Doubles, samples: Doubles, pose: Doubles, flip: float) -> float:
    """Share of the picture's variation that an element leaves in a pose.

    What is beside the element is not known, but adds to the variation: an element of one colour differs from what is around it.

    Args:
        picture: (height, width, 3), 0 to 1.
        factor: (2,) of the picture's pixels to those of the pose, x and y.
        samples: as of `_sample`.
        pose: x, y, turn, mean of the logarithms of both scales, half their difference.
        flip: -1 where the element is mirrored, else 1.
    """
    height, width = picture.shape[0], picture.shape[1]
    sx, sy = np.exp(pose[3] + pose[4]), np.exp(pose[3] - pose[4])
    cos, sine = np.cos(pose[2]), np.sin(pose[2])
    a, b, c, d = cos * sx * flip, sine * sy, -sine * sx * flip, cos * sy
    error, total, inside, around = 0.0, 0.0, 0.0, 0.0
    mean = np.zeros(3)
    square = 0.0
    for k in range(len(samples)):
        x = (pose[0] + a * samples[k, 0] + b * samples[k, 1]) * factor[0] - 0.5
        y = (pose[1] + c * samples[k, 0] + d * samples[k, 1]) * factor[1] - 0.5
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
            inside += weight
    if inside < _ON_CANVAS * total:
        return 1.0
    variation = square / around
    for q in range(3):
        variation -= (mean[q] / around) ** 2
    return (error / inside + _NOISE) / (min(max(variation, 0.0), _CLIP) + _NOISE)


@njit(nogil=True, error_model="numpy")
def _search(
    picture: Floats,
    factor: Doubles,
    rings: Bytes,
    rows: Integers,
    frames: Doubles,
    sizes: Doubles,
    poses: Doubles,
    steps: Doubles,
) -> Doubles:
    """Coordinate search for the pose that leaves the least of the picture's variation.

    Args:
        picture, factor: as of `_left`.
        rings: (elements, CHANNELS, RINGS, ANGLES), descriptors of all.
        rows: (poses,), whose poses these are.
        frames: (poses, 6), their frames.
        sizes: (poses, 2), their widths and heights.
        poses: (poses, 6): x, y, both scales, turn, whether it is mirrored.
        steps: (5,), see `PREFILTER`.

    Returns:
        (poses, 6): the share that is left, 2 if too little is opaque, and the pose: x, y, both scales, turn.
    """
    made = np.empty((len(rows), 6))
    room = np.empty((len(_WEIGHTS), 7))
    best, trial = np.empty(5), np.empty(5)
    for k in range(len(rows)):
        count, inside = _sample(rings[rows[k]], frames[k], sizes[k, 0], sizes[k, 1], room)
        if inside < _SAMPLES:
            made[k] = 2.0
            continue
        samples = room[:count]
        flip = -1.0 if poses[k, 5] else 1.0
        best[0], best[1], best[2] = poses[k, 0], poses[k, 1], poses[k, 4]
        best[3], best[4] = np.log(poses[k, 2] * poses[k, 3]) / 2, np.log(poses[k, 2] / poses[k, 3]) / 2
        reach = frames[k, 2] * np.exp(best[3])
        least = 2.0
        if abs(best[4]) <= _UNEVEN:
            least = min(_left(picture, factor, samples, best, flip), least)
        for round_ in range(_ROUNDS):
            size = 1.0 if round_ < _FULL_ROUNDS else _FINER
            for what in range(5):
                for sign in range(-1, 2, 2):
                    if round_ == 0 and what == 0 and sign == -1:
                        continue  # the start was tried in its place
                    trial[:] = best
                    trial[what] += sign * size * steps[what] * (reach if what < 2 else 1.0)
                    if abs(trial[4]) > _UNEVEN:
                        continue
                    left = _left(picture, factor, samples, trial, flip)
                    if left < least:
                        least = left
                        best[:] = trial
            if round_ == _FULL_ROUNDS - 1 and least > _HOPELESS:
                break
        made[k, 0], made[k, 1], made[k, 2] = least, best[0], best[1]
        made[k, 3], made[k, 4], made[k, 5] = np.exp(best[3] + best[4]), np.exp(best[3] - best[4]), best[2]
    return made
