"""A ground that nothing explains: guessed from what is seen around an element, so that its outline can be fitted too."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from numba import njit

from haac_match import _kernel
from haac_match._pose import CLIP, Cutout, Patch, Pose

Floats = npt.NDArray[np.float32]

_GROWN = 1.06
"""By so much is an element taken for larger than its pose says: what is beside it must be the ground for sure."""


def filled(pixels: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Pixels that are not known, from those around them: means of ever coarser squares, smoothly put together.

    Source: S. Gortler, R. Grzeszczuk, R. Szeliski, M. Cohen, "The lumigraph" (1996), pull and push.

    Args:
        pixels: (height, width, 3).
        known: (height, width).
    """
    made: Floats = _filled(pixels, known)
    return made


@njit(cache=True, nogil=True, error_model="numpy")
def _filled(pixels: Floats, known: npt.NDArray[np.bool_]) -> Floats:
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


def around(patch: Patch, pose: Pose, cutout: Cutout) -> Patch:
    """A window whose ground is what is around a pose in it; layers below that are known stay.

    Args:
        patch: its `below` tells where such layers are.
        pose: where the element is, about.
        cutout: its pixels.
    """
    wide = replace(pose, sx=pose.sx * _GROWN, sy=pose.sy * _GROWN, blur=pose.blur + 0.5 / patch.fx)
    made = copy(patch)
    made.guessed = True
    cover = patch.warped(wide, cutout)
    made.under, made.before = _around(
        cover, patch.target, patch.under, patch.weight, _NONE if patch.below is None else patch.below, CLIP**2
    )
    return made


_NONE = np.zeros((0, 0), np.bool_)
_CLEAR = 0.02
"""Coverage below which the ground is seen."""


@njit(cache=True, nogil=True, error_model="numpy")
def _around(
    cover: Floats, target: Floats, under: Floats, weight: Floats, below: npt.NDArray[np.bool_], clip: float
) -> tuple[Floats, float]:
    """What is behind something that covers so much, and the clipped squared error of that."""
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
    return made, _kernel.cost(cover, made, target, weight, 1.0, clip)


def through(
    target: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8], shows: npt.NDArray[np.bool_]
) -> tuple[float, float, int]:
    """How much neighbouring pixels of a picture differ, and how much once something translucent is taken away; and pixels compared.

    What is behind it is not known. But a ground has no edges where the element has some: they go with the right element at the right place,
    while any other one adds its own.

    Args:
        target: (height, width, 3).
        colours: (height, width, 3), what the element adds: its colours times its opacity.
        shows: (height, width), where its opacity is the same.
    """
    before, after, shown = _steps(target, colours, shows)
    return float(before), float(after), int(shown)


@njit(cache=True, nogil=True, error_model="numpy")
def _steps(
    target: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8], shows: npt.NDArray[np.bool_]
) -> tuple[float, float, int]:
    height, width = shows.shape
    before, after, shown = 0.0, 0.0, 0
    for y in range(height):
        for x in range(width):
            if not shows[y, x]:
                continue
            shown += 1
            for down in range(2):
                v, u = y + down, x + 1 - down
                if v >= height or u >= width or not shows[v, u]:
                    continue
                old, new = np.int32(0), np.int32(0)
                for k in range(3):
                    step = np.int32(target[v, u, k]) - np.int32(target[y, x, k])
                    added = np.int32(colours[v, u, k]) - np.int32(colours[y, x, k])
                    old += step * step
                    new += (step - added) * (step - added)
                before += np.sqrt(np.float32(old))
                after += np.sqrt(np.float32(new))
    return before, after, shown


BODY = 77
"""Alpha from which on a pixel shows a layer well, 0 to 255."""
NEAR, RIGHT, BESIDE = 144, 48, 10
"""Squared distance from which on a pixel is wrong that is opaque, what one that is right bit for bit is worth besides, and by how much
less errors of pixels count that show more of the ground."""
_FAR = 400
"""Squared distance above which an error of a pixel that shows the ground counts no more."""
TELLING = 40
"""Opaque pixels from which on those that are right tell whether a layer is."""
_OFF = 5.0
"""How many times as far as an opaque one a pixel may be off that shows the ground alone, plus one."""
_cover = np.arange(256, dtype=np.float32) / np.float32(255)
TRUST: Floats = np.where(np.arange(256) >= BODY, 1 / np.square(1 + _OFF * (1 - _cover)), 1 / BESIDE).astype(
    np.float32
)
"""(256,): weight of a squared error by the alpha of the layer: the less of the ground is seen, the less a wrong guess of it matters."""


@njit(cache=True, nogil=True, error_model="numpy")
def _guessed(
    error: npt.NDArray[np.int32],
    alpha: npt.NDArray[np.uint8],
    free: npt.NDArray[np.bool_],
    trust: Floats,
) -> tuple[float, int, int]:
    cost, right, wrong = 0.0, 0, 0
    for y in range(error.shape[0]):
        for x in range(error.shape[1]):
            if not free[y, x]:
                continue
            a = alpha[y, x]
            if a < BODY:
                cost += min(np.float64(error[y, x]), _FAR) / BESIDE
                continue
            cost += (min(np.float64(error[y, x]) * trust[a], NEAR) - NEAR) * (a / 255.0) ** 4
            if a == 255:
                if error[y, x] == 0:
                    right += 1
                    cost -= RIGHT
                else:
                    wrong += 1
    return cost, right, wrong


def guessed(
    error: npt.NDArray[np.int32], alpha: npt.NDArray[np.uint8], free: npt.NDArray[np.bool_]
) -> tuple[int, int, int]:
    """What a layer costs where the ground is a guess, and how many opaque pixels are right bit for bit, and are not.

    Args:
        error: (height, width), squared distance from the picture.
        alpha: (height, width), of the layer.
        free: (height, width), True where no other layer is before it.
    """
    cost, right, wrong = _guessed(error, alpha, free, TRUST)
    return round(cost), int(right), int(wrong)
