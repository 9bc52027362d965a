"""Forward transform: colours to opponent planes, CDF 9/7 wavelet and DCT, in floating point; the inverse of `_wash.synthesis`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from haac._wash.synthesis import COLOUR, LIFT, cosines

Floats = NDArray[np.float64]

LOWEST_NORM = 1.06
"""Norm of a coefficient of the lowest band, of a transform whose other bands have the norm 1."""


def opponent(colours: Floats) -> Floats:
    """Colour transform: (y, x, RGB), levels, to (luma and two opponent colours, y, x), 0 in the middle."""
    matrix = COLOUR.T / 16384
    planes: Floats = np.einsum("cr,hwr->chw", matrix, colours - 128)
    return planes


def unpremultiplied(premultiplied: Floats, alpha: Floats) -> Floats:
    """Un-premultiply (pull-push): straight colours; under full transparency the colours around are unpremultiplied smoothly.

    Args:
        premultiplied: (y, x, RGB), levels.
        alpha: (y, x), 0 to 255.
    """
    weight = alpha[..., None] / 255
    if min(alpha.shape) < 2:
        mean = premultiplied.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        flat: Floats = np.where(weight > 0.05, premultiplied / np.maximum(weight, 0.05), mean)
        return flat
    height, width = alpha.shape
    even = np.pad(np.concatenate([premultiplied, weight], 2), ((0, height % 2), (0, width % 2), (0, 0)))
    quarter = even.reshape((height + 1) // 2, 2, (width + 1) // 2, 2, 4).mean((1, 3))
    coarse = unpremultiplied(quarter[..., :3], quarter[..., 3] * 255)
    around = np.repeat(np.repeat(coarse, 2, 0), 2, 1)[:height, :width]
    share = np.minimum(weight, 1)
    full: Floats = np.clip(premultiplied + around * (1 - share), 0, 255)
    return full


def analysed(planes: Floats, levels: int) -> list[Floats]:
    """Wavelet analysis of (channel, y, x): the lowest band, then for each level from the coarsest HL, LH, HH."""
    bands: list[Floats] = []
    for _ in range(levels):
        low, high = _split(planes, 2)
        (planes, lh), (hl, hh) = _split(low, 1), _split(high, 1)
        bands = [hl, lh, hh, *bands]
    down, across = cosines(planes.shape[1]) / 16384, cosines(planes.shape[2]) / 16384
    return [down @ planes @ across.T, *bands]


def _split(planes: Floats, axis: int) -> tuple[Floats, Floats]:
    """One level of the wavelet by lifting along an axis: low and high half."""
    x = np.moveaxis(planes, axis, 0)
    even, odd = x[0::2].copy(), x[1::2].copy()
    if len(odd):
        a, b, c, d, gain = (weight / 16384 for weight in LIFT)
        for weights in ((a, b), (c, d)):
            right = even[1:] if len(even) > len(odd) else np.concatenate([even[1:], even[-1:]])
            odd += weights[0] * (even[: len(odd)] + right)
            after = odd if len(odd) == len(even) else np.concatenate([odd, odd[-1:]])
            even += weights[1] * (np.concatenate([odd[:1], odd])[: len(even)] + after)
        even /= gain
    return np.moveaxis(even, 0, axis), np.moveaxis(odd, 0, axis)
