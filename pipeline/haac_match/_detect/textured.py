"""Region proposals on photographs and other textures, where nothing stands out of a smooth background: keypoints vote for poses."""

from __future__ import annotations

import math

import cv2
import numpy as np

from haac_match._index.index import Index
from haac_match._index.keypoints import features
from haac_match._picture.arrays import Bools, Bytes
from haac_match._picture.pose import Pose

_STROKE = 9
"""Pixels: what is thinner, as text, is no texture."""
_LEAST = 1_600
"""Pixels of texture that are needed."""
_REACH = 8
"""Pixels around the texture from which keypoints are taken too."""
_KEYPOINTS = 4_000
"""At most; the largest."""
_NEIGHBOURS = 8
"""Keypoints of the index that each votes with."""
_VOTES = 600
"""Poses that are looked at, the strongest first."""
_LEAST_SIDE = 24
"""Pixels of the smallest element that is sought: smaller ones have too few keypoints."""
_SAME = 8
"""Pixels within which two poses of an element are the same."""


def textured(flat: Bools) -> Bools | None:
    """(height, width): where a picture is textured; None if hardly anywhere.

    Args:
        flat: where it is smooth.
    """
    square = np.ones((_STROKE, _STROKE), np.uint8)
    mask = cv2.morphologyEx((~flat).astype(np.uint8), cv2.MORPH_OPEN, square)
    if int(mask.sum()) < _LEAST:
        return None
    around: Bools = cv2.dilate(mask, np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)) > 0
    return around


def by_keypoints(picture: Bytes, where: Bools, index: Index) -> list[Pose]:
    """Poses that keypoints vote for (D. Lowe, "Distinctive image features from scale-invariant keypoints", 2004), the strongest first.

    Args:
        picture: (height, width, 3).
        where: (height, width), True where keypoints are taken.
        index: of the elements.
    """
    found = features(picture, where.astype(np.uint8) * 255, most=_KEYPOINTS, tiled=True)
    poses: list[Pose] = []
    same: dict[tuple[int, bool], list[Pose]] = {}
    for vote in index.votes(found, _NEIGHBOURS, _VOTES):
        if vote.scale * int(index.gallery.sizes[vote.row].max()) < _LEAST_SIDE:
            continue
        number = int(index.gallery.numbers[vote.row])
        others = same.setdefault((number, vote.mirrored), [])
        if all(math.hypot(vote.x - other.cx, vote.y - other.cy) >= _SAME for other in others):
            pose = Pose(number, vote.mirrored, vote.x, vote.y, vote.scale, vote.scale, vote.turn % math.tau)
            others.append(pose)
            poses.append(pose)
    return poses
