"""A picture whose damage is known, looked at again once its layers are: which of the grounds that look alike it was."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt

from haac import Colour, Gradient
from haac_match._canvas import Box, Canvas
from haac_match._ground import drawn
from haac_match._jpeg import CELL, Jpeg
from haac_match._snap import CLIP

_log = logging.getLogger(__name__)


def left_over(canvas: Canvas, jpeg: Jpeg) -> npt.NDArray[np.int32]:
    """(height, width): clipped squared error a pixel once the same is done to what is there as was done to the picture."""
    off = jpeg.damaged(canvas.current).astype(np.int32) - canvas.target
    made: npt.NDArray[np.int32] = np.minimum(np.einsum("ijk,ijk->ij", off, off), CLIP)
    return made


def alike(background: Colour | Gradient, jpeg: Jpeg) -> list[Colour | Gradient]:
    """Grounds that a damaged picture hardly tells from one: colours that become the same one, gradients nearly as steep."""
    if isinstance(background, Gradient):
        return [replace(background, angle=(background.angle + step) % 1440) for step in (-1, 1)]
    own = [background.rgba >> shift & 255 for shift in (24, 16, 8)]
    near = [
        [value + step for value, step in zip(own, steps, strict=True)]
        for steps in product((-2, -1, 0, 1, 2), repeat=3)
    ]
    near = [rgb for rgb in near if min(rgb) >= 0 and max(rgb) <= 255]
    tiles = np.array([own, *near], np.uint8).repeat(CELL, axis=0)[None].repeat(CELL, axis=0)
    seen = jpeg.damaged(tiles)[CELL // 2, CELL // 2 :: CELL]
    return [
        Colour(rgb[0] << 24 | rgb[1] << 16 | rgb[2] << 8 | 0xFF)
        for rgb, became in zip(near, seen[1:], strict=True)
        if rgb != own and np.array_equal(became, seen[0])
    ]


def settle_ground(canvas: Canvas, background: Colour | Gradient, jpeg: Jpeg) -> Colour | Gradient:
    """The ground that explains a picture best, of those that it hardly tells from each other. The canvas gets it."""
    best, least = background, int(left_over(canvas, jpeg).sum())
    kept = canvas.ground
    everything: Box = (0, 0, *canvas.size)
    for other in alike(background, jpeg):
        if least == 0:
            break
        before = canvas.ground
        canvas.ground = drawn(other, canvas.size)
        canvas.refresh(everything)
        if (error := int(left_over(canvas, jpeg).sum())) < least:
            best, least, kept = other, error, canvas.ground
        canvas.ground = before
    canvas.ground = kept
    canvas.refresh(everything)
    _log.debug("ground %s -> %s, %d left", background, best, least)
    return best
