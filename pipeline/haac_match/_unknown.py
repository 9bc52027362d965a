"""A ground that nothing explains: guessed from what is seen around an element, so that its outline can be fitted too."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import cv2
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
    weight = known.astype(np.float32)
    levels = [np.dstack([pixels * weight[:, :, None], weight])]
    while min(levels[-1].shape[:2]) > 1 and levels[-1][:, :, 3].min() < 1:
        last = levels[-1]
        size = (last.shape[1] + 1) // 2, (last.shape[0] + 1) // 2
        levels.append(cv2.resize(last, size, interpolation=cv2.INTER_AREA))
    last = levels[-1]
    total = last[:, :, 3:]
    made = np.where(
        total > 0,
        last[:, :, :3] / np.maximum(total, 1e-6),
        last[:, :, :3].sum((0, 1)) / max(1e-6, total.sum()),
    )
    for level in levels[-2::-1]:
        coarse = cv2.resize(made, (level.shape[1], level.shape[0]), interpolation=cv2.INTER_LINEAR)
        share = np.minimum(level[:, :, 3:], 1)
        made = level[:, :, :3] + (1 - share) * coarse.reshape(*level.shape[:2], 3)
    return np.asarray(made, np.float32)


def around(patch: Patch, pose: Pose, cutout: Cutout) -> Patch:
    """A window whose ground is what is around a pose in it; layers below that are known stay.

    Args:
        patch: its `below` tells where such layers are.
        pose: where the element is, about.
        cutout: its pixels.
    """
    wide = replace(pose, sx=pose.sx * _GROWN, sy=pose.sy * _GROWN, blur=pose.blur + 0.5 / patch.fx)
    free = patch.warped(wide, cutout)[:, :, 3] < 0.02
    free &= patch.weight > 0
    pixels = patch.target
    if patch.below is not None:
        pixels = np.where(patch.below[:, :, None], patch.under, pixels)
        free |= patch.below
    made = copy(patch)
    made.guessed = True
    if free.any():
        made.under = filled(pixels, free)
    nothing = np.zeros((*patch.target.shape[:2], 4), np.float32)
    made.before = _kernel.cost(nothing, made.under, made.target, made.weight, 1.0, CLIP**2)
    return made


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
