"""JPEG: files that lack their end but no pixel, and those with more than 8 bits a sample (ITU-T T.81)."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haac._input.depth import strips
from haac._input.formats.extra import need
from haac._input.formats.stills import open_still, upright
from haac._input.limits import check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

_END = b"\xff\xd9"
_EOI, _SOS, _DHT_LIKE = 0xD9, 0xDA, {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2}
_SEQUENTIAL = {0xC0, 0xC1}
_marker = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
_SCANS = 500
"""Scans of one file; every one passes over all of its pixels, and those of cameras have at most a dozen."""


@dataclass(slots=True)
class _Layout:
    """What the markers of a file say."""

    frame: int = 0
    """The marker of its frame header: which process it was coded by; 0: there is none."""
    bits: int = 8
    width: int = 0
    height: int = 0
    components: int = 0
    approximations: dict[tuple[int, int], int] | None = None
    """Of (component, coefficient): how many low bits no scan has told."""
    in_pixels: bool = False
    """It ends among the data of a scan, without an end marker."""
    ended: bool = False
    """It has an end marker."""
    exif: bytes | None = None


def open_jpeg(data: bytes, at_least: int | None) -> Opened:
    """Open a JPEG; arguments and errors are those of `open_still`."""
    layout = _layout(data, to_pixels=True)
    if layout.bits > 8:
        return _open_deep(data, layout)
    if _END not in data[-65_536:] and not _layout(data).ended:
        # Pillow refuses some of these, and gives others as if nothing were missing.
        if not all_pixels(data):
            raise PictureError("the picture is broken or cut short (a JPEG without its end)")
        opened = open_still(_ended(data), at_least, kind="JPEG")
        opened.notes.append("its end marker is missing; all pixels are there")
        return opened
    return open_still(data, at_least, kind="JPEG")


def _ended(data: bytes, filling: bytes = b"") -> bytes:
    whole = data.rstrip(b"\0")  # with which some programs fill up what they could not get
    whole = whole + b"\0" if whole.endswith(b"\xff") and len(whole) < len(data) else whole.rstrip(b"\xff")
    return whole + filling + _END


def all_pixels(data: bytes) -> bool:
    """Whether a JPEG without an end marker has all its pixels.

    libjpeg makes up what is missing and tells nobody. So the file is continued in two ways, by zeros and by ones, and decoded: what
    comes out the same took nothing from either. Where the data are cut at a restart marker the decoder would skip what does
    not begin with the next one, so all of them are offered. Of a progressive file, the scans must have told every bit.
    """
    layout = _layout(data)
    if not layout.in_pixels or layout.frame not in _SEQUENTIAL | _PROGRESSIVE:
        return False
    told = layout.approximations or {}
    if layout.frame in _PROGRESSIVE and (len(told) < 64 * layout.components or any(told.values())):
        return False
    check_size(layout.width, layout.height)
    return _digest(_ended(data, _filling(data, b"\0"))) == _digest(_ended(data, _filling(data, b"\xfe")))


def _filling(data: bytes, byte: bytes) -> bytes:
    last = max((data.rfind(bytes((0xFF, 0xD0 + n)), max(0, len(data) - 2**20)), n) for n in range(8))
    following = range(last[1] + 1, last[1] + 9) if last[0] >= 0 else range(8)
    return byte * 4096 + b"".join(bytes((0xFF, 0xD0 + n % 8)) + byte * 4096 for n in following)


def _digest(data: bytes) -> bytes:
    from PIL import Image

    digest = hashlib.sha256()
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.load()
        for _, strip in strips(image):
            digest.update(strip.tobytes())
    return digest.digest()


def _layout(data: bytes, *, to_pixels: bool = False) -> _Layout:
    found, at, scans = _Layout(approximations={}), 2, 0
    while match := _marker.search(data, at):
        kind, at = match[1][0], match.end()
        if kind in (0xD8, 0x01):
            continue
        if kind == _EOI:
            found.in_pixels, found.ended = False, True
            return found
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if at + length > len(data):
            found.in_pixels = False
            return found
        if 0xC0 <= kind <= 0xCF and kind not in _DHT_LIKE and len(body) >= 6 and not found.frame:
            found.frame = kind
            found.bits, found.height, found.width, found.components = struct.unpack_from(">BHHB", body)
        elif kind == 0xE1 and body.startswith(b"Exif\0\0") and found.exif is None:
            found.exif = body
        elif kind == _SOS:
            if to_pixels:
                return found
            scans += 1
            if scans > _SCANS:
                raise PictureError(f"the picture has more than {_SCANS} scans")
            _tell(found, body)
            found.in_pixels = True
        at += length
    return found


def _tell(found: _Layout, body: bytes) -> None:
    """Take down which bits of which coefficients a scan tells."""
    if not body or body[0] > 4 or len(body) < 4 + 2 * body[0] or found.approximations is None:
        return
    count = body[0]
    first, last, low = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] & 15
    for component in body[1 : 1 + 2 * count : 2]:
        for coefficient in range(first, min(last, 63) + 1):
            found.approximations[component, coefficient] = low


def _open_deep(data: bytes, layout: _Layout) -> Opened:
    """Open a JPEG of 12 or 16 bits a sample, as scanners and medicine write them."""
    what = f"a JPEG of {layout.bits} bits a sample"
    check_size(layout.width, layout.height)
    if layout.components not in (1, 3):
        raise PictureError(
            f"this is {what} in {layout.components} colours, which is not read: save it as 16-bit TIFF"
        )
    need(what, "imagecodecs")
    if not _layout(data).ended:  # libjpeg would make up what is missing
        raise PictureError("the picture is broken or cut short (a JPEG without an end)")
    return Opened("JPEG", 1, _deep(data, layout), (layout.width, layout.height))


def _deep(data: bytes, layout: _Layout) -> Iterator[Image.Image]:
    import imagecodecs
    import numpy as np
    from PIL import Image

    samples = imagecodecs.jpeg8_decode(data)
    if samples.shape[:2] != (layout.height, layout.width):
        raise PictureError("the picture is broken (its size is not what it says)")
    most = (1 << layout.bits) - 1
    result = Image.new("RGB" if layout.components == 3 else "L", (layout.width, layout.height))
    rows = max(1, 2**20 // layout.width)
    for top in range(0, layout.height, rows):
        part = samples[top : top + rows].astype(np.uint32)
        result.paste(Image.fromarray(((part * 255 + most // 2) // most).astype(np.uint8)), (0, top))
    yield upright(result.convert("RGBA"), layout.exif)
