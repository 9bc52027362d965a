"""A background plate of the catalog that is like what is around the objects of a photograph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import ElementCache, Plate
from haac_repo._internal import flattened
from haac_similar._compose.background import GREY
from haac_similar._compose.retrieval import Retrieval, can_be_had

_LOOKED_AT = 12
"""Plates that are compared by their colours, of those whose embeddings are nearest."""
_THUMBNAIL = (12, 8)


def nearest_plate(around: Image.Image, plates: Retrieval, source: ElementCache) -> Plate | None:
    """The plate whose colours are most like those around the objects, of some that show the like; None if there is none.

    Args:
        around: RGB, the photograph with its objects painted over.
        plates: finds plates only.
        source: gives them.
    """
    wanted = _thumbnail(around)
    nearest = plates.nearest(plates.embed([around]), _LOOKED_AT)
    found = [each for each in nearest if can_be_had(source, each.number)]
    if not found:
        return None
    errors = [
        float(np.square(_thumbnail(flattened(source.image(each.number), GREY)) - wanted).mean())
        for each in found
    ]
    return Plate(found[int(np.argmin(errors))].number)


def _thumbnail(picture: Image.Image) -> npt.NDArray[np.float32]:
    return np.asarray(picture.convert("RGB").resize(_THUMBNAIL, Image.Resampling.BOX), np.float32)
