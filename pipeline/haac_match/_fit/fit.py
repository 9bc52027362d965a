"""Where an element stands, as real numbers, and how they are fitted to a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from haac_match._fit import levenberg_marquardt, warp
from haac_match._fit.cutout import Cutout
from haac_match._picture.arrays import Bools, Bytes, Doubles, Floats, Integers
from haac_match._picture.pose import Pose

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Fit:
    """What a fit gave.

    Args:
        pose: the best found.
        gain: by how much it lowers the clipped squared error; over all pixels and channels, pixels of the canvas.
        share: of the error in the window (clipped) that it takes away, 0 to 1.
        own: the same, only where the element itself is.
        right: part of what shows the element that is nearly right, on a ground that is not known; else 0.
    """

    pose: Pose
    gain: float
    share: float
    own: float
    right: float = 0.0


CLIP = 45.0
"""Colour distance (root of the sum over the channels) above which an error counts no more: another layer may be there."""


_SHOWS, GUESS = 0.3, 40.0
"""Coverage from which on a pixel shows an element well, and levels by which a ground is off that is guessed."""
_SLACK = 6.0
"""Levels by which a pixel is off that is nearly right; twice as many in a small window."""
_COARSE = 64
"""Pixels of the longer side of a small window."""


class Patch:
    """A window of the picture, made small enough to fit a pose in.

    Args:
        target: (height, width, 3), the picture in the window.
        under: (height, width, 3), what it shows before the element is laid on it.
        hidden: (height, width) bool, True where other layers cover it; or None.
        box: left, top, right, bottom of the window, pixels of the canvas.
        side: the longer side becomes at most so many pixels.
        below: (height, width) bool, True where layers below cover the ground; or None.

    Attributes:
        guessed: whether what is below is a guess.
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
            self.weight = (cover < 0.1).astype(np.float32)
        self.below: Bools | None = None
        if below is not None:
            cover = below.astype(np.float32)
            if factor < 1.0:
                cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
            self.below = cover > 0.99
        nothing = np.zeros((*self.target.shape[:2], 4), np.float32)
        self.guessed = False
        self.before = warp.cost(nothing, self.under, self.target, self.weight, 1.0, CLIP**2)
        self.area = 1 / (self.fx * self.fy)

    @property
    def window(self) -> Doubles:
        """Left, top, and pixels of the window to one of the canvas, across and down."""
        return np.array([self.left, self.top, self.fx, self.fy])

    def warped(self, pose: Pose, cutout: Cutout) -> Floats:
        """(height, width, 4): premultiplied colours and alpha of the element as it stands in the window, before its opacity."""
        out = np.empty((*self.target.shape[:2], 4), np.float32)
        levenberg_marquardt.drawn(cutout.flat, cutout.table, pose.numbers, pose.flip, self.window, out)
        return out


def fit(
    pose: Pose,
    cutout: Cutout,
    patch: Patch,
    iterations: int = 6,
    *,
    free: tuple[str, ...] = ("blur",),
    even: bool = False,
) -> Fit:
    """Levenberg-Marquardt steps on position, turn, both scales, and what else is free, with errors that count less the larger they are.

    Source: K. Levenberg (1944), D. Marquardt (1963); weights of S. Geman and D. McClure (1987).

    Args:
        pose: where to begin.
        cutout: its element.
        patch: the window.
        iterations: at most so many steps.
        free: "blur", or that and "opacity".
        even: keep the relation of the two scales.
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
        CLIP**2,
        iterations,
        _GROUPS[free, even],
        warped,
    )
    best = replace(pose, **dict(zip(levenberg_marquardt.POSE, made.tolist(), strict=True)))
    gain = patch.before - cost
    own = warp.share(warped, *window, best.opacity, CLIP**2)
    right = 0.0
    if patch.guessed:
        slack = _SLACK if max(patch.target.shape[:2]) > _COARSE else 2 * _SLACK
        right = levenberg_marquardt.right(warped, *window, best.opacity, _SHOWS, slack, GUESS)
    return Fit(best, gain * patch.area, gain / max(patch.before, 1e-6), own, right)


def _group(free: tuple[str, ...], even: bool) -> Integers:
    """(COLUMNS,): what may change of the columns, and what together; -1: not."""
    groups = [0, 1, 2, 3, 3 if even else 4, -1, -1]
    for column, name in ((5, "blur"), (6, "opacity")):
        if name in free:
            groups[column] = max(groups) + 1
    return np.array(groups, np.int64)


_FREE: tuple[tuple[str, ...], ...] = (("blur",), ("blur", "opacity"))
_GROUPS = {(free, even): _group(free, even) for free in _FREE for even in (False, True)}
