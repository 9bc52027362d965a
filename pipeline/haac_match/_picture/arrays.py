"""Types of arrays and boxes, and box arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

Box = tuple[int, int, int, int]
"""left, top, right, bottom"""


def overlap(a: Box, b: Box) -> Box | None:
    """Intersection of two boxes; None if it is empty."""
    box = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return box if box[0] < box[2] and box[1] < box[3] else None


def area(box: Box) -> int:
    """Pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def squared(a: Bytes, b: Bytes) -> npt.NDArray[np.int32]:
    """(height, width): squared colour distance of two pictures, (height, width, 3)."""
    difference = a.astype(np.int16) - b
    total: npt.NDArray[np.int32] = np.einsum("ijk,ijk->ij", difference, difference, dtype=np.int32)
    return total
