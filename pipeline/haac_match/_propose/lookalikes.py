"""Elements that look much like one, where it stands."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from haac_match._index.gallery import Gallery, pose_between
from haac_match._index.polar import Frame
from haac_match._picture.pose import Pose

_TURNS = sorted({*range(0, 360, 15), *range(72, 360, 72)})
"""Degrees by which gallery that are symmetric in 2, 3, 4, 5, 6, 8, 12 or 24 ways are turned."""


def lookalikes(pose: Pose, gallery: Gallery, count: int) -> list[Pose]:
    """Elements that look much like one, each standing where it stands; also itself, otherwise mirrored and turned.


    Args:
        pose: where it stands.
        gallery: what may be found.
        count: at most so many.
    """
    index = gallery.index[pose.element]
    size = gallery.sizes[index]
    mirror = np.diag([-1.0 if pose.flip else 1.0, 1.0])
    c, s = math.cos(pose.turn), math.sin(pose.turn)
    linear = np.array([[c, s], [-s, c]]) @ np.diag([pose.sx, pose.sy]) @ mirror
    found = []
    for table, rows in ((gallery.even_rings, gallery.even), (gallery.round_rings, gallery.round)):
        row = rows[index].astype(np.float64)
        middle = np.array([pose.cx, pose.cy]) + linear @ (row[:2] - size / 2)
        there = Frame(float(middle[0]), float(middle[1]), linear @ row[2:].reshape(2, 2))
        for distance, other, mirrored, turn in table.like(index, count):
            box = int(gallery.sizes[other, 0]), int(gallery.sizes[other, 1])
            if box == (int(size[0]), int(size[1])):
                # One of a series: its parts may say otherwise, but it stands as the other one does, or as in a mirror.
                found += [
                    (distance, replace(pose, element=int(gallery.numbers[other]), flip=flip))
                    for flip in (pose.flip, not pose.flip)
                ]
            made = pose_between(rows[other], there, box, int(gallery.numbers[other]), mirrored, turn)
            if made is not None:
                found.append((distance, replace(made, blur=pose.blur, opacity=pose.opacity)))
    kept: dict[tuple[int, bool, int], Pose] = {}
    for _, made in sorted(found, key=lambda pair: pair[0]):
        kept.setdefault((made.element, made.flip, round(made.turn * 4)), made)
    return list(kept.values())


def symmetric_poses(pose: Pose) -> list[Pose]:
    """The poses in which a flower or a wheel, mirrored or not, looks much as it does in this one."""
    return [
        replace(pose, flip=flip, turn=pose.turn + math.radians(turn))
        for turn in _TURNS
        for flip in (False, True)
    ]
