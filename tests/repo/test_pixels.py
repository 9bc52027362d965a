"""Headers of elements: what is no lossless WebP of the promised size is found out without decoding."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from haac_repo import IntegrityError, encode
from haac_repo._pixels import HEADER_BYTES, check_header


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (64, 1), (1, 300), (16383, 2)])
@pytest.mark.parametrize("colour", [(1, 2, 3, 255), (9, 8, 7, 60)])
def test_what_encode_makes_has_a_right_header(
    size: tuple[int, int], colour: tuple[int, int, int, int]
) -> None:
    data = encode(Image.new("RGBA", size, colour))
    check_header(data, *size)
    check_header(memoryview(data)[:HEADER_BYTES], *size, len(data))


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 6), (9, 8, 7, 60)).save(buffer, kind, **options)
    return buffer.getvalue()


GOOD = encode(Image.new("RGBA", (8, 6), (1, 2, 3, 4)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "only 0"),
        (GOOD[:20], "only 20"),
        (b"some text that is long enough to be an element", "begin with b'some text that i'"),
        (saved("PNG"), "no lossless WebP"),
        (saved("WEBP"), "no lossless WebP"),  # lossy
        (
            saved("WEBP", lossless=True, exif=b"Exif\0\0" + bytes(20)),
            "no lossless WebP",
        ),  # more than a picture
        (GOOD + b"tail", "says that it has"),
        (GOOD[:-2], "says that it has"),
        (GOOD[:4] + struct.pack("<I", len(GOOD) - 6) + GOOD[8:] + b"ab", "says that it has"),
        (GOOD[:24] + bytes([GOOD[24] | 0x20]) + GOOD[25:], "no lossless WebP"),  # a later version
        (encode(Image.new("RGBA", (6, 8))), "6x8, its record says 8x6"),
    ],
)
def test_false_elements(data: bytes, words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        check_header(data, 8, 6)
