"""Look-alikes: elements whose descriptors are nearest to those of one, in its pose."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from haac_match._index.gallery import Gallery
from haac_match._index.polar import Frame
from haac_match._picture.pose import Pose
from haac_match._thresholds.propose import LOOKALIKE


def lookalikes(pose: Pose, gallery: Gallery, count: int) -> list[Pose]:
    """Elements that look much like one, each in the pose that covers the same place; also itself, otherwise mirrored and turned.

    Args:
        pose: of the one.
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
            if (gallery.sizes[other] == size).all():
                # One of a series: whatever the descriptors say, it has the same pose, or that of the mirrored one.
                found += [
                    (distance, replace(pose, element=int(gallery.numbers[other]), flip=flip))
                    for flip in (pose.flip, not pose.flip)
                ]
            made = gallery.pose(other, rows[other], there, mirrored, turn)
            if made is not None:
                found.append((distance, replace(made, blur=pose.blur, opacity=pose.opacity)))
    kept: dict[tuple[int, bool, int], Pose] = {}
    for _, made in sorted(found, key=lambda pair: pair[0]):
        kept.setdefault((made.element, made.flip, round(made.turn * LOOKALIKE.turn_steps)), made)
    return list(kept.values())


def symmetric_poses(pose: Pose) -> list[Pose]:
    """The poses in which a symmetric element, mirrored or not, looks much as it does in this one."""
    turns = sorted({turn for step in LOOKALIKE.symmetric for turn in range(0, 360, step)})
    return [
        replace(pose, flip=flip, turn=pose.turn + math.radians(turn))
        for turn in turns
        for flip in (False, True)
    ]
