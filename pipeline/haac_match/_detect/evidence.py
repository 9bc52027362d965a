"""How well a fitted element explains a place: measures that do not depend on who drew the picture, and the likelihood they make."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from haac_match._fit.fit import Patch
from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Bytes, Doubles, Floats

_SHOWS, _EDGE = 0.5, 0.1
"""Alpha of what is inside of an element, and of its edge."""
_RIM = 1.5
"""Pixels around an element in which the background must show."""
_CLIP = 60.0
"""Levels beyond which an error counts no more."""
_WRONG, _WRONG_BESIDE = 40, 30
"""Levels from which on a pixel is wrong, in the element and beside it."""
_PLAIN = 10.0
"""Levels of contrast within an element below which its inner structure tells nothing."""
_LEAST = 6
"""Pixels of the window that must show it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Measures of one fit.

    Args:
        unexplained: share of the (clipped, squared) difference from the background that the element leaves.
        explained: what it takes away, levels squared times pixels.
        structure: share of the element's inner contrast that is left, beyond a shift of all its colours.
        beside: share of the pixels just beside it that are not the background.
        wrong: share of its pixels that are wrong.
        contrast: within the element, levels.
        shift: of its mean colour, levels.
        pixels: of the picture that show it.
    """

    unexplained: float
    explained: float
    structure: float
    beside: float
    wrong: float
    contrast: float
    shift: float
    pixels: float


def measure(patch: Patch, warped: Floats) -> Evidence | None:
    """Measure a fit in its window; None if the element hardly shows there.

    Args:
        patch: the window.
        warped: (height, width, 4), the element in it, premultiplied, alpha 0 to 1.
    """
    alpha = warped[:, :, 3]
    reach = 2 * max(1, round(_RIM * patch.fx)) + 1
    counts = cv2.dilate((alpha > _EDGE).astype(np.uint8), np.ones((reach, reach), np.uint8))
    shown, left, whole, variance, structure, wrong, shift, seen, beside = _sums(
        warped, patch.under, patch.target, counts
    ).tolist()
    if shown < _LEAST:
        return None
    whole = max(whole, 1.0)
    return Evidence(
        unexplained=left / whole,
        explained=(whole - left) * patch.area,
        structure=structure / max(variance, shown * _PLAIN**2),
        beside=beside / seen if seen else 1.0,
        wrong=wrong / shown,
        contrast=math.sqrt(variance / shown),
        shift=shift,
        pixels=shown * patch.area,
    )


@njit(nogil=True, error_model="numpy")
def _sums(warped: Floats, under: Floats, target: Floats, counts: Bytes) -> Doubles:
    """What is measured in a window, in one pass.

    Args:
        warped: (height, width, 4), the element, premultiplied.
        under: (height, width, 3), what is behind it.
        target: (height, width, 3), the picture.
        counts: (height, width), 1 in the element and just beside it.

    Returns:
        Pixels that show the element; clipped squared error with it, and without; squared deviations of its colours, and of its errors,
        from their means; wrong pixels in it; the largest mean error of a channel; pixels beside it; wrong ones of those.
    """
    out = np.zeros(9)
    own, own_squares, off, off_squares = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    for y in range(counts.shape[0]):
        for x in range(counts.shape[1]):
            alpha = warped[y, x, 3]
            if not counts[y, x] and alpha <= _SHOWS:
                continue
            before, after = 0.0, 0.0
            for k in range(3):
                made = warped[y, x, k] + (1 - alpha) * under[y, x, k]
                error = target[y, x, k] - made
                before = max(before, abs(target[y, x, k] - under[y, x, k]))
                after = max(after, abs(error))
                if alpha > _SHOWS:
                    own[k] += made
                    own_squares[k] += made * made
                    off[k] += error
                    off_squares[k] += error * error
            if counts[y, x]:
                out[1] += min(after, _CLIP) ** 2
                out[2] += min(before, _CLIP) ** 2
                if alpha < _EDGE:
                    out[7] += 1
                    out[8] += after > _WRONG_BESIDE
            if alpha > _SHOWS:
                out[0] += 1
                out[5] += after > _WRONG
    for k in range(3):
        if out[0]:
            # Rounding makes that of a flat element a little less than 0.
            out[3] += max(0.0, own_squares[k] - own[k] ** 2 / out[0])
            out[4] += max(0.0, off_squares[k] - off[k] ** 2 / out[0])
            out[6] = max(out[6], abs(off[k]) / out[0])
    return out
