"""Colour profiles (ICC) of picture files: applied, ignored where they are broken, and gone afterwards."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from haac._internal import read_picture
from tests.codec.input.pictures import gradient, pixels, saved


def rgb_profile(gamma: float) -> bytes:
    """An RGB profile of sRGB's primaries with another curve: sRGB's own, its curve tags replaced."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    where = len(data)
    data += curve
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        at = 132 + 12 * index
        if bytes(data[at : at + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">II", data, at + 4, where, len(curve))
    struct.pack_into(">I", data, 0, len(data))
    return bytes(data)


def grey_profile(gamma: float) -> bytes:
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = [(b"wtpt", white), (b"kTRC", curve)]
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body


def linear_to_srgb(value: float) -> float:
    return 255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_rgb_profile_is_applied(mode: str) -> None:
    image = Image.new("RGB", (4, 4), (128, 64, 200))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    if mode == "RGBA":
        image.putalpha(77)
    result = pixels(saved(image, icc_profile=rgb_profile(1.0)))[2, 2]
    expected = [linear_to_srgb(value / 255) for value in (128, 64, 200)]
    assert np.abs(result[:3] - expected).max() <= 3
    assert result[3] == (77 if mode == "RGBA" else 255)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_profile_is_applied(mode: str) -> None:
    image = Image.new("L", (4, 4), 100).convert(mode)
    if mode == "LA":
        image.putalpha(50)
    result = pixels(saved(image, icc_profile=grey_profile(1.0)))[1, 1]
    assert np.abs(result[:3] - linear_to_srgb(100 / 255)).max() <= 3
    assert result[3] == (50 if mode == "LA" else 255)


def test_rgb_profile_on_a_grey_picture() -> None:
    result = pixels(saved(Image.new("L", (4, 4), 100), icc_profile=rgb_profile(1.0)))[1, 1]
    assert abs(result[0] - linear_to_srgb(100 / 255)) <= 3 or result[0] == 100


def test_srgb_profile_changes_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (pixels(saved(gradient(), icc_profile=srgb))[..., :3] == np.asarray(gradient())).all()


@pytest.mark.parametrize(
    "profile",
    [b"not a profile", grey_profile(1.0), rgb_profile(1.0)[:200], rgb_profile(1.0)[:128] + bytes(400)],
)
def test_broken_and_foreign_profiles_are_ignored(profile: bytes) -> None:
    assert (pixels(saved(gradient(), icc_profile=profile))[..., :3] == np.asarray(gradient())).all()


def test_nothing_of_the_file_is_left_on_the_image() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    image = read_picture(saved(gradient(), exif=exif, icc_profile=rgb_profile(1.8))).image
    assert (type(image), image.info) == (Image.Image, {})
    again = saved(image, "WEBP", lossless=True)
    assert b"ICCP" not in again
    assert b"EXIF" not in again


def test_cmyk_with_a_profile_that_is_none() -> None:
    image = Image.merge("CMYK", [Image.new("L", (16, 16), value) for value in (0, 255, 255, 0)])
    assert pixels(saved(image, "JPEG", icc_profile=rgb_profile(1.0)))[8, 8][0] > 200
