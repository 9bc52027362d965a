"""What is behind the elements: a colour, a gradient, a photograph of the catalog, or something that is none of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from haac import Colour, Gradient, Plate, Scene
from haac._render import ElementSource, ground
from haac_match._picture.arrays import Bools, Bytes, Integers
from haac_match._picture.degraded import tolerant_difference
from haac_match._picture.gradient import fit_gradient

_SPREAD = 0.12
"""A ground explains at least this part of the picture ..."""
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


@dataclass(frozen=True, slots=True)
class BackgroundEstimate:
    """A ground that explains part of a picture.

    Args:
        background: for the scene.
        pixels: RGBA, drawn.
        share: of the picture's pixels that it explains.
        noise: how far the pixels that it explains are from it, levels; 0 in an undamaged picture.
    """

    background: Colour | Gradient | Plate | None
    pixels: Image.Image
    share: float
    noise: float


class _Nothing:
    def image(self, ref: int) -> Image.Image:
        raise LookupError(ref)


def drawn(
    background: Colour | Gradient | Plate, size: tuple[int, int], source: ElementSource | None = None
) -> Image.Image:
    """RGBA pixels of a background."""
    return ground(Scene(*size, background), source or _Nothing())


def evaluate(
    target: Bytes, background: Colour | Gradient | Plate, source: ElementSource | None = None
) -> BackgroundEstimate:
    """How well a background explains a picture."""
    height, width = target.shape[:2]
    pixels = drawn(background, (width, height), source)
    off = np.abs(np.asarray(pixels.convert("RGB")).astype(np.int16) - target).max(axis=2)
    for level in (0, 2, 5, 12):
        share = float((off <= level).mean())
        if share >= _SPREAD or level == 12:
            # What is nearly as it should be tells the noise.
            near = off[off <= 2 * level + 2]
            noise = float(np.quantile(near, 0.9)) if len(near) else float(level)
            if share > 0.9 * float((off <= 2 * level + 2).mean()) or level == 12:
                return BackgroundEstimate(background, pixels, share, noise)
    raise AssertionError


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
