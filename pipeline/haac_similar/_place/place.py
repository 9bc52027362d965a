"""An element placed as a layer that tells a thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import LIMITS, Layer
from haac_similar._options import Found
from haac_similar._place.colour import adjustments
from haac_similar._place.pose import Pose, Silhouette, best_pose

FULL_TURN = 1440


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer, and how well the element's silhouette covers the thing: intersection over union less penalties."""

    layer: Layer
    fit: float


def place(number: int, element: Image.Image, picture: npt.NDArray[np.uint8], thing: Found) -> Placed:
    """Place an element where a thing is.

    Args:
        number: of the element.
        element: its pixels, RGBA.
        picture: (height, width, 3) of the photograph.
        thing: in it.
    """
    pixels = np.asarray(element)
    pose = best_pose(Silhouette(pixels[:, :, 3]), thing)
    return Placed(_layer(number, pose, adjustments(pixels, picture, thing.mask)), pose.fit)


def _layer(number: int, pose: Pose, adjusted: dict[str, int]) -> Layer:
    width = min(max(1, round(pose.width)), LIMITS.layer_side)
    height = min(max(1, round(pose.height)), LIMITS.layer_side)
    return Layer(
        number,
        flip="h" if pose.flip else "",
        width=width,
        height=height,
        rotation=4 * pose.turn % FULL_TURN,
        x=round(pose.x - width / 2),
        y=round(pose.y - height / 2),
        **adjusted,
    )
