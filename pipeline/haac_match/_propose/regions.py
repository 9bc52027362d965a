"""Connected components of the unexplained pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from haac_match._picture.arrays import Bools, Box


@dataclass(frozen=True, slots=True)
class Region:
    """A connected part of the picture that no layer explains.

    Args:
        box: left, top, right, bottom.
        mask: (height, width) of the box.
    """

    box: Box
    mask: Bools

    @property
    def area(self) -> int:
        """Pixels."""
        return int(self.mask.sum())


def regions(unexplained: Bools, closing: int, smallest: int) -> list[Region]:
    """Connected components, the largest first.

    Args:
        unexplained: (height, width), True where nothing explains the picture.
        closing: parts that are nearer to each other than twice this, pixels, are one.
        smallest: least pixels of a region.
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
