"""Multi-scale structural similarity (Wang, Simoncelli, Bovik 2003)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales, the finest first, as published."""
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
LEAST = _WINDOW * 2 ** (len(_WEIGHTS) - 1)
"""Pixels of the shorter side that five scales need."""

Plane = npt.NDArray[np.float64]


def ms_ssim(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float | None:
    """Structural similarity of brightness at five scales, each half as large as the one before.

    Args:
        a: (height, width, 3), RGB.
        b: the same.

    Returns:
        At most 1; None where the shorter side has less than `LEAST` pixels.
    """
    if min(a.shape[:2]) < LEAST:
        return None
    x, y = _brightness(a), _brightness(b)
    found = 1.0
    for scale, weight in enumerate(_WEIGHTS):
        structure, whole = _terms(x, y)
        last = scale == len(_WEIGHTS) - 1
        found *= max(whole if last else structure, 0.0) ** weight
        if not last:
            x, y = _halved(x), _halved(y)
    return found


def _brightness(pixels: npt.NDArray[np.uint8]) -> Plane:
    plane: Plane = pixels @ np.array([0.299, 0.587, 0.114])
    return plane


def _halved(plane: Plane) -> Plane:
    """Means of 2x2 pixels; an odd last row or column is left out."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    mean: Plane = plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
    return mean


def _terms(x: Plane, y: Plane) -> tuple[float, float]:
    """Means of contrast and structure, and of those with luminance, over all whole windows."""
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    structure = (2 * covariance + _C2) / (var_x + var_y + _C2)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return float(structure.mean()), float((luminance * structure).mean())


def _blurred(plane: Plane) -> Plane:
    """By a Gaussian, where its window lies wholly within the plane."""
    from scipy import ndimage

    across = np.exp(-((np.arange(_WINDOW) - _WINDOW // 2) ** 2) / (2 * _SIGMA**2))
    across /= across.sum()
    correlate: Any = ndimage.correlate1d
    edge = _WINDOW // 2
    blurred: Plane = correlate(correlate(plane, across, axis=0), across, axis=1)[edge:-edge, edge:-edge]
    return blurred
