"""Pull-push inpainting of an unknown background around a candidate, so that its outline can be fitted."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np

from haac_match._fit import warp
from haac_match._fit.cutout import Cutout
from haac_match._fit.fit import Patch
from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Bools, Floats
from haac_match._picture.pose import Pose
from haac_match._thresholds.fit import FIT

_CLEAR = FIT.clear
_NONE = np.zeros((0, 0), np.bool_)


def inpainted(pixels: Floats, known: Bools) -> Floats:
    """Pull-push inpainting: unknown pixels from the means of ever coarser squares around them, bilinearly interpolated.

    Source: S. Gortler, R. Grzeszczuk, R. Szeliski, M. Cohen, "The lumigraph" (1996), pull and push.

    Args:
        pixels: (height, width, 3).
        known: (height, width), True where a pixel is kept.
    """
    made: Floats = _filled(pixels, known)
    return made


@njit(nogil=True, error_model="numpy")
def _filled(pixels: Floats, known: Bools) -> Floats:
    height, width = known.shape
    level = np.zeros((height, width, 4), np.float32)
    for y in range(height):
        for x in range(width):
            if known[y, x]:
                for k in range(3):
                    level[y, x, k] = pixels[y, x, k]
                level[y, x, 3] = 1
    levels = [level]
    while min(height, width) > 1 and level[:, :, 3].min() < 1:
        height, width = (height + 1) // 2, (width + 1) // 2
        half = np.zeros((height, width, 4), np.float32)
        for y in range(level.shape[0]):
            for x in range(level.shape[1]):
                for k in range(4):
                    half[y // 2, x // 2, k] += level[y, x, k]
        for y in range(height):
            for x in range(width):
                pieces = (min(2, level.shape[0] - 2 * y)) * (min(2, level.shape[1] - 2 * x))
                for k in range(4):
                    half[y, x, k] /= pieces
        level = half
        levels.append(level)
    mean, total = np.zeros(3, np.float32), np.float32(1e-6)
    for y in range(height):
        for x in range(width):
            total += level[y, x, 3]
            for k in range(3):
                mean[k] += level[y, x, k]
    made = np.empty((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            for k in range(3):
                share = level[y, x, 3]
                made[y, x, k] = level[y, x, k] / share if share > 0 else mean[k] / total
    for at in range(len(levels) - 2, -1, -1):
        level, coarse = levels[at], made
        height, width = level.shape[0], level.shape[1]
        made = np.empty((height, width, 3), np.float32)
        for y in range(height):
            v = min(max((y - 0.5) / 2, 0.0), coarse.shape[0] - 1.0)
            above = int(v)
            below, fy = min(above + 1, coarse.shape[0] - 1), np.float32(v - above)
            for x in range(width):
                share = level[y, x, 3]
                u = min(max((x - 0.5) / 2, 0.0), coarse.shape[1] - 1.0)
                left = int(u)
                right, fx = min(left + 1, coarse.shape[1] - 1), np.float32(u - left)
                for k in range(3):
                    upper = coarse[above, left, k] + fx * (coarse[above, right, k] - coarse[above, left, k])
                    lower = coarse[below, left, k] + fx * (coarse[below, right, k] - coarse[below, left, k])
                    made[y, x, k] = level[y, x, k] + (1 - share) * (upper + fy * (lower - upper))
    return made


def with_inpainted(patch: Patch, pose: Pose, cutout: Cutout) -> Patch:
    """A window whose background is inpainted from what is around a pose; layers below that are known stay.

    Args:
        patch: its `below` tells where such layers are.
        pose: where the element is, about.
        cutout: its pixels.
    """
    # A larger element, so that what is beside it is the background for sure.
    wide = replace(
        pose, sx=pose.sx * FIT.grown, sy=pose.sy * FIT.grown, blur=pose.blur + FIT.grown_blur / patch.fx
    )
    made = copy(patch)
    made.inpainted = True
    cover = patch.warped(wide, cutout)
    made.under, made.before = _around(
        cover,
        patch.target,
        patch.under,
        patch.weight,
        _NONE if patch.below is None else patch.below,
        float(FIT.clip**2),
    )
    return made


@njit(nogil=True, error_model="numpy")
def _around(
    cover: Floats, target: Floats, under: Floats, weight: Floats, below: Bools, clip: float
) -> tuple[Floats, float]:
    """Background under an element of this coverage, and its clipped squared error. `cover` is overwritten."""
    height, width = weight.shape
    pixels, known = target.copy(), np.empty((height, width), np.bool_)
    some = False
    for y in range(height):
        for x in range(width):
            known[y, x] = cover[y, x, 3] < _CLEAR and weight[y, x] > 0
            if below.size and below[y, x]:
                known[y, x] = True
                pixels[y, x] = under[y, x]
            some |= known[y, x]
    made = _filled(pixels, known) if some else under
    cover[:] = 0
    return made, warp.cost(cover, made, target, weight, 1.0, clip)
