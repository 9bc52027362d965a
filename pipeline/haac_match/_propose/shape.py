"""Which elements look like a part of the picture, and where they would stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from haac_match._fit.fit import EVEN, Pose
from haac_match._fit.levenberg_marquardt import possible
from haac_match._index.polar import RING_WEIGHT, Floats, Frame, RingTable, describe, frames, sample
from haac_match._picture.canvas import Box


@dataclass(frozen=True, slots=True)
class Region:
    """Part of the picture that nothing explains.

    Args:
        box: left, top, right, bottom.
        mask: (height, width) of the box.
    """

    box: Box
    mask: npt.NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Pixels."""
        return int(self.mask.sum())


def regions(unexplained: npt.NDArray[np.bool_], closing: int, smallest: int = 40) -> list[Region]:
    """Connected parts of what is unexplained, the largest first.

    Args:
        unexplained: (height, width).
        closing: parts that are nearer to each other than twice this, pixels, are one.
        smallest: pixels of what is kept.
    """
    mask = unexplained.astype(np.uint8)
    joined = mask
    if closing:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * closing + 1,) * 2)
        joined = cv2.dilate(mask, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for index in range(1, count):
        x, y, w, h = (int(v) for v in stats[index, :4])
        part = (labels[y : y + h, x : x + w] == index) & (mask[y : y + h, x : x + w] > 0)
        if int(part.sum()) < smallest:
            continue
        rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        found.append(Region((x + left, y + top, x + right, y + bottom), part[top:bottom, left:right]))
    return sorted(found, key=lambda region: (-region.area, region.box))


def frame_row(frame: Frame) -> list[float]:
    """A frame as numbers."""
    return [frame.x, frame.y, *frame.matrix.ravel().tolist()]


def pose_between(
    thing: npt.NDArray[np.float32],
    query: Frame,
    size: tuple[int, int],
    element: int,
    mirrored: bool,
    turn: float,
) -> Pose | None:
    """The pose that takes an element's frame to another one.

    Args:
        thing: the element's frame, as `frame_row`.
        query: the other, in pixels of the canvas; may itself be mirrored.
        size: of the element.
        element: its number.
        mirrored: left and right.
        turn: in the frame, radians.

    Returns:
        None if the shape would be too uneven.
    """
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[c, s], [-s, c]])
    mirror = np.diag([-1.0, 1.0])
    own = np.linalg.inv(thing[2:].reshape(2, 2).astype(np.float64))
    whole = query.matrix @ rotation @ (mirror @ own if mirrored else own)
    flip = bool(np.linalg.det(whole) < 0)
    bare = whole @ mirror if flip else whole
    sx, sy = float(np.hypot(*bare[:, 0])), float(np.hypot(*bare[:, 1]))
    if not possible(sx, sy):
        return None
    first, second = math.atan2(-bare[1, 0], bare[0, 0]), math.atan2(bare[0, 1], bare[1, 1])
    middle = math.atan2(math.sin(first) + math.sin(second), math.cos(first) + math.cos(second))
    if abs(math.log(sx / sy)) < 2 * EVEN:
        sx = sy = math.sqrt(sx * sy)
    corner = np.array([size[0] / 2 - thing[0], size[1] / 2 - thing[1]])
    centre = np.array([query.x, query.y]) + whole @ corner
    return Pose(element, flip, float(centre[0]), float(centre[1]), sx, sy, middle % math.tau)


@dataclass(frozen=True, slots=True)
class Things:
    """All elements that may be found, as the index knows them.

    Args:
        numbers: (things,) of the elements.
        sizes: (things, 2) widths and heights.
        even: frames that keep the shape, (things, 6).
        round: frames that make it round, (things, 6).
        even_rings: descriptions in them.
        round_rings: descriptions in them.
        stretched: the even ones, and the same made wider and narrower.
        index: row of each element's number.
    """

    numbers: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    even: npt.NDArray[np.float32]
    round: npt.NDArray[np.float32]
    even_rings: RingTable
    round_rings: RingTable
    stretched: dict[float, RingTable]
    index: dict[int, int]


@dataclass(frozen=True, slots=True)
class Guess:
    """What is assumed of a region while elements that look like it are sought.

    Args:
        rim: pixels that a blur added around it.
        opacity: 0 to 1.
    """

    rim: int = 0
    opacity: float = 1.0


def only(things: Things, rows: npt.NDArray[np.int64]) -> Things:
    """Some of the things."""
    numbers = things.numbers[rows]
    even = things.even_rings.only(rows)
    return Things(
        numbers,
        things.sizes[rows],
        things.even[rows],
        things.round[rows],
        even,
        things.round_rings.only(rows),
        {factor: even if factor == 1 else table.only(rows) for factor, table in things.stretched.items()},
        {int(number): row for row, number in enumerate(numbers)},
    )


def candidates(
    target: npt.NDArray[np.uint8],
    under: npt.NDArray[np.uint8],
    region: Region,
    things: Things,
    count: int,
    guesses: Sequence[Guess],
) -> list[list[tuple[float, Pose]]]:
    """Elements that look like a region, the likeliest first.

    Args:
        target: (height, width, 3), the picture in the region's box.
        under: (height, width, 3), what is explained there already.
        region: where to look.
        things: what may be found.
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
        (0, things.even_rings, things.even),
        (1, things.round_rings, things.round),
    ):
        queries = np.stack([describe(pixels, both[which]) for _, pixels, both in asked])
        for (at, _, both), likes in zip(asked, table.nearest_of(queries, None, count), strict=True):
            guess, frame = guesses[at], both[which]
            there = Frame(frame.x + left, frame.y + top, frame.matrix)
            for distance, index, mirrored, turn in likes:
                size = int(things.sizes[index, 0]), int(things.sizes[index, 1])
                pose = pose_between(rows[index], there, size, int(things.numbers[index]), mirrored, turn)
                if pose is None:
                    continue
                pose = replace(pose, blur=guess.rim / 2.3 if guess.rim else 0.0, opacity=guess.opacity)
                found[at].append((distance, pose))
    return [sorted(one, key=lambda pair: pair[0]) for one in found]


def _looks(
    target: npt.NDArray[np.uint8], under: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_], guess: Guess
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


def _unmixed(
    target: npt.NDArray[np.uint8], under: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_], opacity: float
) -> Floats | None:
    """The colours of something that is so transparent; None if it cannot be."""
    colours: Floats = target.astype(np.float32)
    if opacity < 1:
        colours = ((colours - (1 - opacity) * under) / opacity).astype(np.float32)
        if float((np.abs(colours - 127.5) > 143).any(axis=2)[where].mean()) > 0.1:
            return None
        np.clip(colours, 0, 255, out=colours)
    return colours


def partial(
    target: npt.NDArray[np.uint8],
    under: npt.NDArray[np.uint8],
    hidden: npt.NDArray[np.bool_],
    region: Region,
    things: Things,
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
        things: what may be found.
        count: so many for each guess of what is covered.
        opacity: what is assumed, 0 to 1.
        stretched: whether things are also tried wider and narrower.

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
    shapes = things.stretched if stretched else {1.0: things.even_rings}
    for factor, table in shapes.items():
        stretch = np.diag([factor, 1 / factor])
        for (there, known), likes in zip(
            guesses, table.nearest_of(np.stack(queries), np.stack(seens), count), strict=True
        ):
            for distance, index, mirrored, turn in likes:
                size = int(things.sizes[index, 0]), int(things.sizes[index, 1])
                row = things.even[index].astype(np.float64)
                row[2:] = (np.linalg.inv(stretch) @ row[2:].reshape(2, 2)).ravel()
                pose = pose_between(row, there, size, int(things.numbers[index]), mirrored, turn)
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


_TURNS = sorted({*range(0, 360, 15), *range(72, 360, 72)})
"""Degrees by which things that are symmetric in 2, 3, 4, 5, 6, 8, 12 or 24 ways are turned."""


def siblings(pose: Pose, things: Things, count: int) -> list[Pose]:
    """Elements that look much like one, each standing where it stands; also itself, otherwise mirrored and turned.


    Args:
        pose: where it stands.
        things: what may be found.
        count: at most so many.
    """
    index = things.index[pose.element]
    size = things.sizes[index]
    mirror = np.diag([-1.0 if pose.flip else 1.0, 1.0])
    c, s = math.cos(pose.turn), math.sin(pose.turn)
    linear = np.array([[c, s], [-s, c]]) @ np.diag([pose.sx, pose.sy]) @ mirror
    found = []
    for table, rows in ((things.even_rings, things.even), (things.round_rings, things.round)):
        row = rows[index].astype(np.float64)
        middle = np.array([pose.cx, pose.cy]) + linear @ (row[:2] - size / 2)
        there = Frame(float(middle[0]), float(middle[1]), linear @ row[2:].reshape(2, 2))
        for distance, other, mirrored, turn in table.like(index, count):
            box = int(things.sizes[other, 0]), int(things.sizes[other, 1])
            if box == (int(size[0]), int(size[1])):
                # One of a series: its parts may say otherwise, but it stands as the other one does, or as in a mirror.
                found += [
                    (distance, replace(pose, element=int(things.numbers[other]), flip=flip))
                    for flip in (pose.flip, not pose.flip)
                ]
            made = pose_between(rows[other], there, box, int(things.numbers[other]), mirrored, turn)
            if made is not None:
                found.append((distance, replace(made, blur=pose.blur, opacity=pose.opacity)))
    kept: dict[tuple[int, bool, int], Pose] = {}
    for _, made in sorted(found, key=lambda pair: pair[0]):
        kept.setdefault((made.element, made.flip, round(made.turn * 4)), made)
    return list(kept.values())


def turned(pose: Pose) -> list[Pose]:
    """The poses in which a flower or a wheel, mirrored or not, looks much as it does in this one."""
    return [
        replace(pose, flip=flip, turn=pose.turn + math.radians(turn))
        for turn in _TURNS
        for flip in (False, True)
    ]
