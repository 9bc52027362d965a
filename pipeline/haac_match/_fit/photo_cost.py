"""Compositing cost of a layer over an estimated background, compiled; composites exactly as the renderer does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_match._thresholds.fit import FIT, PHOTO_GRID

# Constants of the kernels below.
_NEAR, _RIGHT, _BESIDE, _FAR, _STEEP = (
    PHOTO_GRID.near,
    PHOTO_GRID.right,
    PHOTO_GRID.beside,
    PHOTO_GRID.far,
    PHOTO_GRID.steep,
)
BODY = math.ceil(255 * FIT.body)
"""Alpha from which on a pixel shows a layer well."""
_cover = np.arange(256, dtype=np.float32) / np.float32(255)
TRUST: Floats = np.where(
    np.arange(256) >= BODY, 1 / np.square(1 + PHOTO_GRID.off * (1 - _cover)), 1 / PHOTO_GRID.beside
).astype(np.float32)
"""(256,): weight of a squared error by the alpha of the layer: the less of the background shows, the less its estimate matters."""


@njit(nogil=True, error_model="numpy")
def composited(colour: Any, alpha: Any, under: Any) -> Any:
    """A channel of a colour composited on an opaque one, in the integers of Pillow's `alpha_composite`."""
    mixed = (np.int64(colour) * alpha + np.int64(under) * (255 - alpha)) * 128 + 0x4000
    return (((mixed >> 8) + mixed) >> 8) >> 7


@njit(nogil=True, error_model="numpy")
def cost_without(target: Bytes, under: Bytes, free: Bools) -> Floats:
    """(height, width): cost of each pixel without the layer; for the arguments see `cost_on_estimate`."""
    made = np.zeros(free.shape, np.float32)
    for y in range(free.shape[0]):
        for x in range(free.shape[1]):
            error = np.int64(0)
            for k in range(3):
                off = np.int64(under[y, x, k]) - target[y, x, k]
                error += off * off
            made[y, x] = min(np.float64(error), _FAR) / _BESIDE if free[y, x] else 0
    return made


@njit(nogil=True, error_model="numpy")
def cost_on_estimate(
    target: Bytes,
    under: Bytes,
    free: Bools,
    beside: Floats,
    pixels: Bytes,
    left: int,
    top: int,
) -> tuple[float, int, int]:
    """Cost that an opaque layer adds, and how many of its opaque pixels are right bit for bit, and are not.

    Args:
        target: (height, width, 3), the picture in a window.
        under: (height, width, 3), the estimated background.
        free: (height, width), True where no layer above covers it.
        beside: see `cost_without`.
        pixels: (rows, columns, 4), the layer, drawn; straight alpha.
        left: where in the window it begins, perhaps before it.
        top: the same.
    """
    height, width = free.shape
    cost, right, wrong = 0.0, 0, 0
    for y in range(max(0, top), min(height, top + pixels.shape[0])):
        for x in range(max(0, left), min(width, left + pixels.shape[1])):
            alpha = pixels[y - top, x - left, 3]
            if not free[y, x] or alpha == 0:
                continue
            error = np.int64(0)
            for k in range(3):
                off = composited(pixels[y - top, x - left, k], alpha, under[y, x, k]) - target[y, x, k]
                error += off * off
            cost -= beside[y, x]
            if alpha < BODY:
                cost += min(np.float64(error), _FAR) / _BESIDE
                continue
            cost += (min(np.float64(error) * TRUST[alpha], _NEAR) - _NEAR) * (alpha / 255.0) ** _STEEP
            if alpha == 255:
                if error == 0:
                    right += 1
                    cost -= _RIGHT
                else:
                    wrong += 1
    return cost, right, wrong


@njit(nogil=True, error_model="numpy")
def edge_energy(
    target: Bytes, free: Bools, pixels: Bytes, left: int, top: int, most: int
) -> tuple[float, float, int]:
    """Edge energy of a picture under a translucent layer, and what is left of it once the layer is subtracted; and pixels compared.

    The background is not known, but has no edges where the element has some: they vanish with the right element at the right place, while
    any other one adds its own.

    Args:
        target, free, pixels, left, top: as for `cost_on_estimate`.
        most: alpha of the layer where its element is opaque; only that is looked at.
    """
    height, width = free.shape
    before, after, shown = 0.0, 0.0, 0
    last_y, last_x = min(height, top + pixels.shape[0]), min(width, left + pixels.shape[1])
    for y in range(max(0, top), last_y):
        for x in range(max(0, left), last_x):
            if not free[y, x] or pixels[y - top, x - left, 3] < most:
                continue
            shown += 1
            for down in range(2):
                v, u = y + down, x + 1 - down
                if v >= last_y or u >= last_x or not free[v, u] or pixels[v - top, u - left, 3] < most:
                    continue
                old, new = np.int64(0), np.int64(0)
                for k in range(3):
                    step = np.int64(target[v, u, k]) - np.int64(target[y, x, k])
                    here = composited(pixels[y - top, x - left, k], pixels[y - top, x - left, 3], np.uint8(0))
                    there = composited(
                        pixels[v - top, u - left, k], pixels[v - top, u - left, 3], np.uint8(0)
                    )
                    old += step * step
                    new += (step - there + here) * (step - there + here)
                before += np.sqrt(np.float32(old))
                after += np.sqrt(np.float32(new))
    return before, after, shown
