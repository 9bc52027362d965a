"""Picture files for the tests of the reader, and what it makes of them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from haac._internal import read_picture


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(read_picture(data).image).astype(int)


def gradient(width: int = 24, height: int = 16) -> Image.Image:
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))


def png_chunk(kind: bytes, data: bytes, *, wrong: bool = False) -> bytes:
    """A chunk of a PNG, perhaps with a wrong checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ wrong)


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG of the given header and raw rows, which may lie."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*each) for each in chunks)


def tiff(order: str, entries: Mapping[int, tuple[int, ...]], pixels: bytes) -> bytes:
    """A TIFF of one strip; `order` is < or >, entries are tags of 32-bit numbers, those of one strip aside."""
    tags: dict[int, tuple[int, ...]] = {259: (1,), 273: (0,), 277: (1,), 279: (len(pixels),), **entries}
    tags[278] = tags[257]
    after = 8 + 2 + 12 * len(tags) + 4
    longer = b""
    table = b""
    for tag, values in sorted(tags.items()):
        kept = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            table += struct.pack(f"{order}HHII", tag, 4, len(values), after + len(longer))
            longer += kept
        else:
            table += struct.pack(f"{order}HHI", tag, 4, 1) + (b"\0\0\0\0" if tag == 273 else kept)
    strip = struct.pack(f"{order}I", after + len(longer))
    place = struct.pack(f"{order}HHI", 273, 4, 1)
    table = table.replace(place + b"\0\0\0\0", place + strip)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + table + bytes(4) + longer + pixels


def gif(size: tuple[int, int], *frames: bytes, colours: bytes = bytes(range(12))) -> bytes:
    """A GIF with a palette of four colours."""
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0xF1, 0, 0) + colours + b"".join(frames) + b";"


def gif_frame(
    indices: list[list[int]], x: int = 0, y: int = 0, clear: int | None = None, disposal: int = 0
) -> bytes:
    """A frame of a GIF: rows of palette indices below 4, written without compression."""
    codes = [4]
    for count, index in enumerate(index for line in indices for index in line):
        codes += [4] * (count > 0 and count % 2 == 0) + [index]  # cleared before codes grow beyond 3 bits
    codes.append(5)
    number = sum(code << 3 * place for place, code in enumerate(codes))
    data = number.to_bytes(-(-3 * len(codes) // 8), "little")
    assert len(data) < 256
    control = b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2 | (clear is not None), 0, clear or 0, 0)
    box = struct.pack("<HHHHB", x, y, len(indices[0]), len(indices), 0)
    return control + b"," + box + b"\x02" + bytes((len(data),)) + data + b"\0"
