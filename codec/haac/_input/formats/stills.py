"""Formats that Pillow decodes whole: JPEG, WebP, AVIF, BMP; their frames one by one, and turning them upright."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from haac._input.colour import to_srgb
from haac._input.limits import check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION = 0x0112
_LARGE = 2**26
"""Pixels above which a WebP is worth another decoder."""


def open_still(data: bytes, at_least: int | None, *, kind: str) -> Opened:
    """Open a picture that Pillow decodes.

    Args:
        data: the file.
        at_least: pixels of the long side that are needed; a JPEG is decoded at a half, quarter or eighth of its size where
            that leaves so many.
        kind: Pillow's name of the format.

    Raises:
        PictureError: Pillow has no such decoder here, or the picture is too large.
    """
    from PIL import Image, features

    if kind in ("AVIF", "WEBP") and not features.check(kind.lower()):
        raise PictureError(f"this Pillow reads no {kind}: pip install 'pillow>=11.3'")
    image = Image.open(io.BytesIO(data), formats=(kind,))  # JPEG brings MPO along, which phones write
    check_size(*image.size)
    if at_least is not None and kind == "JPEG":
        reduce_jpeg(image, at_least)
    # What a JPEG has behind it (MPO) are previews, depth and gain maps, or the other eye's picture: nothing that is played.
    count = 1 if kind == "JPEG" else getattr(image, "n_frames", 1)
    if kind == "WEBP" and count == 1:
        return Opened(kind, 1, _webp(dict(image.info), image.size, data), image.size)  # its decoder is let go
    return Opened(image.format or kind, count, _frames(image, count), image.size)


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, upright, by its header."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        (width, height), exif = image.size, image.info.get("exif")
    return (height, width) if _orientation(exif) in (5, 6, 7, 8) else (width, height)


def reduce_jpeg(image: Image.Image, at_least: int) -> None:
    """Let a JPEG be decoded at the smallest of its scales that leaves so many pixels on its long side."""
    scale = at_least / max(image.size)
    if scale < 1:
        image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))


def upright(image: Image.Image, exif: object) -> Image.Image:
    """Turn a picture as EXIF says. XMP may say it too, and is not asked: no browser does."""
    return turned(image, _orientation(exif))


def turned(image: Image.Image, orientation: object) -> Image.Image:
    """Turn a picture that was stored in one of the eight orientations of EXIF; unchanged for anything else."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def _orientation(exif: object) -> object:
    from PIL import Image

    if not isinstance(exif, bytes):
        return None
    found = Image.Exif()
    try:
        found.load(exif)
        return found.get(_ORIENTATION)
    except Exception:  # broken EXIF raises whatever its parser does
        return None


def _frames(image: Image.Image, count: int) -> Iterator[Image.Image]:
    with image:
        for index in range(count):
            if index:
                image.seek(index)
                check_size(*image.size)
            yield _frame(image, alone=count == 1)


def _frame(image: Image.Image, *, alone: bool) -> Image.Image:
    """One frame, decoded and finished; `image` is left to be sought on."""
    exif = image.info.get("exif")
    image.load()
    result = to_srgb(image if alone else image.copy())
    if image.format == "BMP" and result.getchannel("A").getextrema() == (0, 0):
        result.putalpha(255)  # written by programs that left the fourth byte empty, and shown so by all
    return upright(result, exif)


def _webp(info: dict[Any, Any], size: tuple[int, int], data: bytes) -> Iterator[Image.Image]:
    """A still WebP, decoded with 12 bytes a pixel at once, the file's own twice beside them.

    Pillow's plugin takes 16: its decoder holds two canvases, and lives until the pixels have been copied twice.
    """
    from PIL import Image

    buffer = _webp_samples(size, data)
    result = Image.frombuffer("RGBA", size, buffer, "raw", "RGBA", 0, 1)
    result.info = info
    yield upright(to_srgb(result), info.get("exif"))


def _webp_samples(size: tuple[int, int], data: bytes) -> Any:
    """RGBA samples, rows from the top, as a buffer."""
    if size[0] * size[1] > _LARGE and find_spec("imagecodecs"):
        import imagecodecs

        return imagecodecs.webp_decode(data, hasalpha=True)  # one canvas
    from PIL import _webp

    frame = _webp.WebPAnimDecoder(data).get_next()
    if frame is None:
        raise PictureError("the picture is broken or cut short")
    return frame[0]
