"""Score of a candidate background: the share of the picture that it explains, and the noise of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from haac import Colour, Gradient, Plate, Scene
from haac._internal import ElementSource, draw_background
from haac_match._picture.arrays import Bytes
from haac_match._thresholds.picture import BACKGROUND

Drawn = Colour | Gradient | Plate
"""Backgrounds that elements may be found on."""


@dataclass(frozen=True, slots=True)
class BackgroundEstimate:
    """A background that explains part of a picture.

    Args:
        background: for the scene.
        pixels: RGBA, drawn.
        share: of the picture's pixels that it explains.
        noise: how far the pixels that it explains are from it, levels; 0 in a clean picture.
    """

    background: Drawn | None
    pixels: Image.Image
    share: float
    noise: float


class _NoElements:
    def image(self, ref: int) -> Image.Image:
        raise LookupError(ref)


def drawn(background: Drawn, size: tuple[int, int], source: ElementSource | None = None) -> Image.Image:
    """RGBA pixels of a background."""
    return draw_background(Scene(*size, background), source or _NoElements())


def evaluate(target: Bytes, background: Drawn, source: ElementSource | None = None) -> BackgroundEstimate:
    """Share and noise of the pixels that a background explains, at the smallest tolerance that separates them from the others.

    Args:
        target: (height, width, 3).
        background: what is tried.
        source: of its element, if it is one.
    """
    height, width = target.shape[:2]
    pixels = drawn(background, (width, height), source)
    off = np.abs(np.asarray(pixels.convert("RGB")).astype(np.int16) - target).max(axis=2)
    for level in BACKGROUND.levels:
        share = float((off <= level).mean())
        wider = off <= BACKGROUND.wider * level + BACKGROUND.wider_by
        if share >= BACKGROUND.least_share and share > BACKGROUND.settled * float(wider.mean()):
            break
    # What is nearly as it should be tells the noise.
    near = off[wider]
    noise = float(np.quantile(near, BACKGROUND.noise_quantile)) if len(near) else float(level)
    return BackgroundEstimate(background, pixels, share, noise)
