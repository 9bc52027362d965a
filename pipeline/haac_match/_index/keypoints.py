"""Keypoints described by RootSIFT and colours, and Hough voting of their matches for the poses of elements.

Source: D. Lowe, "Distinctive image features from scale-invariant keypoints" (2004), with the root of R. Arandjelovic and A. Zisserman,
"Three things everyone should know to improve object retrieval" (2012), and a grid of colours in the keypoint's own frame appended.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Bytes, Doubles, Floats, Integers
from haac_match._thresholds.index import KEYPOINT, VOTE

_GRID = 3
DIMENSIONS = 128 + 3 * _GRID * _GRID
"""Of a descriptor: RootSIFT, and a grid of colours."""
_TILE, _AROUND = 320, 40
"""Pixels of a tile, and of what is looked at around it: larger keypoints than that are few."""
_MIRROR = np.array(
    [((3 - r) * 4 + c) * 8 + (-o) % 8 for r in range(4) for c in range(4) for o in range(8)]
    + [
        128 + ((_GRID - 1 - r) * _GRID + c) * 3 + k
        for r in range(_GRID)
        for c in range(_GRID)
        for k in range(3)
    ]
)


@dataclass(frozen=True, slots=True)
class Features:
    """Keypoints of a picture.

    Args:
        places: (count, 4): x, y in pixels, size in pixels, direction in radians, clockwise.
        looks: (count, DIMENSIONS), descriptors: RootSIFT, then colours.
    """

    places: Floats
    looks: Floats

    def mirrored(self) -> Floats:
        """(count, DIMENSIONS): descriptors of the same keypoints in a mirror."""
        return self.looks[:, _MIRROR]


def features(rgb: Bytes, mask: Bytes | None = None, most: int = 0, *, tiled: bool = False) -> Features:
    """Detect and describe the keypoints of a picture.

    Args:
        rgb: (height, width, 3).
        mask: (height, width), 0 where none is wanted.
        most: so many of the strongest; 0: all.
        tiled: a tile at a time, and only where the mask wants some: the scale space takes a hundred times the room of the pixels.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    parts = list(_tiles(grey.shape, mask)) if tiled else [((0, 0), grey.shape, (0, 0, *grey.shape))]
    found: list[tuple[float, list[float], Floats]] = []
    for (top, left), (bottom, right), (y0, x0, y1, x1) in parts:
        wanted = np.zeros((y1 - y0, x1 - x0), np.uint8)
        core = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
        wanted[core] = 255 if mask is None else mask[top:bottom, left:right]
        sift = cv2.SIFT.create(nfeatures=0 if tiled else most)
        points, looks = sift.detectAndCompute(grey[y0:y1, x0:x1], wanted)
        for p, look in zip(points, [] if looks is None else looks, strict=True):
            place = [p.pt[0] + x0 + 0.5, p.pt[1] + y0 + 0.5, p.size, math.radians(p.angle)]
            found.append((p.response, place, look))
    if tiled and most:
        found = sorted(found, key=lambda one: -one[0])[:most]
    if not found:
        return Features(np.zeros((0, 4), np.float32), np.zeros((0, DIMENSIONS), np.float32))
    places = np.array([place for _, place, _ in found], np.float32)
    looks = np.stack([look for _, _, look in found])
    root = np.sqrt(looks / np.maximum(looks.sum(axis=1, keepdims=True), 1e-6))
    return Features(
        places,
        np.concatenate([root, _colours(rgb, places) * KEYPOINT.colour_weight], axis=1).astype(np.float32),
    )


def _tiles(
    shape: tuple[int, ...], mask: Bytes | None
) -> Iterator[tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int]]]:
    """Tiles of a picture in which something is wanted: (top, left), (bottom, right), and top, left, bottom, right of what is looked at
    for it.

    Args:
        shape: height and width.
        mask: (height, width), 0 where nothing is wanted.
    """
    for top in range(0, shape[0], _TILE):
        for left in range(0, shape[1], _TILE):
            bottom, right = min(shape[0], top + _TILE), min(shape[1], left + _TILE)
            if mask is None or mask[top:bottom, left:right].any():
                around = (
                    max(0, top - _AROUND),
                    max(0, left - _AROUND),
                    min(shape[0], bottom + _AROUND),
                    min(shape[1], right + _AROUND),
                )
                yield (top, left), (bottom, right), around


def _colours(rgb: Bytes, places: Floats) -> Floats:
    """(count, 3 * cells): colours on a grid around each keypoint, turned with it; 0 to 1 over the root of the number of cells."""
    offsets = (np.arange(_GRID) - (_GRID - 1) / 2)[None]
    along, across = np.broadcast_arrays(offsets, offsets.T)
    cos, sine = np.cos(places[:, 3])[:, None], np.sin(places[:, 3])[:, None]
    step = KEYPOINT.colour_cell * places[:, 2][:, None]
    x = places[:, 0][:, None] - 0.5 + step * (cos * along.ravel() - sine * across.ravel())
    y = places[:, 1][:, None] - 0.5 + step * (sine * along.ravel() + cos * across.ravel())
    octave = np.log2(np.maximum(places[:, 2], 1) / KEYPOINT.colour_size)
    level = np.clip(np.round(octave), 0, KEYPOINT.colour_levels).astype(int)
    out = np.zeros((len(places), _GRID * _GRID, 3), np.float32)
    picture = rgb
    for index in range(int(level.max(initial=0)) + 1):
        here = level == index
        if here.any():
            fx, fy = picture.shape[1] / rgb.shape[1], picture.shape[0] / rgb.shape[0]
            smooth = cv2.GaussianBlur(picture, (0, 0), KEYPOINT.colour_blur)
            out[here] = cv2.remap(
                smooth,
                ((x[here] + 0.5) * fx - 0.5).astype(np.float32),
                ((y[here] + 0.5) * fy - 0.5).astype(np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        half = max(1, (picture.shape[1] + 1) // 2), max(1, (picture.shape[0] + 1) // 2)
        picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
    return out.reshape(len(places), -1) / np.float32(255 * _GRID)


@dataclass(frozen=True, slots=True)
class Vote:
    """A similarity for which matches of one element agree.

    Args:
        row: of the element.
        mirrored: left and right.
        x: of its centre, pixels of the canvas.
        y: of its centre, pixels of the canvas.
        scale: canvas over element.
        turn: radians, counter-clockwise.
        score: how much speaks for it.
    """

    row: int
    mirrored: bool
    x: float
    y: float
    scale: float
    turn: float
    score: float


def votes(
    query: Floats,
    found: Integers,
    distances: Floats,
    places: Floats,
    owners: Integers,
    sizes: npt.NDArray[np.int32],
    mirrored: bool,
    most: int,
) -> list[Vote]:
    """Hough voting: matches of one element that agree on its pose.

    Args:
        query: (count, 4), places of keypoints of the picture.
        found: (count, k), keypoints of the index that look like them; -1 for none.
        distances: (count, k), squared.
        places: (keypoints, 4), places of the index' keypoints in their elements.
        owners: (keypoints,), row of the element of each; -1 for none that is wanted.
        sizes: (elements, 2), widths and heights.
        mirrored: whether the descriptors were mirrored.
        most: so many of the strongest are wanted.

    Returns:
        The strongest, and perhaps others, in no order.
    """
    which, columns = np.nonzero((found >= 0) & (owners[found] >= 0))
    if not len(which):
        return []
    hits = found[which, columns]
    q, e = query[which], places[hits]
    rows = owners[hits]
    # A match that stands out against the last of its neighbours counts more.
    worst = np.maximum(distances.max(axis=1), 1e-6)[which]
    weight = np.maximum(VOTE.least_weight, 1 - distances[which, columns] / worst)
    scale: Floats = (q[:, 2] / np.maximum(e[:, 2], 1e-3)).astype(np.float32)
    turn = (math.pi - e[:, 3] - q[:, 3]) if mirrored else (e[:, 3] - q[:, 3])
    dx = sizes[rows, 0] / 2 - e[:, 0]
    dy = sizes[rows, 1] / 2 - e[:, 1]
    if mirrored:
        dx = -dx
    cos, sine = np.cos(turn), np.sin(turn)
    x = q[:, 0] + scale * (cos * dx + sine * dy)
    y = q[:, 1] + scale * (-sine * dx + cos * dy)
    # Several matches of keypoints in one place count once.
    places_of = np.unique(query[:, :2], axis=0, return_inverse=True)[1].ravel()[which]
    matches = np.stack([x, y, np.log(scale), turn, weight, places_of]).astype(np.float64)
    order = np.lexsort((-weight, rows))
    starts = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0])
    ends = np.minimum(np.r_[starts[1:], len(rows)], starts + VOTE.matches)
    # All matches of an element would have to agree: with most elements, that is too little to look at them.
    bounds = np.add.reduceat(weight[order], starts) + VOTE.distinct * (ends - starts - 1)
    made: list[Vote] = []
    scores: list[float] = []
    for at in np.argsort(-bounds, kind="stable").tolist():
        if len(scores) == most and bounds[at] < scores[0]:
            break
        row = int(rows[order[starts[at]]])
        members = np.ascontiguousarray(matches[:, order[starts[at] : ends[at]]])
        found_there = _clusters(
            members, VOTE.apart * float(sizes[row].max()), VOTE.scale, VOTE.turn, VOTE.distinct, VOTE.clusters
        )
        for x0, y0, log_scale, turn0, score in found_there.tolist():
            made.append(Vote(row, mirrored, x0, y0, math.exp(log_scale), turn0 % math.tau, score))
            heapq.heappush(scores, score)
            if len(scores) > most:
                heapq.heappop(scores)
    return made


@njit(nogil=True, error_model="numpy")
def _clusters(matches: Doubles, reach: float, scales: float, turns: float, more: float, most: int) -> Doubles:
    """The clusters among one element's matches: the densest, then the densest of the rest.

    Args:
        matches: (6, matches): x, y of the element's centre, logarithm of the scale, turn, weight, and which place of the picture it is of.
        reach: pixels between the centres of matches that agree, at scale 1.
        scales, turns: differences (of logarithms, and radians) of those that agree.
        more: score that each place of the picture after the first adds.
        most: clusters.

    Returns:
        (clusters, 5): x, y, logarithm of the scale, turn, score.
    """
    count = matches.shape[1]
    x, y, logs, turn, weight, keypoint = matches
    near = np.empty((count, count), np.bool_)
    for a in range(count):
        for b in range(count):
            within = reach * math.exp(min(logs[a], logs[b]))
            angle = abs((turn[a] - turn[b] + math.pi) % math.tau - math.pi)
            near[a, b] = (
                math.hypot(x[a] - x[b], y[a] - y[b]) < within
                and abs(logs[a] - logs[b]) < scales
                and angle < turns
            )
    alive = np.ones(count, np.bool_)
    made = np.zeros((most, 5))
    for cluster in range(most):
        best, strongest = -1, 0.0
        for a in range(count):
            strength = 0.0
            for b in range(count):
                if alive[a] and alive[b] and near[a, b]:
                    strength += weight[b]
            if strength > strongest:
                best, strongest = a, strength
        if best < 0:
            return made[:cluster]
        inside, distinct, sine, cosine = 0, 0, 0.0, 0.0
        for b in range(count):
            if not (alive[b] and near[best, b]):
                continue
            inside += 1
            seen = False
            for other in range(b):
                seen |= alive[other] and near[best, other] and keypoint[other] == keypoint[b]
            distinct += not seen
            share = weight[b] / strongest
            sine += math.sin(turn[b]) * share
            cosine += math.cos(turn[b]) * share
            for k in range(3):
                made[cluster, k] += matches[k, b] * share
        made[cluster, 3] = math.atan2(sine, cosine)
        made[cluster, 4] = strongest * distinct / inside + more * (distinct - 1)
        for b in range(count):
            alive[b] = alive[b] and not near[best, b]
    return made
