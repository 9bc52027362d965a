"""What JPEG and scaling do to a picture: how it is noticed, and how pictures are compared in spite of it."""

from __future__ import annotations

import logging

import cv2
import numpy as np

from haac_match._picture.arrays import Bytes, Floats

_log = logging.getLogger(__name__)


RINGING = 0.05
"""Part of the ground beside things that may be on the wrong side of it in an undamaged picture."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CHROMA = (5, 5)
"""Pixels over which differences of colour are averaged: JPEG halves the resolution of colours."""


def ringing(target: Bytes, ground: Bytes) -> bool:
    """Whether edges ring: beside a thing that is darker than an even ground, the ground is lighter than it should be.

    A thing that is laid on a ground only mixes with it, whatever its blur; JPEG and the filters of scaling overshoot.

    Args:
        target: (height, width, 3).
        ground: (height, width, 3), what is behind the things, even or nearly so.
    """
    off = target.astype(np.float32) - ground
    size = np.abs(off).max(axis=2)
    far = (size > 40).astype(np.float32)
    things = cv2.boxFilter(off * far[:, :, None], -1, (5, 5), normalize=False)
    beside = (cv2.boxFilter(far, -1, (5, 5), normalize=False) > 0) & (size <= 12)
    against = beside & (np.einsum("ijk,ijk->ij", off, things) < 0)
    return int(beside.sum()) >= 300 and int(against.sum()) > RINGING * int(beside.sum())


def tolerant_difference(made: Bytes, target: Bytes, *, reach: bool = False) -> Floats:
    """How far a damaged picture is from what was made of it, (height, width), levels; less of what damage alone does.

    Colours are compared at half the resolution, brightness a little softened.

    Args:
        made: (height, width, 3).
        target: (height, width, 3).
        reach: let a pixel have any value between those of its neighbours, as where an edge is off by part of a pixel.
    """
    if reach:
        square = np.ones((3, 3), np.uint8)
        off = np.maximum(target, cv2.dilate(made, square)).astype(np.float32) - cv2.dilate(made, square)
        off -= cv2.erode(made, square) - np.minimum(target, cv2.erode(made, square)).astype(np.float32)
    else:
        off = target.astype(np.float32) - made
    luma = off @ _LUMA
    colour = cv2.blur(off - luma[:, :, None], _CHROMA)
    soft = cv2.GaussianBlur(luma, (3, 3), 0)
    result: Floats = np.abs(colour + soft[:, :, None]).max(axis=2)
    return result
