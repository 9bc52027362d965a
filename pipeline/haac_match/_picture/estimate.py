"""A background, drawn, and how much of a picture it explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from haac import Colour, Gradient, Plate, Scene
from haac._internal import ElementSource, draw_background
from haac_match._picture.arrays import Bytes

_SPREAD = 0.12
"""A ground explains at least this part of the picture ..."""

Drawn = Colour | Gradient | Plate
"""Backgrounds that elements may be found on."""


@dataclass(frozen=True, slots=True)
class BackgroundEstimate:
    """A ground that explains part of a picture.

    Args:
        background: for the scene.
        pixels: RGBA, drawn.
        share: of the picture's pixels that it explains.
        noise: how far the pixels that it explains are from it, levels; 0 in an undamaged picture.
    """

    background: Drawn | None
    pixels: Image.Image
    share: float
    noise: float


class _Nothing:
    def image(self, ref: int) -> Image.Image:
        raise LookupError(ref)


def drawn(background: Drawn, size: tuple[int, int], source: ElementSource | None = None) -> Image.Image:
    """RGBA pixels of a background."""
    return draw_background(Scene(*size, background), source or _Nothing())


def evaluate(target: Bytes, background: Drawn, source: ElementSource | None = None) -> BackgroundEstimate:
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
