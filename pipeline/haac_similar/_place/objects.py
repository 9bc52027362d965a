"""The objects of a photograph, out of a salient-object mask: connected components that are large enough."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from haac_similar._options import SalientObject

_PART = 0.15
"""Of the largest part, that another must have to be an object of its own."""
_LEAST = 0.004
"""Of the photograph, that an object must have."""
_SOLID, _SOFT = 230, 25


def objects_of(mask: npt.NDArray[np.uint8], most: int) -> list[SalientObject]:
    """The objects of a mask, the largest first.

    Args:
        mask: (height, width), 255 where an object is.
        most: so many at most.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count < 2:
        return []
    least = max(_PART * int(areas.max()), _LEAST * mask.size)
    order = [int(n) + 1 for n in np.argsort(-areas, kind="stable") if areas[n] >= least][:most]
    if not order:
        return []
    owner = _owners(labels, order)
    # Parts that are no objects would stretch the boxes of those that are.
    owner[(labels > 0) & ~np.isin(labels, order)] = 0
    return [_found(np.where(owner == n, mask, 0).astype(np.uint8)) for n in order]


def _owners(labels: npt.NDArray[np.int32], order: list[int]) -> npt.NDArray[np.int32]:
    """(height, width) to which object a pixel of the mask belongs: soft edges to the nearest one."""
    if len(order) == 1:
        return np.full(labels.shape, order[0], np.int32)
    seeds: Any = np.where(np.isin(labels, order), 0, 255).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    at = seeds == 0
    names = np.zeros(int(nearest.max()) + 1, np.int32)
    names[nearest[at]] = labels[at]
    return np.asarray(names[nearest], np.int32)


def _found(mask: npt.NDArray[np.uint8]) -> SalientObject:
    inside = mask > 127
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    solid = int((mask >= _SOLID).sum())
    soft = int(((mask > _SOFT) & (mask < _SOLID)).sum())
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return SalientObject(mask, box, float(inside.mean()), soft / max(1, solid))
