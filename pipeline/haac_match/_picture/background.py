"""Background estimation: the dominant colour, a gradient, or a photograph of the catalog; None where it is something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from haac import Colour, Plate
from haac._internal import ElementSource
from haac_match._picture.arrays import Bools, Bytes, Integers
from haac_match._picture.degraded import tolerant_difference
from haac_match._picture.estimate import BackgroundEstimate, evaluate
from haac_match._picture.gradient import fit_gradient
from haac_match._thresholds.picture import BACKGROUND

_THUMBNAIL = 24
"""Side of the thumbnails by which photographs are compared, pixels; a part of the index's format."""


def dominant_colour(target: Bytes) -> BackgroundEstimate:
    """The commonest colour; in a degraded picture, the median of the colours around it.

    Args:
        target: (height, width, 3).
    """
    packed = (target.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)).ravel()
    values, counts = np.unique(packed, return_counts=True)
    commonest = np.argsort(counts)[-1]
    top = values[commonest]
    rgb = np.array([top >> 16 & 255, top >> 8 & 255, top & 255], np.int16)
    # In a degraded picture the true colour is in the middle of many neighbours.
    every = max(1, len(packed) // BACKGROUND.colour_samples)
    near = target.reshape(-1, 3)[::every].astype(np.int16)
    near = near[np.abs(near - rgb).max(axis=1) <= BACKGROUND.colour_near]
    if counts[commonest] < BACKGROUND.colour_exact * len(near) * every:
        rgb = np.round(np.median(near, axis=0)).astype(np.int16)
    return evaluate(target, Colour(int(rgb[0]) << 24 | int(rgb[1]) << 16 | int(rgb[2]) << 8 | 0xFF))


def thumbnail(pixels: Bytes) -> Bytes:
    """(side, side, 3) of a picture, whatever its shape."""
    small: Bytes = cv2.resize(pixels, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return small


def best_photograph(
    target: Bytes, thumbnails: Bytes, numbers: Integers, source: ElementSource
) -> BackgroundEstimate | None:
    """Retrieval by thumbnails: the photograph of the catalog, stretched over the canvas, that explains most of a picture.

    Args:
        target: (height, width, 3).
        thumbnails: (photographs, side, side, 3).
        numbers: (photographs,), of their elements.
        source: gives their pixels.

    Returns:
        None if none of them is behind the picture.
    """
    if not len(numbers):
        return None
    small = thumbnail(target).astype(np.int16)
    off = np.abs(thumbnails.astype(np.int16) - small).max(axis=3)
    score = np.minimum(off, BACKGROUND.thumbnail_clip).mean(axis=(1, 2))
    best: BackgroundEstimate | None = None
    busy = _busy(target)
    for index in np.argsort(score, kind="stable")[: BACKGROUND.photographs]:
        if score[index] > BACKGROUND.thumbnail_off:
            break
        made = evaluate(target, Plate(int(numbers[index])), source)
        # Dark pictures are near one another everywhere: where there is noise, more must fit.
        least = BACKGROUND.photograph_share if made.noise == 0 else BACKGROUND.photograph_noisy_share
        off = tolerant_difference(np.asarray(made.pixels.convert("RGB")), target)
        near = off <= BACKGROUND.photograph_near
        if made.noise > 0:
            # JPEG takes the fine detail of a photograph; what is left must agree.
            share = float(near.mean())
            told = off[off <= BACKGROUND.photograph_off]
            noise = float(np.quantile(told, BACKGROUND.noise_quantile))
            made = replace(made, share=max(made.share, share), noise=noise)
        if (
            made.share < least
            or made.noise > BACKGROUND.photograph_noise
            or float((near & busy).mean()) < BACKGROUND.photograph_busy
        ):
            continue
        if best is None or made.share > best.share:
            best = made
    return best


def _busy(target: Bytes) -> Bools:
    """(height, width): where a picture does not have its commonest colour, as white paper has it."""
    coarse = (target >> 4).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    commonest = int(np.bincount(coarse.ravel()).argmax())
    colour = np.array([commonest >> 8, commonest >> 4 & 15, commonest & 15]) * 16 + 8
    off = np.abs(target.astype(np.int16) - colour.astype(np.int16)).max(axis=2)
    far: Bools = off > BACKGROUND.busy
    return far


def estimate_background(
    target: Bytes, photographs: Iterable[BackgroundEstimate | None] = ()
) -> BackgroundEstimate | None:
    """The background that explains most: colour, gradient or photograph; None if none of them explains enough.

    Args:
        target: (height, width, 3).
        photographs: estimates of `best_photograph`.
    """
    best: BackgroundEstimate | None = None
    for candidate in (dominant_colour(target), fit_gradient(target), *photographs):
        if (
            candidate is None
            or candidate.share < BACKGROUND.least_share
            or candidate.noise > BACKGROUND.most_noise
        ):
            continue
        # A gradient needs to be better than a colour, not just as good.
        if best is None or candidate.share > BACKGROUND.better * best.share + BACKGROUND.better_by:
            best = candidate
    return best
