"""Elements that were made smaller without a low-pass filter: they are aliased, so that a tenth of a pixel changes them.

Source: P. Heckbert, "Fundamentals of texture mapping and image warping" (1989), on what sampling does without a prefilter. Qt, Cairo and
canvases at their quickest settings draw like this.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from haac_match._fit.cutout import Cutout
from haac_match._fit.fit import Patch
from haac_match._fit.kernels import njit
from haac_match._fit.levenberg_marquardt import draw, source_of
from haac_match._fit.warp import cost
from haac_match._picture.arrays import Bytes, Doubles, Floats, Integers
from haac_match._picture.pose import Pose
from haac_match._thresholds.fit import FIT

_MOST_SCALE = 0.6
"""Above it hardly anything is left out between two samples."""
_STEP, _LEAST_STEP, _MOST_STEP = 0.75, 0.06, 0.2
"""Pixels of the element by which it is moved at first, and the least and most of the picture's."""
_REACH = 0.36
"""Pixels of the picture by which a fit with a filter may be off."""
_PROMISING = 0.85
"""Share of the error with a filter from which on sizes are not tried."""
_AGAIN, _FINER = 2, 3
"""Steps of the size in both directions, and of all in the last round, which is so many times finer."""
UPRIGHT = math.radians(2.5)
"""Turns up to which an element is taken for upright."""


def aliased(pose: Pose, cutout: Cutout, patch: Patch, filtered: Floats) -> tuple[Pose, Floats] | None:
    """The pose in which an element, bilinearly sampled, is nearest to a window; None if it cannot be aliased, or is not.

    Args:
        pose: fitted with a low-pass filter.
        cutout: the element.
        patch: the window, as large as in the picture.
        filtered: (height, width, 4), the element in it as that pose has it.

    Returns:
        The pose, and (height, width, 4), the element in it, premultiplied, alpha 0 to 1.
    """
    scale = min(pose.sx, pose.sy)
    if patch.fx < 1 or max(pose.sx, pose.sy) > _MOST_SCALE:
        return None
    clip = float(FIT.clip**2)
    element = cutout.flat, cutout.table
    pixels = patch.under, patch.target, patch.weight
    with_filter = cost(filtered, *pixels, pose.opacity, clip)
    step = min(max(_STEP * scale, _LEAST_STEP), _MOST_STEP)
    out = np.empty((*patch.target.shape[:2], 4), np.float32)
    turn = 0.0 if abs(math.remainder(pose.turn, math.tau)) < UPRIGHT else pose.turn
    best = replace(pose, turn=turn, blur=0.0).numbers
    steps = math.ceil(_REACH / step)
    for count, sizes, by in ((steps, 0, step), (steps, _AGAIN, step), (_AGAIN, _AGAIN, step / _FINER)):
        moves = np.linspace(-count * by, count * by, 2 * count + 1)
        grown = 2 * sizes * by / (scale * max(cutout.size))
        grid = moves, np.exp(np.linspace(-grown, grown, 2 * sizes + 1))
        left = _nearest(element, best, pose.flip, patch.window, pixels, clip, grid, out)
        if left > _PROMISING * with_filter:
            return None
    cx, cy, sx, sy = best.tolist()[:4]
    return replace(pose, cx=cx, cy=cy, sx=sx, sy=sy, turn=turn, blur=0.0), out


@njit(nogil=True, error_model="numpy")
def _nearest(
    element: tuple[Bytes, Integers],
    pose: Doubles,
    flip: bool,
    window: Doubles,
    pixels: tuple[Floats, Floats, Floats],
    clip: float,
    grid: tuple[Doubles, Doubles],
    out: Floats,
) -> float:
    """Exhaustive search around a pose, which becomes the best one, drawn to `out`; its clipped squared error.

    Args:
        element: `flat` and `table` of a `Cutout`.
        pose: (7,), see `haac_match._fit.levenberg_marquardt.POSE`.
        flip: mirrored left and right.
        window: as for `warp_element`.
        pixels: `under`, `target` and `weight` of a `haac_match._fit.fit.Patch`.
        clip: squared distance above which an error counts no more.
        grid: pixels by which the element is moved, across and down, and factors of its size.
        out: (height, width, 4).
    """
    flat, table = element
    under, target, weight = pixels
    moves, factors = grid
    source, margin = source_of(flat, table, 0, 0, 0)
    least, best, trial = math.inf, pose.copy(), pose.copy()
    for factor in factors:
        for down in moves:
            for across in moves:
                trial[0], trial[1] = pose[0] + across, pose[1] + down
                trial[2], trial[3] = pose[2] * factor, pose[3] * factor
                draw(source, margin, table[0], table[0], trial, flip, window, out)
                error = cost(out, under, target, weight, pose[6], clip)
                if error < least:
                    least = error
                    best[:] = trial
    pose[:] = best
    draw(source, margin, table[0], table[0], pose, flip, window, out)
    return least
