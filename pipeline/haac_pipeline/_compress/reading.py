"""The picture to compress, out of its file: no larger than a canvas may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """The picture to compress."""

    image: Image.Image
    """RGB, or RGBA where it is transparent."""
    reduced: bool
    """Made smaller than its file, for the canvas."""
    notes: tuple[str, ...]


def read_whole(data: bytes) -> ReadPicture:
    """Decode a picture file; make it smaller where a canvas would be too large."""
    from PIL import Image

    from haac import LIMITS
    from haac._internal import read_picture

    read = read_picture(data)
    picture = read.image if read.has_alpha else read.image.convert("RGB")
    width, height = picture.size
    scale = min(
        1.0, LIMITS.canvas_side / max(width, height), (LIMITS.canvas_pixels / (width * height)) ** 0.5
    )
    if scale == 1.0:
        return ReadPicture(picture, False, read.notes)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    note = f"made smaller, from {width}x{height} to {size[0]}x{size[1]} pixels, as large as a canvas may be"
    return ReadPicture(picture.resize(size, Image.Resampling.LANCZOS), True, (*read.notes, note))
