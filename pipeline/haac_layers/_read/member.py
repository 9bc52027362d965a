"""Pictures inside an archive, through haac's one reader of strangers' pictures: its limits, and colours as sRGB."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from haac_layers._limits import Budget
from haac_layers._read.archive import Archive
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"


def read_member(archive: Archive, name: str, notes: list[str], budget: Budget | None = None) -> Image.Image:
    """Decode a PNG of an archive.

    Args:
        archive: where it is.
        name: of the member.
        notes: what a person should know of it is added here.
        budget: counts its pixels before they are decoded.

    Returns:
        RGBA, sRGB.

    Raises:
        PictureError: it is not there, no PNG, broken or outside the limits.
    """
    data = archive.read(name)
    if data[:8] != _PNG or len(data) < 24:
        raise PictureError(f"{name[:80]!r} is no PNG, and nothing else is read there")
    if budget is not None:
        budget.pixels(*struct.unpack(">II", data[16:24]))
    return decoded(data, name, notes)


def read_merged(archive: Archive, name: str, canvas: tuple[int, int], notes: list[str]) -> Image.Image | None:
    """Decode the picture that a file has of all of it; None if it has none, or one that is broken or not as large as the canvas.

    Args:
        archive: where it is.
        name: of the member.
        canvas: width and height in pixels.
        notes: why there is none is added here.
    """
    if name not in archive:
        return None
    try:
        merged = read_member(archive, name, notes)
    except PictureError as error:
        notes.append(f"The file's own picture cannot be read, and was left out: {error}")
        return None
    if merged.size == canvas:
        return merged
    notes.append(
        f"its merged picture is {merged.width}x{merged.height}, not as large as the canvas, and was left out"
    )
    return None


def decoded(data: bytes, name: str, notes: list[str]) -> Image.Image:
    """Decode a picture; the name goes before what is said of it.

    Raises:
        PictureError: it is broken or outside the limits.
    """
    from haac._internal import read_picture

    try:
        picture = read_picture(data)
    except PictureError as error:
        raise PictureError(f"{name[:80]!r}: {error}") from error
    notes += [f"{name}: {note}" for note in picture.notes]
    return picture.image
