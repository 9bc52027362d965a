"""Degradation-tolerant residual, and a detector of the ringing that JPEG and rescaling leave at edges."""

from __future__ import annotations

import cv2
import numpy as np

from haac_match._picture.arrays import Bytes, Floats
from haac_match._thresholds.picture import PICTURE

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def ringing(target: Bytes, background: Bytes) -> bool:
    """Ringing detector: whether a plain background is lighter than it should be beside elements that are darker, or the other way.

    An element only mixes with its background, whatever its blur; JPEG and the filters of rescaling overshoot.

    Args:
        target: (height, width, 3).
        background: (height, width, 3), what is behind the elements, plain or nearly so.
    """
    off = target.astype(np.float32) - background
    size = np.abs(off).max(axis=2)
    far = (size > PICTURE.ringing_far).astype(np.float32)
    square = PICTURE.ringing_side, PICTURE.ringing_side
    elements = cv2.boxFilter(off * far[:, :, None], -1, square, normalize=False)
    beside = (cv2.boxFilter(far, -1, square, normalize=False) > 0) & (size <= PICTURE.ringing_near)
    against = beside & (np.einsum("ijk,ijk->ij", off, elements) < 0)
    return int(beside.sum()) >= PICTURE.ringing_pixels and int(against.sum()) > PICTURE.ringing * int(
        beside.sum()
    )


def tolerant_difference(made: Bytes, target: Bytes, *, reach: bool = False) -> Floats:
    """Residual of a degraded picture, (height, width), levels: chroma at half the resolution, luma a little smoothed.

    Args:
        made: (height, width, 3), the clean picture that is assumed.
        target: (height, width, 3), the degraded one.
        reach: let a pixel have any value between those of its neighbours, as where an edge is off by part of a pixel.
    """
    if reach:
        square = np.ones((PICTURE.reach_side, PICTURE.reach_side), np.uint8)
        off = np.maximum(target, cv2.dilate(made, square)).astype(np.float32) - cv2.dilate(made, square)
        off -= cv2.erode(made, square) - np.minimum(target, cv2.erode(made, square)).astype(np.float32)
    else:
        off = target.astype(np.float32) - made
    luma = off @ _LUMA
    chroma = cv2.blur(off - luma[:, :, None], (PICTURE.chroma_side, PICTURE.chroma_side))
    smooth = cv2.GaussianBlur(luma, (PICTURE.luma_side, PICTURE.luma_side), 0)
    result: Floats = np.abs(chroma + smooth[:, :, None]).max(axis=2)
    return result
