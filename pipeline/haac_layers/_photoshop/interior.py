"""What paints over a layer's own pixels, within its outline: patterns, inner shadows and glows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haac_layers._flatten.blend import BLENDS, Colours

if TYPE_CHECKING:
    from PIL import Image

_TINY = np.float32(1e-6)
_STRIP = 1 << 18
"""Pixels that are computed at a time."""


def _normal(_: Colours, source: Colours) -> Colours:
    return source


def painted(image: Image.Image, outline: Image.Image, paint: Image.Image, mode: str) -> Image.Image:
    """Pixels of a layer with paint over them, which covers a share of its outline and nothing else.

    Where the layer's own pixels let through what is below, as its fill opacity says, the paint does not; where they are more than the
    outline, as a stroke around it, they stay.

    Args:
        image: RGBA, straight alpha: the layer's pixels, faded by its fill opacity.
        outline: L, as large: how much of each pixel the layer covers.
        paint: RGBA, as large; its alpha is the share of the outline.
        mode: how the paint is blended with the pixels; if unknown, as normal.
    """
    from PIL import Image

    below, over, cover = (np.asarray(each) for each in (image, paint, outline))
    blend = BLENDS.get(mode, _normal)
    made = np.empty_like(below)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        b, s = (
            np.divide(each[top : top + rows], np.float32(255), dtype=np.float32) for each in (below, over)
        )
        covered = np.divide(cover[top : top + rows, :, None], np.float32(255), dtype=np.float32)
        under = np.minimum(b[:, :, 3:], covered)
        share = under / np.maximum(covered, _TINY)
        colour = (1 - share) * s[:, :, :3] + share * np.clip(blend(b[:, :, :3], s[:, :, :3]), 0, 1)
        added = s[:, :, 3:] * covered
        kept = b[:, :, 3:] - s[:, :, 3:] * under
        alpha = kept + added
        mixed = (kept * b[:, :, :3] + added * colour) / np.maximum(alpha, _TINY)
        made[top : top + rows] = np.floor(np.concatenate((mixed, alpha), axis=2).clip(0, 1) * 255 + 0.5)
    return Image.fromarray(made)
