"""Local features: what they look like, and what their matches say of where elements stand.

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

_GRID = 3
DIMENSIONS = 128 + 3 * _GRID * _GRID
_COLOUR_WEIGHT = 0.5
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
        looks: (count, DIMENSIONS).
    """

    places: Floats
    looks: Floats

    def mirrored(self) -> Floats:
        """The looks of the same keypoints in a mirror, (count, DIMENSIONS)."""
        return self.looks[:, _MIRROR]


def features(rgb: Bytes, mask: Bytes | None = None, most: int = 0) -> Features:
    """Keypoints of a picture.

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
        places, np.concatenate([root, _colours(rgb, places) * _COLOUR_WEIGHT], axis=1).astype(np.float32)
    )


def _colours(rgb: Bytes, places: Floats) -> Floats:
    """(count, 27): colours on a grid around each keypoint, turned with it, 0 to 1 divided by the root of the cells."""
    offsets = (np.arange(_GRID) - (_GRID - 1) / 2)[None]
    along, across = np.broadcast_arrays(offsets, offsets.T)
    cos, sine = np.cos(places[:, 3])[:, None], np.sin(places[:, 3])[:, None]
    step = 1.2 * places[:, 2][:, None]
    x = places[:, 0][:, None] - 0.5 + step * (cos * along.ravel() - sine * across.ravel())
    y = places[:, 1][:, None] - 0.5 + step * (sine * along.ravel() + cos * across.ravel())
    level = np.clip(np.round(np.log2(np.maximum(places[:, 2], 1) / 2)), 0, 6).astype(int)
    out = np.zeros((len(places), _GRID * _GRID, 3), np.float32)
    picture = rgb
    for index in range(int(level.max(initial=0)) + 1):
        here = level == index
        if here.any():
            fx, fy = picture.shape[1] / rgb.shape[1], picture.shape[0] / rgb.shape[0]
            smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
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
    """Where matches put an element: a similarity.

    Args:
        thing: index of the element.
        mirrored: left and right.
        x: of its centre, pixels of the canvas.
        y: of its centre, pixels of the canvas.
        scale: canvas over element.
        turn: radians, counter-clockwise.
        score: how much speaks for it.
    """

    thing: int
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
) -> list[Vote]:
    """Hough voting: matches of one element that agree on where it stands.

    Args:
        query: (count, 4), places of keypoints of the picture.
        found: (count, k), rows of the index that look like them; -1 for none.
        distances: (count, k), squared.
        places: (rows, 4), places of the index' keypoints in their elements.
        owners: (rows,), which element each belongs to; -1 for none that is wanted.
        sizes: (things, 2).
        mirrored: whether the looks were mirrored.

    Returns:
        One or more for each element with matches, the strongest first.
    """
    rows, columns = np.nonzero((found >= 0) & (owners[found] >= 0))
    if not len(rows):
        return []
    hits = found[rows, columns]
    q, e = query[rows], places[hits]
    thing = owners[hits]
    # A match that stands out against the last of its neighbours counts more.
    worst = np.maximum(distances.max(axis=1), 1e-6)[rows]
    weight = np.maximum(0.02, 1 - distances[rows, columns] / worst)
    scale: Floats = (q[:, 2] / np.maximum(e[:, 2], 1e-3)).astype(np.float32)
    turn = (math.pi - e[:, 3] - q[:, 3]) if mirrored else (e[:, 3] - q[:, 3])
    dx = sizes[thing, 0] / 2 - e[:, 0]
    dy = sizes[thing, 1] / 2 - e[:, 1]
    if mirrored:
        dx = -dx
    cos, sine = np.cos(turn), np.sin(turn)
    x = q[:, 0] + scale * (cos * dx + sine * dy)
    y = q[:, 1] + scale * (-sine * dx + cos * dy)
    order = np.argsort(thing, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(thing[order]) != 0, True])
    made: list[Vote] = []
    for first, last in pairwise(starts):
        made += _agreeing(order[first:last], thing, x, y, scale, turn, weight, q, sizes, mirrored)
    return made


def _agreeing(
    members: Integers,
    thing: Integers,
    x: Floats,
    y: Floats,
    scale: Floats,
    turn: Floats,
    weight: npt.NDArray[np.floating],
    q: Floats,
    sizes: npt.NDArray[np.int32],
    mirrored: bool,
) -> list[Vote]:
    """The clusters among one element's votes: the densest, then the densest of the rest."""
    owner = int(thing[members[0]])
    if len(members) > 80:
        members = members[np.argsort(-weight[members], kind="stable")[:80]]
    side = float(sizes[owner].max())
    logs = np.log(scale[members])
    reach = 0.2 * side * np.minimum(scale[members][:, None], scale[members][None])
    apart = np.hypot(x[members][:, None] - x[members][None], y[members][:, None] - y[members][None])
    angle = np.abs((turn[members][:, None] - turn[members][None] + math.pi) % math.tau - math.pi)
    near = (apart < reach) & (np.abs(logs[:, None] - logs[None]) < 0.3) & (angle < 0.35)
    # Several matches of one keypoint count once: the places of the query tell.
    made = []
    alive = np.ones(len(members), bool)
    for _ in range(3):
        strength = (near * weight[members][None] * alive[None]).sum(axis=1) * alive
        best = int(strength.argmax())
        if strength[best] <= 0:
            break
        inside = near[best] & alive
        distinct = len({(float(a), float(b)) for a, b in q[members[inside], :2]})
        w = weight[members[inside]]
        w = w / w.sum()
        m = members[inside]
        made.append(
            Vote(
                owner,
                mirrored,
                float((x[m] * w).sum()),
                float((y[m] * w).sum()),
                float(np.exp((np.log(scale[m]) * w).sum())),
                math.atan2(float((np.sin(turn[m]) * w).sum()), float((np.cos(turn[m]) * w).sum())) % math.tau,
                float(strength[best]) * distinct / max(1, int(inside.sum())) + 0.5 * (distinct - 1),
            )
        )
        alive &= ~near[best]
    return made
