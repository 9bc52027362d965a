"""GIF: its blocks taken apart, and each frame decoded as a picture of its own (CompuServe, "Graphics Interchange Format 89a")."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from haac._input.formats.animation import Disposal, Part, composed
from haac._input.limits import PICTURE_LIMITS, check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE}


@dataclass(frozen=True, slots=True)
class _Block:
    """One frame: where it stands in the file, and on the screen."""

    left: int
    top: int
    width: int
    height: int
    start: int
    """Of its flags, after its size."""
    end: int
    clear: int | None
    """Palette index that is transparent."""
    disposal: int


def open_gif(data: bytes, _at_least: int | None) -> Opened:
    """Open a GIF.

    Raises:
        PictureError: it is broken before its first frame, or too large.
    """
    blocks, count = [], 0
    for block in _blocks(data):
        count += 1
        if count <= PICTURE_LIMITS.frames:
            blocks.append(block)
    if not blocks:
        raise PictureError("the picture is broken or cut short (a GIF without a frame)")
    width, height = struct.unpack_from("<HH", data, 6)
    first = blocks[0]
    # A first frame beyond the screen makes the screen larger, as in browsers.
    size = max(width, first.left + first.width), max(height, first.top + first.height)
    check_size(*size)
    for block in blocks:
        check_size(block.width, block.height)
    parts = (
        Part(
            block.left,
            block.top,
            partial(_decoded, data, block),
            over=True,
            disposal=_DISPOSALS.get(block.disposal, Disposal.KEEP),
        )
        for block in blocks
    )
    # What reaches beyond the screen is decoded too.
    largest = max([size, *((block.width, block.height) for block in blocks)], key=math.prod)
    return Opened("GIF", count, composed(size, parts), largest)


def _blocks(data: bytes) -> Iterator[_Block]:
    """The frames; a last one that is cut short too."""
    at = 13 + _palette_bytes(data[10])
    clear, disposal = None, 0
    while at < len(data):
        kind = data[at]
        if kind == 0x21 and at + 2 <= len(data):
            if data[at + 1 : at + 3] == b"\xf9\x04" and at + 7 <= len(data):
                flags = data[at + 3]
                clear, disposal = (data[at + 6] if flags & 1 else None), flags >> 2 & 7
            at = _after_data(data, at + 2)
        elif kind == 0x2C and at + 10 <= len(data):
            left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
            start = at + 9
            at = _after_data(data, start + 1 + _palette_bytes(flags) + 1)
            yield _Block(left, top, width, height, start, at, clear, disposal)
            clear, disposal = None, 0
        else:
            return  # the trailer, or what follows it


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_data(data: bytes, at: int) -> int:
    """The place behind a run of sub-blocks."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _decoded(data: bytes, block: _Block) -> Image.Image:
    """One frame, RGBA: written as a GIF of its own, which has no screen beside it."""
    from PIL import Image

    parts = [b"GIF89a", struct.pack("<HH", block.width, block.height), data[10:13]]
    parts.append(data[13 : 13 + _palette_bytes(data[10])])
    if block.clear is not None:
        parts.append(bytes((0x21, 0xF9, 4, 1, 0, 0, block.clear, 0)))
    parts.append(b"," + struct.pack("<HHHH", 0, 0, block.width, block.height))
    parts += data[block.start : block.end], b";"
    with Image.open(io.BytesIO(b"".join(parts)), formats=("GIF",)) as image:
        image.load()
        return image.convert("RGBA")
