"""Refinement of a pose in a window: robust Levenberg-Marquardt on the warped element."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from haac_match._fit import levenberg_marquardt, warp
from haac_match._fit.cutout import Cutout
from haac_match._picture.arrays import Bools, Bytes, Doubles, Floats, Integers
from haac_match._picture.pose import Pose
from haac_match._thresholds.fit import FIT


@dataclass(frozen=True, slots=True)
class Fit:
    """A refined pose, and how much of the error it explains.

    Args:
        pose: the best found.
        gain: by how much it lowers the clipped squared error; over all pixels and channels, pixels of the canvas.
        share: of the clipped error in the window that it takes away, 0 to 1.
        own: the same, only where the element itself is.
        right: share of the element's pixels that are nearly right on an inpainted background; 0 on a known one.
    """

    pose: Pose
    gain: float
    share: float
    own: float
    right: float = 0.0


class Patch:
    """A window of the picture, downscaled, in which poses are fitted.

    Args:
        target: (height, width, 3), the picture in the window.
        under: (height, width, 3), background and layers that the element is composited on.
        hidden: (height, width) bool, True where other layers cover it; or None.
        box: left, top, right, bottom of the window, pixels of the canvas.
        side: the longer side becomes at most so many pixels.
        below: (height, width) bool, True where layers below cover the background; or None.

    Attributes:
        weight: (height, width), 1 where a pixel counts, else 0.
        inpainted: whether `under` is an inpainted background.
        before: clipped squared error without the element, pixels of the window.
        area: pixels of the canvas to one of the window.
    """

    def __init__(
        self,
        target: Bytes,
        under: Bytes,
        hidden: Bools | None,
        box: tuple[int, int, int, int],
        side: int,
        below: Bools | None = None,
    ) -> None:
        left, top, right, bottom = box
        factor = min(1.0, side / max(right - left, bottom - top))
        size = max(2, round((right - left) * factor)), max(2, round((bottom - top) * factor))
        self.left, self.top = left, top
        self.fx, self.fy = size[0] / (right - left), size[1] / (bottom - top)

        def small(pixels: Bytes) -> Floats:
            if factor < 1.0:
                pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            return pixels.astype(np.float32)

        self.target, self.under = small(target), small(under)
        self.weight = np.ones(self.target.shape[:2], np.float32)
        if hidden is not None:
            cover = hidden.astype(np.float32)
            if factor < 1.0:
                cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
            self.weight = (cover < FIT.uncovered).astype(np.float32)
        self.below: Bools | None = None
        if below is not None:
            cover = below.astype(np.float32)
            if factor < 1.0:
                cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
            self.below = cover > FIT.covered
        nothing = np.zeros((*self.target.shape[:2], 4), np.float32)
        self.inpainted = False
        self.before = warp.cost(nothing, self.under, self.target, self.weight, 1.0, float(FIT.clip**2))
        self.area = 1 / (self.fx * self.fy)

    @property
    def window(self) -> Doubles:
        """(4,): left, top, and pixels of the window to one of the canvas, across and down."""
        return np.array([self.left, self.top, self.fx, self.fy])

    def warped(self, pose: Pose, cutout: Cutout) -> Floats:
        """(height, width, 4): the element warped into the window, premultiplied, before its opacity."""
        out = np.empty((*self.target.shape[:2], 4), np.float32)
        levenberg_marquardt.warp_element(cutout.flat, cutout.table, pose.numbers, pose.flip, self.window, out)
        return out


def fit(
    pose: Pose,
    cutout: Cutout,
    patch: Patch,
    iterations: int,
    *,
    free: tuple[str, ...] = ("blur",),
    even: bool = False,
) -> Fit:
    """Levenberg-Marquardt on position, turn, scales, and what else is free; robust errors (Geman-McClure).

    Source: K. Levenberg (1944), D. Marquardt (1963); weights of S. Geman and D. McClure (1987).

    Args:
        pose: where to begin.
        cutout: its element.
        patch: the window.
        iterations: at most so many steps.
        free: "blur", or that and "opacity".
        even: keep the ratio of the two scales.
    """
    warped = np.empty((*patch.target.shape[:2], 4), np.float32)
    window = patch.under, patch.target, patch.weight
    made, cost = levenberg_marquardt.descend(
        cutout.flat,
        cutout.table,
        pose.numbers,
        pose.flip,
        patch.window,
        *window,
        float(FIT.clip**2),
        iterations,
        _GROUPS[free, even],
        warped,
    )
    best = replace(pose, **dict(zip(levenberg_marquardt.POSE, made.tolist(), strict=True)))
    gain = patch.before - cost
    own = warp.share(warped, *window, best.opacity, float(FIT.clip**2))
    right = 0.0
    if patch.inpainted:
        slack = FIT.slack * (FIT.small_slack if max(patch.target.shape[:2]) <= FIT.small else 1)
        right = levenberg_marquardt.right_share(warped, *window, best.opacity, FIT.body, slack, FIT.guess)
    return Fit(best, gain * patch.area, gain / max(patch.before, 1e-6), own, right)


def _group(free: tuple[str, ...], even: bool) -> Integers:
    """(COLUMNS,): which columns change together, by number of the group; -1: not at all."""
    groups = [0, 1, 2, 3, 3 if even else 4, -1, -1]
    for column, name in ((5, "blur"), (6, "opacity")):
        if name in free:
            groups[column] = max(groups) + 1
    return np.array(groups, np.int64)


_FREE: tuple[tuple[str, ...], ...] = (("blur",), ("blur", "opacity"))
_GROUPS = {(free, even): _group(free, even) for free in _FREE for even in (False, True)}
