"""Colour profiles (ICC) of picture files: applied, ignored where they are broken, and gone afterwards."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from haac._internal import read_picture
from scripts.lib.profiles import grey_profile, rgb_profile
from tests.codec.input.pictures import gradient, pixels, saved


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
