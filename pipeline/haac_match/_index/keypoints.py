"""Keypoints described by RootSIFT and colours, and Hough voting of their matches for the poses of elements.

Source: D. Lowe, "Distinctive image features from scale-invariant keypoints" (2004), with the root of R. Arandjelovic and A. Zisserman,
"Three things everyone should know to improve object retrieval" (2012), and a grid of colours in the keypoint's own frame appended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from haac_match._picture.arrays import Bytes, Floats, Integers
from haac_match._thresholds.index import KEYPOINT, VOTE

_GRID = 3
DIMENSIONS = 128 + 3 * _GRID * _GRID
"""Of a descriptor: RootSIFT, and a grid of colours."""
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


def features(rgb: Bytes, mask: Bytes | None = None, most: int = 0) -> Features:
    """Detect and describe the keypoints of a picture.

    Args:
        rgb: (height, width, 3).
        mask: (height, width), 0 where none is wanted.
        most: so many of the strongest; 0: all.
    """
    sift = cv2.SIFT.create(nfeatures=most)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    points, looks = sift.detectAndCompute(grey, mask)
    if not points or looks is None:
        return Features(np.zeros((0, 4), np.float32), np.zeros((0, DIMENSIONS), np.float32))
    places = np.array(
        [(p.pt[0] + 0.5, p.pt[1] + 0.5, p.size, math.radians(p.angle)) for p in points], np.float32
    )
    root = np.sqrt(looks / np.maximum(looks.sum(axis=1, keepdims=True), 1e-6))
    return Features(
        places,
        np.concatenate([root, _colours(rgb, places) * KEYPOINT.colour_weight], axis=1).astype(np.float32),
    )


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


@dataclass(frozen=True, slots=True)
class _Matches:
    """Where each match puts its element.

    Args:
        rows: (matches,) of the elements.
        x: (matches,) of the element's centre, pixels of the canvas.
        y: (matches,) of the element's centre, pixels of the canvas.
        scale: (matches,) canvas over element.
        turn: (matches,) radians, counter-clockwise.
        weight: (matches,) 0 to 1.
        keypoints: (matches, 4), places in the picture, as of `Features`.
    """

    rows: Integers
    x: Floats
    y: Floats
    scale: Floats
    turn: Floats
    weight: npt.NDArray[np.floating]
    keypoints: Floats


def votes(
    query: Floats,
    found: Integers,
    distances: Floats,
    places: Floats,
    owners: Integers,
    sizes: npt.NDArray[np.int32],
    mirrored: bool,
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

    Returns:
        One or more for each element with matches, by row.
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
    matches = _Matches(rows, x, y, scale, turn, weight, q)
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0, True])
    made: list[Vote] = []
    for first, last in pairwise(starts):
        members = order[first:last]
        made += _clusters(matches, members, float(sizes[rows[members[0]]].max()), mirrored)
    return made


def _clusters(matches: _Matches, members: Integers, side: float, mirrored: bool) -> list[Vote]:
    """The clusters among one element's matches: the densest, then the densest of the rest.

    Args:
        matches: of all elements.
        members: those of this one.
        side: the longer one of the element, pixels.
        mirrored: whether the descriptors were mirrored.
    """
    if len(members) > VOTE.matches:
        members = members[np.argsort(-matches.weight[members], kind="stable")[: VOTE.matches]]
    x, y, scale, turn = (part[members] for part in (matches.x, matches.y, matches.scale, matches.turn))
    weight, keypoints = matches.weight[members], matches.keypoints[members]
    logs = np.log(scale)
    reach = VOTE.apart * side * np.minimum(scale[:, None], scale[None])
    apart = np.hypot(x[:, None] - x[None], y[:, None] - y[None])
    angle = np.abs((turn[:, None] - turn[None] + math.pi) % math.tau - math.pi)
    near = (apart < reach) & (np.abs(logs[:, None] - logs[None]) < VOTE.scale) & (angle < VOTE.turn)
    made = []
    alive = np.ones(len(members), bool)
    for _ in range(VOTE.clusters):
        strength = (near * weight[None] * alive[None]).sum(axis=1) * alive
        best = int(strength.argmax())
        if strength[best] <= 0:
            break
        inside = near[best] & alive
        # Several matches of one keypoint count once.
        distinct = len({(float(a), float(b)) for a, b in keypoints[inside, :2]})
        share = weight[inside] / weight[inside].sum()
        sine, cosine = (
            float((np.sin(turn[inside]) * share).sum()),
            float((np.cos(turn[inside]) * share).sum()),
        )
        made.append(
            Vote(
                int(matches.rows[members[0]]),
                mirrored,
                float((x[inside] * share).sum()),
                float((y[inside] * share).sum()),
                float(np.exp((np.log(scale[inside]) * share).sum())),
                math.atan2(sine, cosine) % math.tau,
                float(strength[best]) * distinct / max(1, int(inside.sum())) + VOTE.distinct * (distinct - 1),
            )
        )
        alive &= ~near[best]
    return made
