"""Which elements look like a region of which a part is seen, by what they would change of what is behind them.

As in `_propose.residual`, what a thing changes of its ground says more than its outline where it is small, blurred or translucent. Nothing
is known where other layers or the edge of the canvas cover it; where nothing changes, it is not. Where its middle is, and how large it is,
is guessed in many ways, each of which is compared with all elements in all turns. How strong a change is tells how opaque it is.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from haac_match._index.gallery import Gallery, pose_between
from haac_match._index.polar import ANGLES, RINGS, Frame, frames, sample
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_match._picture.canvas import Canvas
from haac_match._picture.pose import Pose
from haac_match._propose.regions import Region
from haac_match._propose.residual import BLUR, ROOT, changes, peak, turns

FAR, VEILED = 12, 0.1
"""Levels by which something translucent changes what is behind it, and part of a region where it does, if that is looked at without it."""
View = tuple[Bytes, Bytes, Bools]
"""The picture, what is explained of it, and where layers are."""
_RIM = 4
"""Pixels around a region in which a blurred thing may change the picture a little."""
_WHOLE = tuple((0.0, 0.0, grow) for grow in (0.7, 0.85, 1.0))
_CUT = (
    *((along, 0.0, grow) for along in (0.0, 0.25, 0.5, 0.75, 1.0) for grow in (0.8, 1.0, 1.25, 1.5)),
    *((along, aside, 1.1) for along in (0.3, 0.7) for aside in (-0.4, 0.4)),
)
"""Guesses of the middle of the whole, along the way to what covers it and aside from that, and of its extent; in extents of what is
seen."""
_SEEN = 0.35
"""Part of what an element would change that must be where something can be seen."""
_STRENGTH = 0.35, 1.3
"""A change may be so strong, compared with that of the element."""
_OPAQUE = 0.92
_AT_ONCE = 1024
"""Elements that are compared together."""


def by_occlusion(
    target: Bytes,
    current: Bytes,
    hidden: Bools,
    other: Bools,
    region: Region,
    gallery: Gallery,
    count: int,
) -> list[tuple[float, Pose]]:
    """Elements that would change the picture as a region wants it, the likeliest first.

    Args:
        target: (height, width, 3), the whole picture.
        current: (height, width, 3), what is explained there already.
        hidden: (height, width), True where other layers are.
        other: (height, width), True where something is not explained.
        region: where to look.
        gallery: what may be found.
        count: so many for each guess of what is covered.

    Returns:
        (1 less the correlation, pose) of each.
    """
    both = frames(region.mask)
    if both is None:
        return []
    extent = float(both[0].matrix[0, 0])
    left, top, right, bottom = region.box
    height, width = target.shape[:2]
    room = math.ceil(3 * extent) + _RIM
    box = left - room, top - room, right + room, bottom + room
    inner = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
    whole = np.s_[inner[1] : inner[3], inner[0] : inner[2]]
    part = np.s_[inner[1] - box[1] : inner[3] - box[1], inner[0] - box[0] : inner[2] - box[0]]
    own = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    own[room : room + bottom - top, room : room + right - left] = region.mask
    near = cv2.dilate(own, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM + 1,) * 2)) > 0
    known = np.zeros(own.shape, bool)
    known[part] = ~hidden[whole]
    known[part] &= near[part] | ~other[whole]
    covered = ~known
    change = np.zeros((*own.shape, 3), np.float32)
    change[part] = target[whole].astype(np.float32) - current[whole]
    change *= (known & near)[:, :, None]
    centre = np.array([both[0].x + room, both[0].y + room])
    contact = (cv2.dilate(own, np.ones((9, 9), np.uint8)) > 0) & covered
    away, guesses = np.array([1.0, 0.0]), _WHOLE
    if int(contact.sum()) >= 6:
        y, x = np.nonzero(contact)
        away = np.array([x.mean() + 0.5, y.mean() + 0.5]) - centre
        away /= max(1e-6, float(np.hypot(*away)))
        guesses = _WHOLE + _CUT
    across = np.array([-away[1], away[0]])
    ground = current[top:bottom, left:right][region.mask].astype(np.float32).mean(axis=0)
    asked = []
    for along, aside, grow in guesses:
        x, y = centre + extent * (along * away + aside * across)
        frame = Frame(float(x), float(y), np.eye(2) * extent * grow)
        query = sample(change, frame) * ROOT
        length = float(np.linalg.norm(query))
        if length < 1e-3:
            continue
        clear = sample(known.astype(np.float32), frame)
        there = Frame(frame.x + box[0], frame.y + box[1], frame.matrix)
        asked.append(
            (
                there,
                turns(query / length),
                turns(clear * ROOT * ROOT),
                length,
                round(BLUR / (extent * grow) * 10) / 10,
            )
        )
    found: list[tuple[float, Pose]] = []
    for first in range(0, len(gallery.numbers), _AT_ONCE):
        made: dict[float, tuple[Floats, Floats]] = {}
        for there, queries, clears, length, blur in asked:
            if blur not in made:
                table = changes(gallery, first, first + _AT_ONCE, ground, blur)
                table = table.reshape(-1, 3, RINGS, ANGLES)
                weighted = (table * ROOT).reshape(len(table), -1)
                made[blur] = weighted, np.square(table).sum(axis=1).reshape(len(table), -1)
            weighted, squares = made[blur]
            scores = weighted @ queries.T
            energy = squares @ clears.T
            wholly = np.square(weighted).sum(axis=1)[:, None]
            strength = scores * np.float32(length) / np.maximum(energy, 1e-6)
            scores /= np.sqrt(np.maximum(energy, 1e-6))
            scores[(energy < _SEEN * wholly) | (strength < _STRENGTH[0]) | (strength > _STRENGTH[1])] = 0
            scores = scores.reshape(len(scores), 2, ANGLES)
            peaks = scores.max(axis=2)
            strengths = strength.reshape(scores.shape)
            for flat in np.argsort(-peaks, axis=None, kind="stable")[:count]:
                index, flip = divmod(int(flat), 2)
                if peaks[index, flip] <= 0:
                    break
                angle = peak(scores[index, flip])
                opacity = float(strengths[index, flip, int(scores[index, flip].argmax())])
                number = int(gallery.numbers[first + index])
                size = int(gallery.sizes[first + index, 0]), int(gallery.sizes[first + index, 1])
                row = gallery.even[first + index]
                pose = pose_between(row, there, size, number, bool(flip), -angle if flip else angle)
                if pose is not None:
                    opacity = opacity if opacity < _OPAQUE else 1.0
                    found.append((1 - float(peaks[index, flip]), replace(pose, blur=BLUR, opacity=opacity)))
    return sorted(found, key=lambda pair: pair[0])


def halves(region: Region) -> list[Region]:
    """The two ends of a region, in which two gallery may run together."""
    y, x = np.nonzero(region.mask)
    places = np.stack([x, y], axis=1) - np.array([x.mean(), y.mean()])
    _, vectors = np.linalg.eigh(places.T @ places)
    along = places @ vectors[:, 1]
    made = []
    for end in (along < 0, along >= 0):
        mask = np.zeros_like(region.mask)
        mask[y[end], x[end]] = True
        made.append(Region(region.box, mask))
    return made


def views(canvas: Canvas, region: Region, *, through: bool) -> list[View]:
    """The picture as it is, and if something in a region lets others through, as it is behind that."""
    box = region.box
    whole = 0, 0, *canvas.size
    views = [(canvas.target, canvas.current, canvas.hidden(0, whole))]
    if through and views[0][2][box[1] : box[3], box[0] : box[2]].any():
        target, hidden = canvas.unblended(0, box)
        off = np.abs(target.astype(np.int16) - canvas.target[box[1] : box[3], box[0] : box[2]]).max(axis=2)
        if (off[region.mask & ~hidden] > FAR).sum() > VEILED * region.area:
            target, hidden = canvas.unblended(0, whole)
            views.append((target, canvas.under(0, whole), hidden))
    return views
