"""What is behind the elements: a colour, a gradient, a photograph of the catalog, or something that is none of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from haac import Colour, Plate
from haac._internal import ElementSource
from haac_match._picture.arrays import Bools, Bytes, Integers
from haac_match._picture.degraded import tolerant_difference
from haac_match._picture.estimate import _SPREAD, BackgroundEstimate, evaluate
from haac_match._picture.gradient import fit_gradient

_PLATE_SHARE = 0.2
"""... a photograph this part, or it is taken for another one."""
_PLATE_BUSY = 0.1
"""Part of a picture that a photograph must explain beside what is of the commonest colour."""
_PLATE_NOISE = 10.0
"""Levels: the same for a photograph."""
_NOISE = 15.0
"""Levels: what is farther from a ground than this is not it."""
_COARSE = 24
"""Side of the thumbnails by which photographs are compared."""


def dominant_colour(target: Bytes) -> BackgroundEstimate:
    """The colour that most pixels have."""
    packed = (target.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)).ravel()
    values, counts = np.unique(packed, return_counts=True)
    order = np.argsort(counts)[::-1][:16]
    top = values[order[0]]
    rgb = np.array([top >> 16 & 255, top >> 8 & 255, top & 255], np.int16)
    # In a damaged picture the true colour is in the middle of many neighbours.
    near = target.reshape(-1, 3)[:: max(1, len(packed) // 200_000)].astype(np.int16)
    near = near[np.abs(near - rgb).max(axis=1) <= 6]
    if counts[order[0]] < 0.5 * len(near) * max(1, len(packed) // 200_000):
        rgb = np.round(np.median(near, axis=0)).astype(np.int16)
    return evaluate(target, Colour(int(rgb[0]) << 24 | int(rgb[1]) << 16 | int(rgb[2]) << 8 | 0xFF))


def thumbnail(pixels: Bytes) -> Bytes:
    """(side, side, 3) of a picture, whatever its shape."""
    small: Bytes = cv2.resize(pixels, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    return small


def best_photograph(
    target: Bytes,
    thumbnails: Bytes,
    numbers: Integers,
    source: ElementSource,
    tries: int = 4,
) -> BackgroundEstimate | None:
    """The photograph of the catalog, stretched over the canvas, that explains most of a picture.

    Args:
        target: (height, width, 3).
        thumbnails: (photographs, side, side, 3).
        numbers: of their elements.
        source: gives their pixels.
        tries: how many are drawn in full.
    """
    if not len(numbers):
        return None
    small = thumbnail(target).astype(np.int16)
    off = np.abs(thumbnails.astype(np.int16) - small).max(axis=3)
    score = np.minimum(off, 40).mean(axis=(1, 2))
    best: BackgroundEstimate | None = None
    busy = _busy(target)
    for index in np.argsort(score, kind="stable")[:tries]:
        if score[index] > 34:
            break
        made = evaluate(target, Plate(int(numbers[index])), source)
        # Dark pictures are near one another everywhere: where there is noise, more must fit.
        least = _PLATE_SHARE if made.noise == 0 else 0.4
        off = tolerant_difference(np.asarray(made.pixels.convert("RGB")), target)
        near = off <= 12
        if made.noise > 0:
            # JPEG takes the fine detail of a photograph; what is left must agree.
            share = float(near.mean())
            made = replace(made, share=max(made.share, share), noise=float(np.quantile(off[off <= 26], 0.9)))
        if made.share < least or made.noise > _PLATE_NOISE or float((near & busy).mean()) < _PLATE_BUSY:
            continue
        if best is None or made.share > best.share:
            best = made
    return best


def _busy(target: Bytes) -> Bools:
    """Where a picture does not have its commonest colour, as white paper has it."""
    coarse = (target >> 4).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    commonest = int(np.bincount(coarse.ravel()).argmax())
    colour = np.array([commonest >> 8, commonest >> 4 & 15, commonest & 15]) * 16 + 8
    far: Bools = np.abs(target.astype(np.int16) - colour.astype(np.int16)).max(axis=2) > 16
    return far


def estimate_background(
    target: Bytes, photographs: Iterable[BackgroundEstimate | None] = ()
) -> BackgroundEstimate | None:
    """The best ground of all kinds; None if nothing explains enough of the picture."""
    best: BackgroundEstimate | None = None
    for candidate in (dominant_colour(target), fit_gradient(target), *photographs):
        if candidate is None or candidate.share < _SPREAD or candidate.noise > _NOISE:
            continue
        # A gradient needs to be better than a colour, not just as good.
        if best is None or candidate.share > 1.02 * best.share + 0.01:
            best = candidate
    return best
