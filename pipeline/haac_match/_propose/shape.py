"""Which elements look like a part of the picture, and where they would stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from haac_match._index.gallery import Gallery, pose_between
from haac_match._index.polar import RING_WEIGHT, Frame, describe, frames, sample
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_match._picture.pose import Pose
from haac_match._propose.regions import Region


@dataclass(frozen=True, slots=True)
class Guess:
    """What is assumed of a region while elements that look like it are sought.

    Args:
        rim: pixels that a blur added around it.
        opacity: 0 to 1.
    """

    rim: int = 0
    opacity: float = 1.0


def by_shape(
    target: Bytes,
    under: Bytes,
    region: Region,
    gallery: Gallery,
    count: int,
    guesses: Sequence[Guess],
) -> list[list[tuple[float, Pose]]]:
    """Elements that look like a region, the likeliest first.

    Args:
        target: (height, width, 3), the picture in the region's box.
        under: (height, width, 3), what is explained there already.
        region: where to look.
        gallery: what may be found.
        count: so many in each of the two frames.
        guesses: what is assumed, in turn.

    Returns:
        (squared distance, pose) of each, for each guess.
    """
    found: list[list[tuple[float, Pose]]] = [[] for _ in guesses]
    looks = [(at, _looks(target, under, region.mask, guess)) for at, guess in enumerate(guesses)]
    asked = [(at, *look) for at, look in looks if look is not None]
    if not asked:
        return found
    left, top = region.box[:2]
    for which, table, rows in (
        (0, gallery.even_rings, gallery.even),
        (1, gallery.round_rings, gallery.round),
    ):
        queries = np.stack([describe(pixels, both[which]) for _, pixels, both in asked])
        for (at, _, both), likes in zip(asked, table.nearest_of(queries, None, count), strict=True):
            guess, frame = guesses[at], both[which]
            there = Frame(frame.x + left, frame.y + top, frame.matrix)
            for distance, index, mirrored, turn in likes:
                size = int(gallery.sizes[index, 0]), int(gallery.sizes[index, 1])
                pose = pose_between(rows[index], there, size, int(gallery.numbers[index]), mirrored, turn)
                if pose is None:
                    continue
                pose = replace(pose, blur=guess.rim / 2.3 if guess.rim else 0.0, opacity=guess.opacity)
                found[at].append((distance, pose))
    return [sorted(one, key=lambda pair: pair[0]) for one in found]


def _looks(
    target: Bytes, under: Bytes, mask: Bools, guess: Guess
) -> tuple[Floats, tuple[Frame, Frame]] | None:
    """What a region would show of a thing, premultiplied, and its frames; None if nothing."""
    where = mask
    if guess.rim:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * guess.rim + 1,) * 2)
        inner = np.pad(where.astype(np.uint8), guess.rim)
        where = cv2.erode(inner, kernel)[guess.rim : -guess.rim, guess.rim : -guess.rim] > 0
        if where.sum() < 9:
            return None
    both = frames(where)
    colours = None if both is None else _unmixed(target, under, where, guess.opacity)
    if both is None or colours is None:
        return None
    cover = where.astype(np.float32)[:, :, None]
    return np.concatenate([colours * cover, cover], axis=2), both


def _unmixed(target: Bytes, under: Bytes, where: Bools, opacity: float) -> Floats | None:
    """The colours of something that is so transparent; None if it cannot be."""
    colours: Floats = target.astype(np.float32)
    if opacity < 1:
        colours = ((colours - (1 - opacity) * under) / opacity).astype(np.float32)
        if float((np.abs(colours - 127.5) > 143).any(axis=2)[where].mean()) > 0.1:
            return None
        np.clip(colours, 0, 255, out=colours)
    return colours


def by_partial_shape(
    target: Bytes,
    under: Bytes,
    hidden: Bools,
    region: Region,
    gallery: Gallery,
    count: int,
    opacity: float = 1.0,
    *,
    stretched: bool,
) -> list[tuple[float, Pose]]:
    """Elements that look like a region of which other layers, or the edge of the canvas, may cover a part.

    Args:
        target: (height, width, 3), the whole picture.
        under: (height, width, 3), what is explained there already.
        hidden: (height, width), True where other layers are.
        region: where to look.
        gallery: what may be found.
        count: so many for each guess of what is covered.
        opacity: what is assumed, 0 to 1.
        stretched: whether gallery are also tried wider and narrower.

    Returns:
        (squared distance over what is seen, pose) of each.
    """
    both = frames(region.mask)
    if both is None:
        return []
    left, top, right, bottom = region.box
    height, width = target.shape[:2]
    extent = float(both[0].matrix[0, 0])
    room = math.ceil(3 * extent)
    box = left - room, top - room, right + room, bottom + room
    inner = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
    covered = np.ones((box[3] - box[1], box[2] - box[0]), np.float32)
    part = np.s_[inner[1] - box[1] : inner[3] - box[1], inner[0] - box[0] : inner[2] - box[0]]
    covered[part] = hidden[inner[1] : inner[3], inner[0] : inner[2]]
    own = np.zeros(covered.shape, np.float32)
    own[room : room + bottom - top, room : room + right - left] = region.mask
    covered[own > 0] = 0
    # Where the region meets what covers it.
    contact = (cv2.dilate(own, np.ones((7, 7), np.uint8)) > 0) & (covered > 0)
    if contact.sum() < 6:
        return []
    y, x = np.nonzero(contact)
    centre = np.array([both[0].x + room, both[0].y + room])
    away = np.array([x.mean() + 0.5, y.mean() + 0.5]) - centre
    away /= max(1e-6, float(np.hypot(*away)))
    across = np.array([-away[1], away[0]])
    looks = np.zeros((*covered.shape, 4), np.float32)
    mask = region.mask.astype(np.float32)[:, :, None]
    colours = _unmixed(target[top:bottom, left:right], under[top:bottom, left:right], region.mask, opacity)
    if colours is None:
        return []
    looks[room : room + bottom - top, room : room + right - left] = np.concatenate(
        [colours * mask, mask], axis=2
    )
    guesses, queries, seens = [], [], []
    for along, aside, grow in _COVERED:
        middle = centre + extent * (along * away + aside * across)
        frame = Frame(float(middle[0]), float(middle[1]), np.eye(2) * extent * grow)
        seen = 1 - sample(covered, frame)[0]
        known = float((seen * RING_WEIGHT[:, None] ** 2).sum())
        if known >= 30:
            guesses.append((Frame(frame.x + box[0], frame.y + box[1], frame.matrix), known))
            queries.append(describe(looks, frame))
            seens.append(seen)
    found: list[tuple[float, Pose]] = []
    if not guesses:
        return found
    shapes = gallery.stretched if stretched else {1.0: gallery.even_rings}
    for factor, table in shapes.items():
        stretch = np.diag([factor, 1 / factor])
        for (there, known), likes in zip(
            guesses, table.nearest_of(np.stack(queries), np.stack(seens), count), strict=True
        ):
            for distance, index, mirrored, turn in likes:
                size = int(gallery.sizes[index, 0]), int(gallery.sizes[index, 1])
                row = gallery.even[index].astype(np.float64)
                row[2:] = (np.linalg.inv(stretch) @ row[2:].reshape(2, 2)).ravel()
                pose = pose_between(row, there, size, int(gallery.numbers[index]), mirrored, turn)
                if pose is not None:
                    found.append((distance / known, replace(pose, blur=1.0, opacity=opacity)))
    return sorted(found, key=lambda pair: pair[0])


_COVERED = (
    (0.0, 0.0, 1.0), (0.0, 0.0, 1.2),
    *((along, 0.0, grow) for along in (0.25, 0.5, 0.75, 1.0) for grow in (1.1, 1.3, 1.55)),
    *((along, aside, 1.3) for along in (0.3, 0.7) for aside in (-0.4, 0.4)),
)  # fmt: skip
"""Guesses of what is covered: the centre of the whole, along the way to what covers it and aside from that, and its extent; in extents
of what is seen."""
