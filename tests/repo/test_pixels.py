"""Headers of elements: what is no lossless WebP of the promised size is found out without decoding."""

from __future__ import annotations

import hashlib
import io
import struct

import numpy as np
import pytest
from PIL import Image

from haac_repo import IntegrityError, decode, encode, pixel_hash
from haac_repo._pixels import HEADER_BYTES, bands, check_header


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


def test_a_picture_of_several_bands_has_the_hash_of_its_rows() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (700, 1000, 4), dtype=np.uint8)
    image = Image.fromarray(pixels)
    assert sum(band.height for band in bands(image)) == 700
    assert len(list(bands(image))) > 1
    whole = struct.pack(">II", 1000, 700) + pixels.tobytes()
    assert pixel_hash(image) == hashlib.sha256(whole).hexdigest()


def test_a_quick_encoding_has_the_same_pixels_in_more_bytes() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (12, 16, 4), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((400, 300), Image.Resampling.BICUBIC)
    quick, usual = encode(image, quick=True), encode(image)
    assert len(quick) > len(usual)
    check_header(quick, 400, 300)
    assert pixel_hash(decode(quick, 400, 300)) == pixel_hash(image)
