"""How well a fitted element explains a place: measures that do not depend on who drew the picture, and the likelihood they make."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from haac_match._fit.fit import Patch
from haac_match._fit.kernels import njit
from haac_match._picture.arrays import Bools, Bytes, Doubles, Floats

_SHOWS, _EDGE = 0.5, 0.1
"""Alpha of what is inside of an element, and of its edge."""
_RIM = 1.5
"""Pixels around an element in which the background must show."""
_CLIP = 60.0
"""Levels beyond which an error counts no more."""
_NOISE = 1.0
"""Levels squared that are added to errors: smaller ones tell nothing."""
_COLOUR_BITS = 3
"""Of each channel of a colour; finer differences may come of noise."""
_LEAST = 6
"""Pixels of the window that must show it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Measures of one fit.

    Args:
        unexplained: share of the (clipped, squared) difference from the background that the element leaves.
        explained: what it takes away, levels squared times pixels.
        inside: mean squared error in the element, over the mean squared difference from the background.
        beside: the same just beside it, where the background must show.
        edges: correlation of the picture's gradients with the element's, in and just beside it.
        inner_edges: the same without its outline.
        colours: entropy of its colours, bits: the fewer, the more places look like it.
        pixels: of the picture that show it.
    """

    unexplained: float
    explained: float
    inside: float
    beside: float
    edges: float
    inner_edges: float
    colours: float
    pixels: float


def measure(patch: Patch, warped: Floats) -> Evidence | None:
    """Measure a fit in its window; None if the element hardly shows there.

    Args:
        patch: the window.
        warped: (height, width, 4), the element in it, premultiplied, alpha 0 to 1.
    """
    made, counts, sums = _compared(patch, warped)
    shown, inside, seen, beside, counted, left, whole = sums
    if shown < _LEAST:
        return None
    contrast = max(whole, 1.0) / counted
    shows = warped[:, :, 3] > _SHOWS
    inner = cv2.erode(shows.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    gradients = _gradients(patch.target), _gradients(made)
    return Evidence(
        unexplained=left / max(whole, 1.0),
        explained=(whole - left) * patch.area,
        inside=(inside / shown + _NOISE) / contrast,
        beside=(beside / seen + _NOISE) / contrast if seen else 1.0,
        edges=_correlation(*gradients, counts > 0),
        inner_edges=_correlation(*gradients, inner),
        colours=_entropy(made[shows]),
        pixels=shown * patch.area,
    )


def unexplained(patch: Patch, warped: Floats) -> float | None:
    """That measure alone, as in `measure`, for coarse fits."""
    shown, *_, left, whole = _compared(patch, warped)[2]
    return None if shown < _LEAST else left / max(whole, 1.0)


def _compared(patch: Patch, warped: Floats) -> tuple[Floats, Bytes, list[float]]:
    """The window with the element (height, width, 3), where the two are compared (height, width), and the `_sums` of that."""
    alpha = warped[:, :, 3]
    reach = 2 * max(1, round(_RIM * patch.fx)) + 1
    counts = np.asarray(
        cv2.dilate((alpha > _EDGE).astype(np.uint8), np.ones((reach, reach), np.uint8)), np.uint8
    )
    made = warped[:, :, :3] + (1 - alpha[:, :, None]) * patch.under
    return made, counts, _sums(alpha, made, patch.under, patch.target, counts).tolist()


def _gradients(pixels: Floats) -> Floats:
    """(height, width, 2 * channels): differences across and down (Sobel)."""
    return np.concatenate([cv2.Sobel(pixels, cv2.CV_32F, 1, 0), cv2.Sobel(pixels, cv2.CV_32F, 0, 1)], axis=2)


def _correlation(one: Floats, other: Floats, where: Bools) -> float:
    """Cosine of the angle between two pictures' gradients in a mask; 0 where there are none."""
    one, other = one[where], other[where]
    norms = float((one**2).sum()) * float((other**2).sum())
    return float((one * other).sum()) / math.sqrt(norms) if norms > 0 else 0.0


def _entropy(colours: Floats) -> float:
    """Of the colours of some pixels, (pixels, 3), bits."""
    coarse = np.clip(colours, 0, 255).astype(np.int64) >> (8 - _COLOUR_BITS)
    shares = np.bincount(coarse @ (1 << _COLOUR_BITS * np.arange(3))) / len(coarse)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


@njit(nogil=True, error_model="numpy")
def _sums(alphas: Floats, made: Floats, under: Floats, target: Floats, counts: Bytes) -> Doubles:
    """Sums of clipped squared errors in a window, in one pass.

    Args:
        alphas: (height, width), of the element.
        made: (height, width, 3), the element on what is behind it.
        under: (height, width, 3), what is behind it.
        target: (height, width, 3), the picture.
        counts: (height, width), 1 in the element and just beside it.

    Returns:
        Pixels that show the element, and their error; pixels just beside it, and theirs; pixels of both and between, their error, and
        what it were without the element.
    """
    out = np.zeros(7)
    for y in range(counts.shape[0]):
        for x in range(counts.shape[1]):
            alpha = alphas[y, x]
            if not counts[y, x] and alpha <= _SHOWS:
                continue
            before, after = 0.0, 0.0
            for k in range(3):
                before = max(before, abs(target[y, x, k] - under[y, x, k]))
                after = max(after, abs(target[y, x, k] - made[y, x, k]))
            before, after = min(before, _CLIP) ** 2, min(after, _CLIP) ** 2
            if alpha > _SHOWS:
                out[0] += 1
                out[1] += after
            elif alpha <= _EDGE:
                out[2] += 1
                out[3] += after
            out[4] += 1
            out[5] += after
            out[6] += before
    return out
