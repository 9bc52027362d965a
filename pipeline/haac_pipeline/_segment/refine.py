"""Interactive segmentation: a mask corrected by boxes and points that a person gave, through GrabCut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_LONG_SIDE = 640
"""Pixels at which GrabCut runs."""
_MARGIN = 0.1
"""Of mask and hints together, on each side: so much of the background around them GrabCut sees."""
_POINT = 0.01
"""Radius of a point, in long sides of the picture."""
_ROUNDS = 4
"""GrabCut's iterations."""
_ALIKE = 28
"""Levels by which a colour may differ, in each channel, from that of a point whose region it belongs to."""
_UNSURE = 0.02
"""Width of the band along the mask's edge that may change, in long sides of the picture."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A box or a point of a picture, in its pixels, that belongs to the object, or does not."""

    keep: bool
    x: float
    y: float
    width: float = 0
    height: float = 0
    """Both 0: a point."""

    @property
    def is_point(self) -> bool:
        """Whether it is a point."""
        return not self.width and not self.height

    def scaled(self, scale: float) -> Hint:
        """The same place in a picture of another size."""
        return Hint(self.keep, self.x * scale, self.y * scale, self.width * scale, self.height * scale)


def refined(rgb: Bytes, mask: Bytes, hints: Sequence[Hint]) -> Bytes:
    """Correct a mask by hints. It changes only in boxes and in what is connected to points; elsewhere it stays as it is.

    A point counts for a disc around it, and what looks the same around that may follow. All of a box to be removed goes, and
    nothing else; of a box to be kept, the middle (an ellipse of half its sides) is kept for certain, the rest where its colours are
    rather the object's. Where hints disagree, the later one counts.

    Source: C. Rother, V. Kolmogorov, A. Blake, "GrabCut" (SIGGRAPH 2004), as implemented by OpenCV.

    Args:
        rgb: (height, width, 3).
        mask: (height, width), alpha; 255 is the object.
        hints: in pixels of `rgb`.

    Returns:
        (height, width), alpha.
    """
    import cv2

    if not hints:
        return mask
    height, width = mask.shape
    left, top, right, bottom = _around(mask, hints)
    scale = min(1.0, _LONG_SIDE / max(right - left, bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    small = cv2.resize(rgb[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(mask[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    radius = max(2.0, _POINT * max(height, width) * scale)
    moved = [
        Hint(h.keep, (h.x - left) * scale, (h.y - top) * scale, h.width * scale, h.height * scale)
        for h in hints
    ]

    before = coarse > 127
    band = max(2, round(_UNSURE * max(height, width) * scale))
    seeds, points, boxes = _seeds(small, before, moved, radius, band)
    after = _grab_cut(small, seeds)
    # Any other change was asked for by nobody.
    count, labels = cv2.connectedComponents((before != after).astype(np.uint8), connectivity=8)
    reached = np.zeros(count, bool)
    reached[np.unique(labels[points])] = True
    reached[0] = False
    changed = reached[labels] | (boxes & (before != after)) | (boxes & (seeds == cv2.GC_BGD) & (coarse > 0))
    if not changed.any():
        return mask
    changed |= _edge_of(changed, coarse, band)
    target = np.where(changed, np.where(after, 255, 0), coarse).astype(np.uint8)
    # Soft where it was cut anew, as masks of models are.
    target = np.where(
        cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0,
        cv2.GaussianBlur(target, (0, 0), 0.8),
        target,
    )
    where = (
        cv2.resize(changed.astype(np.float32), (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        > 0
    )
    found = mask.copy()
    large = cv2.resize(target, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    found[top:bottom, left:right][where] = large[where]
    return found


def _around(mask: Bytes, hints: Sequence[Hint]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what GrabCut has to see."""
    height, width = mask.shape
    there = mask > 127
    ends = [np.flatnonzero(there.any(axis=axis))[[0, -1]].tolist() if there.any() else [] for axis in (0, 1)]
    xs = [*(h.x for h in hints), *(h.x + h.width for h in hints), *ends[0]]
    ys = [*(h.y for h in hints), *(h.y + h.height for h in hints), *ends[1]]
    margin = 16 + _MARGIN * max(max(xs) - min(xs), max(ys) - min(ys))
    return (
        max(0, int(min(xs) - margin)),
        max(0, int(min(ys) - margin)),
        min(width, int(max(xs) + margin) + 1),
        min(height, int(max(ys) + margin) + 1),
    )


def _edge_of(changed: npt.NDArray[np.bool_], coarse: Bytes, band: int) -> npt.NDArray[np.bool_]:
    """The soft pixels of the mask's former edge that touch what changed: left as they are, they would be a seam or a halo."""
    import cv2

    soft = (coarse > 0) & (coarse < 255)
    reached = changed.astype(np.uint8)
    for _ in range(band):
        reached = np.where(soft | changed, cv2.dilate(reached, np.ones((3, 3), np.uint8)), 0).astype(np.uint8)
    return (reached > 0) & ~changed


def _box(hint: Hint, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The pixels of a box; at least one."""
    left, top = max(0, int(hint.x)), max(0, int(hint.y))
    right, bottom = int(np.ceil(hint.x + hint.width)), int(np.ceil(hint.y + hint.height))
    return slice(min(top, shape[0] - 1), max(top + 1, bottom)), slice(
        min(left, shape[1] - 1), max(left + 1, right)
    )


def _seeds(
    rgb: Bytes, before: npt.NDArray[np.bool_], hints: Sequence[Hint], radius: float, band: int
) -> tuple[Bytes, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """GrabCut's seeds, where the points are, and the boxes."""
    import cv2

    near = np.ones((2 * band + 1,) * 2, np.uint8)
    inside = cv2.erode(before.astype(np.uint8), near) > 0
    outside = cv2.dilate(before.astype(np.uint8), near) == 0
    seeds = np.where(before, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    # What may follow a point is not sure.
    if not any(hint.is_point and not hint.keep for hint in hints):
        seeds[inside] = cv2.GC_FGD
    if not any(hint.is_point and hint.keep for hint in hints):
        seeds[outside] = cv2.GC_BGD
    smooth = cv2.bilateralFilter(rgb, 7, 30, 5)
    points, boxes = np.zeros(before.shape, bool), np.zeros(before.shape, bool)
    for hint in hints:
        drawn = np.zeros(before.shape, np.uint8)
        if hint.is_point:
            centre = min(round(hint.x), before.shape[1] - 1), min(round(hint.y), before.shape[0] - 1)
            # GrabCut learns colours from all seeds, and a few pixels teach it nothing against many.
            alike = _alike(smooth, centre) & (seeds & 2 > 0)
            seeds[alike] = cv2.GC_PR_FGD if hint.keep else cv2.GC_PR_BGD
            cv2.circle(drawn, centre, max(1, round(radius)), 1, -1)
            seeds[drawn > 0] = cv2.GC_FGD if hint.keep else cv2.GC_BGD
            points |= drawn > 0
            continue
        box = _box(hint, before.shape)
        boxes[box] = True
        seeds[box] = np.where(before[box], cv2.GC_FGD, cv2.GC_PR_FGD) if hint.keep else cv2.GC_BGD
        if hint.keep:
            centre = round(hint.x + hint.width / 2), round(hint.y + hint.height / 2)
            axes = max(1, round(hint.width / 4)), max(1, round(hint.height / 4))
            cv2.ellipse(drawn, centre, axes, 0, 0, 360, 1, -1)
            seeds[drawn > 0] = cv2.GC_FGD
    return seeds, points, boxes


def _alike(smooth: Bytes, centre: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """What is connected to a pixel and has nearly its colour."""
    import cv2

    height, width = smooth.shape[:2]
    reached = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    cv2.floodFill(smooth, reached, centre, 0, (_ALIKE,) * 3, (_ALIKE,) * 3, flags)
    return reached[1:-1, 1:-1] > 0


def _grab_cut(rgb: Bytes, seeds: Bytes) -> npt.NDArray[np.bool_]:
    """Where the object is."""
    import cv2

    foreground = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
    if foreground.all() or not foreground.any():  # OpenCV wants some of both
        return np.asarray(foreground)
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), seeds, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD))
