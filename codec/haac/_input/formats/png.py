"""PNG and APNG: chunks taken apart, so that what stands beside the pixels cannot spoil them (W3C, PNG third edition)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from haac._input.colour import to_srgb
from haac._input.formats.animation import Disposal, Part, composed
from haac._input.formats.stills import upright
from haac._input.limits import PICTURE_LIMITS, check_size
from haac._input.opened import Opened
from haac_repo import PictureError

if TYPE_CHECKING:
    from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PILLOWS_TEXT = 2**20
"""Bytes of packed text or profile over which Pillow gives the whole picture up."""
_CHUNKS = 2**20
"""At most so many; a file of 256 MiB has 32,768 of the usual 8 KiB."""
_TEXTS = 100
"""Packed texts that are looked at."""
_SAMPLES = (b"PLTE", b"tRNS")
_DISPOSALS = {1: Disposal.CLEAR, 2: Disposal.RESTORE}


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    """Of its data."""
    end: int


@dataclass(slots=True)
class _File:
    """A PNG taken apart."""

    data: bytes
    chunks: list[_Chunk]
    notes: list[str]
    depth: int
    colour: int
    profile: bytes | None = None
    profiled: bool = False
    """It had a profile, whatever became of it."""
    texts: int = 0
    """Packed texts so far."""
    exif: bytes | None = None
    frames: list[_Frame] = field(default_factory=list)
    """Of an animation."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class _Frame:
    control: _Chunk
    pixels: list[_Chunk]


def open_png(data: bytes, _at_least: int | None) -> Opened:
    """Open a PNG; of an APNG, the frames that are played.

    Chunks beside the pixels whose checksum is wrong are left out, as by libpng, and so are texts and profiles that are too large.

    Raises:
        PictureError: it is broken before its pixels, or too large.
    """
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise PictureError("the picture is broken or cut short (a PNG without a header)")
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    check_size(width, height)
    file = _File(data, [], [], depth, colour)
    _take_apart(file)
    if len(file.frames) > 1 or (file.frames and file.frames[0].pixels[0].kind != b"IDAT"):
        images = composed((width, height), (_part(file, frame) for frame in file.frames))
        turned = (upright(image, file.exif) for image in images)
        return Opened("PNG", file.count, turned, (width, height), file.notes)
    return Opened("PNG", 1, _still(file), (width, height), file.notes)


def _take_apart(file: _File) -> None:
    """Sort the chunks: what goes to the decoder, profile, EXIF, frames."""
    current: list[_Chunk] | None = None
    animated = pixels = False
    for count, chunk in enumerate(_chunks(file.data)):
        if count > _CHUNKS:
            raise PictureError(f"the picture has more than {_CHUNKS:,} chunks")
        pixels |= chunk.kind == b"IDAT"
        if chunk.kind == b"acTL":
            animated |= not pixels
            continue
        if chunk.kind[0] & 0x20 and chunk.kind != b"fdAT" and not _checked(file, chunk):
            continue
        if chunk.kind == b"fcTL" and animated and chunk.end - chunk.start == 26:
            current = []
            file.count = file.count + 1 if file.frames else 1
            if len(file.frames) < PICTURE_LIMITS.frames:
                file.frames.append(_Frame(chunk, current))
        elif chunk.kind in (b"IDAT", b"fdAT") and current is not None:
            current.append(chunk)
        _keep(file, chunk)
    file.frames = [frame for frame in file.frames if frame.pixels]


def _keep(file: _File, chunk: _Chunk) -> None:
    if chunk.kind == b"IHDR" and chunk.start > 16:
        raise PictureError("the picture is broken (a PNG with two headers)")
    if chunk.kind == b"iCCP":
        if not file.profiled:  # the first one counts
            file.profile, file.profiled = _profile(file, chunk), True
    elif chunk.kind == b"eXIf":
        file.exif = file.data[chunk.start : chunk.end]
    elif chunk.kind in (b"zTXt", b"iTXt"):
        _note_text(file, chunk)
    elif not chunk.kind[0] & 0x20 or chunk.kind in _SAMPLES:
        file.chunks.append(chunk)


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """To the end, or to where the file is cut short: its last chunk is then shorter than it says."""
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunk = _Chunk(data[at + 4 : at + 8], at + 8, at + 8 + length)
        yield chunk
        if chunk.kind == b"IEND":
            return
        at = chunk.end + 4


def _checked(file: _File, chunk: _Chunk) -> bool:
    """Whether a chunk's checksum is right; said, if it is not."""
    view = memoryview(file.data)[chunk.start - 4 : chunk.end]
    if zlib.crc32(view).to_bytes(4, "big") == file.data[chunk.end : chunk.end + 4]:
        return True
    name = chunk.kind.decode("ascii", "replace")
    effect = {b"tRNS": ": so was its transparency", b"iCCP": ": so was its colour profile"}.get(
        chunk.kind, ""
    )
    _say(file, f"its chunk {name} has a wrong checksum and was left out{effect}")
    return False


def _say(file: _File, note: str) -> None:
    if note not in file.notes:
        file.notes.append(note)


def _profile(file: _File, chunk: _Chunk) -> bytes | None:
    name = file.data.find(b"\0", chunk.start, chunk.end)
    if name < 0:
        return None
    unpack, most = zlib.decompressobj(), PICTURE_LIMITS.profile_bytes
    try:
        profile = unpack.decompress(file.data[name + 2 : chunk.end], most + 1)
    except zlib.error:
        return None
    if len(profile) > most:
        _say(file, f"its colour profile has more than {most:,} bytes and was not applied")
        return None
    if len(profile) > _PILLOWS_TEXT:
        _say(file, f"its colour profile is unusually large ({len(profile):,} bytes)")
    return profile


def _note_text(file: _File, chunk: _Chunk) -> None:
    """Say that a text is too large; once, and after so many not at all."""
    file.texts += 1
    if file.texts > _TEXTS or any("packed text" in note for note in file.notes):
        return
    text = file.data[chunk.start : chunk.end]
    for at in (
        text.find(b"\0") + 2,
        *(match for match in (text.find(b"x\x9c"), text.find(b"x\xda")) if match > 0),
    ):
        try:
            if len(zlib.decompressobj().decompress(text[at:], _PILLOWS_TEXT + 1)) > _PILLOWS_TEXT:
                _say(file, f"it has more than {_PILLOWS_TEXT:,} bytes of packed text, which was left out")
                return
        except zlib.error:
            continue


def _still(file: _File) -> Iterator[Image.Image]:
    parts = [_SIGNATURE]
    for chunk in file.chunks:
        parts.append(file.data[chunk.start - 8 : chunk.end + 4])
    yield upright(_decoded(b"".join(parts), file), file.exif)


def _part(file: _File, frame: _Frame) -> Part:
    _, width, height, left, top, _, _, dispose, blend = struct.unpack_from(
        ">IIIIIHHBB", file.data, frame.control.start
    )
    check_size(width, height)
    canvas = struct.unpack_from(">II", file.data, 16)
    if left + width > canvas[0] or top + height > canvas[1]:
        raise PictureError("the picture is broken (a frame of its animation reaches beyond its edge)")
    disposal = _DISPOSALS.get(dispose, Disposal.KEEP)
    return Part(left, top, partial(_frame, file, frame, width, height), blend == 1, disposal)


def _frame(file: _File, frame: _Frame, width: int, height: int) -> Image.Image:
    """One frame, written as a PNG of its own."""
    data = file.data
    header = struct.pack(">II", width, height) + data[24:29]
    pieces = [_SIGNATURE, _written(b"IHDR", header)]
    pieces += [data[c.start - 8 : c.end + 4] for c in file.chunks if c.kind in _SAMPLES]
    for chunk in frame.pixels:
        start = chunk.start + (4 if chunk.kind == b"fdAT" else 0)  # after its number
        pieces.append(_written(b"IDAT", data[start : chunk.end]))
    return _decoded(b"".join((*pieces, _written(b"IEND", b""))), file)


def _written(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _decoded(data: bytes, file: _File) -> Image.Image:
    """Decode a PNG that has nothing beside its pixels, palette and transparency; RGBA, sRGB."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
        opened.load()
        image: Image.Image = opened
        if file.profile:
            if (
                file.colour == 4 and image.mode == "RGBA"
            ):  # as Pillow gives 16-bit grey with alpha; the profile is one of greys
                image = Image.merge("LA", (image.getchannel("R"), image.getchannel("A")))
            image.info["icc_profile"] = file.profile
        _mend_transparency(image, file.depth, file.colour)
        return to_srgb(image)


def _mend_transparency(image: Image.Image, depth: int, colour: int) -> None:
    """Bring the sample that is transparent to the scale of the pixels, which Pillow has scaled.

    It keeps samples of less than 8 bits as they are in the file but multiplies the pixels, and cuts colours of 16 bits to 8.
    """
    clear = image.info.get("transparency")
    if colour == 0 and isinstance(clear, int) and depth in (1, 2, 4):
        if depth > 1 or clear <= 1:  # newer ones scale the sample of 1 bit too
            image.info["transparency"] = (clear & (1 << depth) - 1) * (255 // ((1 << depth) - 1))
    elif colour == 0 and isinstance(clear, int) and depth == 8:
        image.info["transparency"] = clear & 255
    elif colour == 2 and isinstance(clear, tuple):
        image.info["transparency"] = tuple(value >> 8 if depth == 16 else value & 255 for value in clear)
