"""Ingest of one picture that a person looks at first: everything is cut out, nothing stored; and one object cut out again, by hints.

All places are pixels of the picture as it is cut: upright, as large as ingest takes it.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from haac_repo import HaacError, NewElement, PictureError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from haac_pipeline._segment.refine import Hint

    Bytes = npt.NDArray[np.uint8]

_KEPT = 2
"""Pictures whose masks are kept, for the next hint."""
_JPEG = {"quality": 92}


@dataclass(frozen=True, slots=True)
class Cutout:
    """One object, cut out."""

    element: NewElement
    """With its quality and doubts; without name, tags and provenance."""
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class CutPicture:
    """A picture with everything that is cut out of it."""

    cutouts: list[Cutout]
    model: str
    """Name of the one that cut them out; empty if the picture was transparent already."""
    shown: bytes
    """The picture as it was cut: PNG if it is transparent, else JPEG."""
    width: int
    """Of it, in pixels."""
    height: int
    notes: tuple[str, ...]


def cut_picture(data: bytes, model: str | None) -> CutPicture:
    """Cut everything out of a picture file, whatever its quality.

    Args:
        data: the file.
        model: whose weights are in place; None: nothing is installed that segments, which transparent pictures do not need.

    Raises:
        PictureError: it cannot be read, or nothing is found.
        MissingExtraError: it must be segmented, and that is not installed.
    """
    from haac_pipeline._ingest.worker import Cutting, Task, make
    from haac_pipeline._segment.models import OFFLINE
    from haac_pipeline._segment.session import need_segmentation

    cutting = Cutting(keep="all")
    made = make(Task(data, cutting, model))
    if made.needs_model:
        need_segmentation(OFFLINE)
    if made.refused:
        raise PictureError(made.refused)
    shown, width, height = _shown(data, cutting.max_side)
    cutouts = [
        Cutout(element, left, top) for element, (left, top) in zip(made.elements, made.places, strict=True)
    ]
    return CutPicture(cutouts, (model or "") if made.segmented else "", shown, width, height, made.notes)


def recut_picture(data: bytes, model: str, before: Cutout, hints: Sequence[Hint]) -> Cutout:
    """Cut one object out of a picture again, from the model's mask and all hints that were given so far.

    Args:
        data: the picture's file.
        model: whose weights are in place.
        before: what was cut out of it.
        hints: boxes and points to keep and to remove.

    Raises:
        PictureError: a hint is outside of the picture.
        HaacError: the picture was transparent already, or nothing is left of the object.
    """
    import numpy as np

    from haac_pipeline._ingest.describe import as_element
    from haac_pipeline._ingest.recut import shown_again
    from haac_pipeline._segment.cutout import picture
    from haac_pipeline._segment.quality import judged
    from haac_pipeline._segment.refine import refined
    from haac_repo import decode

    rgb, mask = _masked(data, model)
    height, width = mask.shape
    for hint in hints:
        if not (0 <= hint.x <= width - max(hint.width, 1) and 0 <= hint.y <= height - max(hint.height, 1)):
            raise PictureError(
                f"{hint.x:g},{hint.y:g} is not inside the picture, which has {width}x{height} pixels"
            )
    corrected = refined(rgb, mask, hints)
    element = before.element
    pixels = np.asarray(decode(element.data, element.width, element.height))
    part = shown_again(rgb, corrected, pixels, (before.left, before.top), hints)
    judgement = judged(rgb, corrected, [part], model)[0]
    made = replace(
        as_element(picture(part.pixels)), quality=judgement.quality, doubts=tuple(judgement.doubts)
    )
    return Cutout(made, part.left, part.top)


_masks: OrderedDict[tuple[str, str], tuple[Bytes, Bytes]] = OrderedDict()
"""Pixels and masks of pictures, by the SHA-256 of the file and the model: of this process."""


def _masked(data: bytes, model: str) -> tuple[Bytes, Bytes]:
    """(height, width, 3) pixels of a picture, and the mask that a model gives."""
    import numpy as np

    from haac_pipeline._ingest.worker import Cutting, fitted, frames_for, is_cut_out
    from haac_pipeline._segment.session import mask
    from haac_repo._internal import flattened

    key = sha256(data).hexdigest(), model
    if key not in _masks:
        side = Cutting().max_side
        read = next(frames_for(data, 1, side))
        image = fitted(read.image if read.has_alpha else read.image.convert("RGB"), side)
        if image.mode == "RGBA" and is_cut_out(image):
            raise HaacError(
                "the picture is transparent already: no model cut it out, so none can do it again"
            )
        opaque = flattened(image)
        _masks[key] = np.asarray(opaque), np.asarray(mask(opaque, model))
        while len(_masks) > _KEPT:
            _masks.popitem(last=False)
    _masks.move_to_end(key)
    return _masks[key]


def _shown(data: bytes, max_side: int) -> tuple[bytes, int, int]:
    """The picture that cut-outs stand in, encoded, and its size."""
    from haac_pipeline._ingest.worker import fitted, frames_for

    read = next(frames_for(data, 1, max_side))
    image = fitted(read.image if read.has_alpha else read.image.convert("RGB"), max_side)
    buffer = io.BytesIO()
    if image.mode == "RGBA":
        image.save(buffer, "PNG", compress_level=1)
    else:
        image.save(buffer, "JPEG", **_JPEG)
    return buffer.getvalue(), image.width, image.height
