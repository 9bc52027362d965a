"""Dithered pictures: of a palette, whose colours are mixed by noise of the finest grain."""

from __future__ import annotations

import cv2
import numpy as np

from haac_match._picture.arrays import Bytes

_COLOURS = 256
"""A palette's at most."""
_SPECK, _SPECKS = 4, 0.05
"""Levels by which a speck is off the median around it, and the share of specks from which on a picture is dithered: text has few."""
_SIGMA = 1.0
"""Pixels, of the low-pass filter."""


def without_dither(picture: Bytes) -> Bytes:
    """A picture as its dithering shows it: low-pass filtered; the picture itself if it is not dithered.

    Source: error diffusion moves its noise to the highest frequencies (R. Ulichney, "Dithering with blue noise", 1988), which a
    Gaussian takes away.

    Args:
        picture: (height, width, 3).
    """
    specks = cv2.absdiff(picture, cv2.medianBlur(picture, 3)).max(axis=2) > _SPECK
    if specks.mean() < _SPECKS or _colours(picture) > _COLOURS:
        return picture
    smooth: Bytes = cv2.GaussianBlur(picture, (0, 0), _SIGMA)
    return smooth


def _colours(picture: Bytes) -> int:
    """How many different ones there are."""
    return len(np.unique(picture.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)))
