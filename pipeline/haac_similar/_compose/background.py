"""What stands behind the elements: a wash of the photograph with its things painted over."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import ElementCache, Scene, Wash, render
from haac._internal import WashEncoder, measured
from haac_repo import PictureError

_COVERED = 0.05
"""Weight of a wash's errors under a layer."""
_PAINTED = 96
"""Pixels of the longer side at which a thing is painted over: its surroundings need not be sharp."""
_MARGIN = 0.02
"""Of the longer side: so far around its mask, a thing is painted over too."""


def painted_over(picture: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]) -> Image.Image:
    """The photograph with colours from around in the place of its things.

    Source: A. Telea, "An image inpainting technique based on the fast marching method" (2004).

    Args:
        picture: (height, width, 3).
        mask: (height, width), above 25 where something is painted over.
    """
    height, width = mask.shape
    scale = min(1.0, _PAINTED / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    margin = 2 * max(1, round(_MARGIN * _PAINTED)) + 1
    hole = cv2.dilate(
        (cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 25).astype(np.uint8), np.ones((margin, margin), np.uint8)
    )
    if hole.all():
        return Image.fromarray(picture)
    filled = cv2.resize(cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA), (width, height), interpolation=cv2.INTER_LINEAR)
    soft = cv2.resize(hole * 255, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None] / np.float32(255)
    return Image.fromarray(np.rint(filled * soft + picture * (1 - soft)).astype(np.uint8))


def wash_behind(
    scene: Scene, around: Image.Image, source: ElementCache, budget: int, *, refined: bool
) -> Scene | None:
    """The scene on a wash of `around`, within a budget in bytes of all; None if there is no room for one."""
    alpha = np.asarray(render(replace(scene, background=None), source).getchannel("A"))
    weights = np.where(alpha > 127, np.float32(_COVERED), np.float32(1))

    def size(wash: Wash) -> tuple[bytes, float]:
        return measured(replace(scene, background=wash))

    try:
        return replace(scene, background=WashEncoder(around, weights, size).within(budget, refined=refined).wash)
    except PictureError:
        return None
