"""Formats that optional packages decode: HEIC (pillow-heif) and JPEG XL (pillow-jxl-plugin)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from haac._input.colour import to_srgb
from haac._input.formats.stills import upright
from haac._input.limits import check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

_PACKAGES = {
    "imagecodecs": "imagecodecs",
    "pillow_heif": "pillow-heif",
    "pillow_jxl": "pillow-jxl-plugin",
    "resvg_py": "resvg-py",
    "tifffile": "tifffile",
}
"""Modules, and the packages of `haac[formats]` that bring them."""


def need(what: str, module: str) -> None:
    """Make sure that a package of `haac[formats]` is installed.

    Raises:
        PictureError: it is not. (The picture's error: others need it not.)
    """
    if find_spec(module) is None:
        raise PictureError(
            f"this is {what}, which is read with {_PACKAGES[module]}, not installed here: pip install 'haac[formats]'"
        )


def open_heif(data: bytes, _at_least: int | None) -> Opened:
    """Open a HEIC picture; of a file with several, the main one first.

    Raises:
        PictureError: pillow-heif is not installed, or the picture is too large.
    """
    need("a HEIC picture", "pillow_heif")
    import pillow_heif

    # Its own class, not registered with Pillow: programs that import haac keep the formats that they chose.
    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    order = [file.primary_index, *(n for n in range(len(file)) if n != file.primary_index)]
    for index in order:
        check_size(*file[index].size)
    return Opened("HEIF", len(file), _heif(file, order), file[order[0]].size)


def _heif(file: Any, order: list[int]) -> Iterator[Image.Image]:
    for index in order:
        image = file[index].to_pillow()
        yield to_srgb(image)  # libheif has turned it; EXIF counts for nothing here (ISO/IEC 23008-12)


def open_jxl(data: bytes, _at_least: int | None) -> Opened:
    """Open a JPEG XL picture.

    Raises:
        PictureError: pillow-jxl-plugin is not installed, or the picture is too large.
    """
    width, height = jxl_size(data)
    check_size(width, height)
    need("a JPEG XL picture", "pillow_jxl")
    return Opened("JXL", 1, _jxl(data), (width, height))


def _jxl(data: bytes) -> Iterator[Image.Image]:
    from pillow_jxl.JpegXLImagePlugin import JXLImageFile

    image = JXLImageFile(io.BytesIO(data))
    image.load()
    # Of a JPEG that was packed again the plugin gives the JPEG itself, which is not turned yet; libjxl turns all others.
    exif = image.info.get("exif") if image.jpeg else None
    yield upright(to_srgb(image), exif)


_HEAD = 34
"""Bytes of a codestream that have its size for certain."""


def jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG XL picture, out of its first bits (ISO/IEC 18181-1, SizeHeader): the plugin decodes as it opens.

    Raises:
        PictureError: it has no codestream.
    """
    start = _codestream(data)
    if len(start) < 12:  # SizeHeader takes at most 68 bits, after the two bytes of the signature
        raise PictureError("the picture is broken or cut short (a JPEG XL codestream without a size)")
    bits = int.from_bytes(start[2:], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    def side(small: bool) -> int:
        return 8 * (1 + take(5)) if small else 1 + take((9, 13, 18, 30)[take(2)])

    small = bool(take(1))
    height = side(small)
    ratio = take(3)
    across = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}.get(ratio)
    width = side(small) if across is None else height * across[0] // across[1]
    return width, height


def _codestream(data: bytes) -> bytes:
    """The beginning of the codestream: of the file, or of what its boxes hold, one after the other."""
    if data[:2] == b"\xff\x0a":
        return data[:_HEAD]
    at, found = 0, b""
    while at + 16 <= len(data) and len(found) < _HEAD:
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + max(length, head) if length else len(data)
        if kind in (b"jxlc", b"jxlp"):
            start = at + head + (4 if kind == b"jxlp" else 0)
            found += data[start : min(end, start + _HEAD - len(found))]
        at = end
    if not found:
        raise PictureError("the picture is broken or cut short (a JPEG XL container without a picture)")
    return found
