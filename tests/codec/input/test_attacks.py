"""Picture files made to keep a reader busy, or to be larger than they say: one error, at once."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from dataclasses import replace

import pytest
from PIL import Image

from haac._input.formats.extra import jxl_size
from haac._input.formats.svg import _Drawing, _pixels
from haac._input.formats.tiff import _count
from haac._input.limits import PICTURE_LIMITS
from haac._input.read import read_frames, read_picture
from haac._input.sniff import format_of
from haac_repo import PictureError


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"<!---->" * 60 + b"x",
        b"<!DOCTYPE svg " + b"[]" * 60 + b"x",
        b"\xff\xd8" + b"\xff" * 300_000 + b"\0",
    ],
    ids=["comments", "declarations", "filling"],
)
def test_what_could_be_told_apart_in_many_ways_is_told_at_once(data: bytes) -> None:
    with pytest.raises(PictureError):
        read_picture(data)


def test_a_length_of_many_spaces() -> None:
    assert _pixels("1" + " " * 300_000 + "!") is None
    assert _pixels(" 25.4 mm ") == pytest.approx(96)


def test_a_comment_before_a_drawing_is_passed_over() -> None:
    assert format_of(b"<?xml version='1.0'?> <!-- a - b -- c --> <!-- d --> <svg/>") == "SVG"


@pytest.mark.parametrize(
    "address",
    [
        "photo.png",
        "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode(),
        "data:image/png,%89PNG",
        "data:image/png;base64,AAAA",
        "data:image/png;base64," + base64.b64encode(png(60_000, 3_000)).decode(),
    ],
)
def test_what_a_drawing_brings_along_is_checked(address: str) -> None:
    with pytest.raises(PictureError):
        _Drawing(f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}"/></svg>'.encode())


def test_a_small_picture_in_a_drawing_is_fine() -> None:
    address = "data:image/png;base64," + base64.b64encode(png(9, 9)).decode()
    _Drawing(f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}"/></svg>'.encode())


def test_the_size_of_a_jpeg_xl_is_that_of_its_codestream_whatever_boxes_it_is_in() -> None:
    # SizeHeader: not small; height by 9 bits; no ratio; width by 18 bits.
    bits = 0 | 0 << 1 | (77 - 1) << 3 | 0 << 12 | 2 << 15 | (100_000 - 1) << 17
    stream = b"\xff\x0a" + bits.to_bytes(40, "little")
    assert jxl_size(stream) == (100_000, 77)

    def box(kind: bytes, payload: bytes) -> bytes:
        return struct.pack(">I", 8 + len(payload)) + kind + payload

    start = b"\0\0\0\x0cJXL \r\n\x87\n"
    for cut in (2, 3, 5, 30):
        parts = box(b"jxlp", b"\0\0\0\0" + stream[:cut]) + box(b"jxlp", b"\x80\0\0\1" + stream[cut:])
        assert jxl_size(start + parts) == (100_000, 77)
    with pytest.raises(PictureError):
        jxl_size(start + box(b"jxlp", b"\0\0\0\0" + stream[:4]))


def test_a_png_has_one_header() -> None:
    data = png(1, 1)
    header = struct.pack(">IIBBBBB", 170_000_000, 1, 1, 0, 0, 0, 0)
    second = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    with pytest.raises(PictureError, match="two headers"):
        read_picture(data[:33] + second + data[33:])


def test_pages_that_lead_back_to_the_first_are_counted_once() -> None:
    page = struct.pack("<H", 0)
    assert (
        _count(b"II*\0" + struct.pack("<I", 8) + page + struct.pack("<I", 14) + page + struct.pack("<I", 8))
        == 2
    )
    file = io.BytesIO()
    first, *others = (Image.new("L", (4, 4), level) for level in range(5))
    first.save(file, "TIFF", save_all=True, append_images=others)
    assert _count(file.getvalue()) == 5
    assert [p.image.getpixel((0, 0)) for p in read_frames(file.getvalue())] == [
        (n, n, n, 255) for n in range(5)
    ]


def test_frames_beyond_the_screen_count_with_all_their_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    first, *others = (Image.new("L", (300, 300), level) for level in (0, 90, 250))
    first.save(file, "GIF", save_all=True, append_images=others, duration=50)
    data = bytearray(file.getvalue())
    assert len(list(read_frames(bytes(data)))) == 3
    monkeypatch.setattr(
        "haac._input.read.PICTURE_LIMITS", replace(PICTURE_LIMITS, frames_pixels=2 * 300 * 300)
    )
    assert len(list(read_frames(bytes(data)))) == 2
