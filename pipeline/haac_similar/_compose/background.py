"""What stands behind the elements: a wash of the photograph with its objects painted over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from haac import Colour, ElementCache, Scene, Wash, render
from haac._internal import WashEncoder, measured
from haac_repo import PictureError
from haac_similar._options import SalientObject

GREY = (127, 127, 127)
"""What is transparent is laid on it, to be looked at."""
_COVERED = 0.05
"""Weight of a wash's errors under a layer."""
_SIDE = 96
"""Pixels of the longer side at which an object is painted over: its surroundings need not be sharp."""
_MARGIN = 2
"""Pixels of that size around its mask that are painted over too."""
_ANY = 25
"""Of a mask, above which something is painted over."""


def painted_over(picture: Image.Image, objects: Sequence[SalientObject]) -> Image.Image:
    """The photograph with colours from around in the place of its objects.

    Source: A. Telea, "An image inpainting technique based on the fast marching method" (2004).

    Args:
        picture: RGB.
        objects: in it.
    """
    if not objects:
        return picture
    pixels = np.asarray(picture)
    mask = np.maximum.reduce([each.mask for each in objects])
    height, width = mask.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    hole = (cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > _ANY).astype(np.uint8)
    hole = np.asarray(cv2.dilate(hole, np.ones((2 * _MARGIN + 1,) * 2, np.uint8)), np.uint8)
    if hole.all():
        return picture
    filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    soft = cv2.resize(hole * 255, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None] / np.float32(
        255
    )
    return Image.fromarray(np.rint(large * soft + pixels * (1 - soft)).astype(np.uint8))


def mean_colour(picture: Image.Image) -> Colour:
    """The mean of all pixels."""
    red, green, blue = (round(float(c)) for c in np.asarray(picture).reshape(-1, 3).mean(axis=0))
    return Colour(red << 24 | green << 16 | blue << 8 | 255)


def wash_behind(
    scene: Scene, around: Image.Image, source: ElementCache, budget: int, *, refined: bool
) -> Scene | None:
    """The scene on a wash of `around`, within a budget in bytes of all; None if there is no room for one."""
    if budget <= 0:  # what layers are taken to cost may be more than there is
        return None
    weights = None
    if scene.layers:
        alpha = np.asarray(render(replace(scene, background=None), source).getchannel("A"))
        weights = np.where(alpha > 127, np.float32(_COVERED), np.float32(1))

    def size(wash: Wash) -> tuple[bytes, float]:
        return measured(replace(scene, background=wash))

    encoder = WashEncoder(around, weights, size)
    try:  # a thorough refinement takes as long as all the rest of this package, and is seen by nobody
        made = encoder.within(budget, refined=refined, thorough=False)
    except PictureError:
        return None
    return replace(scene, background=made.wash)
