"""Bilinear warp, robust error, and normal equations of a Levenberg-Marquardt step: compiled inner loops of the fit."""

from __future__ import annotations

import numpy as np

from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Doubles, Floats
from haac_match._thresholds.fit import FIT

COLUMNS = 7
"""Of the Jacobian: x, y, turn, scale across, scale down, variance of the blur, opacity."""
_OWN = FIT.own


@njit(nogil=True, error_model="numpy")
def warp(source: Floats, matrix: Doubles, out: Floats) -> None:
    """Bilinear sampling of (height, width, 4) pixels at `matrix` (2, 3) times window coordinates; zero outside."""
    height, width = source.shape[0], source.shape[1]
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            u = matrix[0, 0] * i + matrix[0, 1] * j + matrix[0, 2]
            v = matrix[1, 0] * i + matrix[1, 1] * j + matrix[1, 2]
            if u <= -1 or v <= -1 or u >= width or v >= height:
                for k in range(4):
                    out[j, i, k] = 0
                continue
            x, y = int(np.floor(u)), int(np.floor(v))
            fx, fy = np.float32(u - x), np.float32(v - y)
            one = np.float32(1)
            for k in range(4):
                total = np.float32(0)
                if y >= 0:
                    if x >= 0:
                        total += source[y, x, k] * (one - fx) * (one - fy)
                    if x + 1 < width:
                        total += source[y, x + 1, k] * fx * (one - fy)
                if y + 1 < height:
                    if x >= 0:
                        total += source[y + 1, x, k] * (one - fx) * fy
                    if x + 1 < width:
                        total += source[y + 1, x + 1, k] * fx * fy
                out[j, i, k] = total


@njit(nogil=True, error_model="numpy")
def cost(warped: Floats, under: Floats, target: Floats, weight: Floats, opacity: float, clip: float) -> float:
    """Sum of squared colour distances, each clipped at `clip`, of an element composited on `under`."""
    total = 0.0
    strength = np.float32(opacity)
    for j in range(warped.shape[0]):
        for i in range(warped.shape[1]):
            if weight[j, i] == 0:
                continue
            square = np.float32(0)
            rest = np.float32(1) - warped[j, i, 3] * strength
            for k in range(3):
                off = warped[j, i, k] * strength + rest * under[j, i, k] - target[j, i, k]
                square += off * off
            total += min(square, clip) * weight[j, i]
    return total


@njit(nogil=True, error_model="numpy")
def share(
    warped: Floats, under: Floats, target: Floats, weight: Floats, opacity: float, clip: float
) -> float:
    """Share of the clipped error, where the element itself is, that it takes away."""
    before, after = 0.0, 0.0
    strength = np.float32(opacity)
    for j in range(warped.shape[0]):
        for i in range(warped.shape[1]):
            if weight[j, i] == 0 or warped[j, i, 3] < _OWN:
                continue
            old, new = np.float32(0), np.float32(0)
            rest = np.float32(1) - warped[j, i, 3] * strength
            for k in range(3):
                off = under[j, i, k] - target[j, i, k]
                old += off * off
                off = warped[j, i, k] * strength + rest * under[j, i, k] - target[j, i, k]
                new += off * off
            before += clip if old > clip else float(old)
            after += clip if new > clip else float(new)
    return 1 - after / before if before > 0 else 0.0


@njit(nogil=True, error_model="numpy")
def system(
    warped: Floats,
    under: Floats,
    target: Floats,
    weight: Floats,
    opacity: float,
    clip: float,
    fx: float,
    fy: float,
    left: float,
    top: float,
    cos: float,
    sine: float,
    hessian: Doubles,
    gradient: Doubles,
) -> None:
    """Normal equations (J'WJ, J'Wr) of all COLUMNS, with the weights of Geman and McClure.

    Args:
        fx, fy: pixels of the window to one of the canvas.
        left, top: the window's corner, from the centre of the element, pixels of the canvas.
        hessian: (COLUMNS, COLUMNS), its upper triangle is written.
        gradient: (COLUMNS,), written.
    """
    height, width = warped.shape[0], warped.shape[1]
    hessian[:] = 0
    gradient[:] = 0
    column = np.zeros(COLUMNS, np.float32)
    strength = np.float32(opacity)
    half_x, half_y, bend = np.float32(fx / 2), np.float32(fy / 2), np.float32(fx * fy / 2)
    c, s = np.float32(cos), np.float32(sine)
    for j in range(height):
        above, below = max(j - 1, 0), min(j + 1, height - 1)
        dy = np.float32(top + (j + 0.5) / fy)
        for i in range(width):
            before, after = max(i - 1, 0), min(i + 1, width - 1)
            near = (
                warped[j, i, 3]
                + warped[j, before, 3]
                + warped[j, after, 3]
                + warped[above, i, 3]
                + warped[below, i, 3]
            )
            if near == 0 or weight[j, i] == 0:
                continue
            dx = np.float32(left + (i + 0.5) / fx)
            a, b = c * dx - s * dy, s * dx + c * dy
            alpha_x = (warped[j, after, 3] - warped[j, before, 3]) * half_x
            alpha_y = (warped[below, i, 3] - warped[above, i, 3]) * half_y
            alpha = warped[j, i, 3]
            alpha_bend = near - 5 * alpha
            rest = np.float32(1) - alpha * strength
            square = np.float32(0)
            for k in range(3):
                off = warped[j, i, k] * strength + rest * under[j, i, k] - target[j, i, k]
                square += off * off
            share = np.float32(1) + square / np.float32(clip)
            w = weight[j, i] / (share * share)
            for k in range(3):
                behind = under[j, i, k]
                here = warped[j, i, k]
                off = here * strength + rest * behind - target[j, i, k]
                gx = ((warped[j, after, k] - warped[j, before, k]) * half_x - alpha_x * behind) * strength
                gy = ((warped[below, i, k] - warped[above, i, k]) * half_y - alpha_y * behind) * strength
                around = (
                    warped[j, before, k]
                    + warped[j, after, k]
                    + warped[above, i, k]
                    + warped[below, i, k]
                    - 4 * here
                )
                column[0] = -gx
                column[1] = -gy
                column[2] = gy * dx - gx * dy
                column[3] = (gy * s - gx * c) * a
                column[4] = -(gx * s + gy * c) * b
                column[5] = (around - alpha_bend * behind) * bend * strength
                column[6] = here - alpha * behind
                for p in range(COLUMNS):
                    wp = w * column[p]
                    gradient[p] += wp * off
                    for q in range(p, COLUMNS):
                        hessian[p, q] += wp * column[q]
