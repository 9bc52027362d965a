"""An element placed as a layer that tells an object."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import LIMITS, Layer
from haac_similar._options import SalientObject
from haac_similar._place.colour import adjustments
from haac_similar._place.pose import Pose, Silhouette, best_pose

FULL_TURN = 1440
_LARGE = 2**22
"""Pixels of a layer from which its size is not rounded."""
_STEPS = 128
"""Places along the longer side of a canvas that are told apart at least, unless it has fewer pixels."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer, and how well the element's silhouette covers the object: intersection over union less penalties."""

    layer: Layer
    fit: float


def place(number: int, element: Image.Image, picture: npt.NDArray[np.uint8], found: SalientObject) -> Placed:
    """Place an element where an object is.

    Args:
        number: of the element.
        element: its pixels, RGBA.
        picture: (height, width, 3) of the photograph.
        found: in it.
    """
    pixels = np.asarray(element)
    pose = best_pose(Silhouette(pixels[:, :, 3]), found)
    step = _step(max(picture.shape[:2]))
    layer = _layer(number, pose, pixels.shape[0], adjustments(pixels, picture, found.mask), step)
    return Placed(layer, pose.fit)


def _step(side: int) -> int:
    """Pixels between the places that are used on a canvas of that longer side: round ones cost fewer bits (docs/format.md)."""
    return 1 << max(0, min(5, (side // _STEPS).bit_length() - 1))


def _layer(number: int, pose: Pose, own_height: int, adjusted: dict[str, int], step: int = 1) -> Layer:
    allowed = _allowed(pose.width, pose.height, own_height)
    rounded = tuple(step * round(side / step) or side for side in allowed)
    # Of layers as large as they may be, not a pixel more.
    width, height = rounded if math.prod(rounded) <= _LARGE else allowed
    return replace(
        Layer(number, width=width, height=height),
        flip="h" if pose.flip else "",
        rotation=4 * pose.turn % FULL_TURN,
        x=step * round((pose.x - width / 2) / step),
        y=step * round((pose.y - height / 2) / step),
        **adjusted,  # type: ignore[arg-type]
    )


def _allowed(width: float, height: float, own_height: int) -> tuple[int, int]:
    """Width and height of a layer, smaller where a recipe may not ask for so much (`Layer.size`)."""
    shrink = min(
        1.0,
        LIMITS.layer_side / max(width, height),
        math.sqrt(LIMITS.layer_pixels / (width * height)),
        LIMITS.layer_pixels / (width * own_height),  # the width is resized before the height
    )
    rounded = round if shrink == 1.0 else int
    return max(1, rounded(width * shrink)), max(1, rounded(height * shrink))
