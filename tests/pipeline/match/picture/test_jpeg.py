"""The degradation model of JPEG: its tables are recognised, and its round trip is done again to the bit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from haac_match._picture.jpeg import Jpeg, estimate_jpeg, recorded, standard, whole_cells

SIZE = 330, 262


def picture() -> Image.Image:
    """Noise that is smooth, as photographs are."""
    noise = np.random.default_rng(5).integers(40, 200, (SIZE[1], SIZE[0], 3), np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))


def encoded(image: Image.Image, quality: int, subsampling: int) -> np.ndarray:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("quality", [60, 75, 85, 92])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_quality_and_subsampling_are_recognised(quality: int, subsampling: int) -> None:
    assert estimate_jpeg(encoded(picture(), quality, subsampling)) == standard(quality, subsampling)


def test_other_pictures_have_no_trace_of_jpeg() -> None:
    assert estimate_jpeg(np.asarray(picture())) is None
    jpeg = Image.fromarray(encoded(picture(), 85, 2))
    smaller = jpeg.resize((SIZE[0] * 7 // 10, SIZE[1] * 7 // 10), Image.Resampling.LANCZOS)
    assert estimate_jpeg(np.asarray(smaller)) is None
    assert estimate_jpeg(np.asarray(jpeg)[3:, 5:]) is None  # its squares are elsewhere
    assert estimate_jpeg(np.full((64, 64, 3), 128, np.uint8)) is None
    assert estimate_jpeg(np.full((3, 5, 3), 128, np.uint8)) is None


def test_tables_of_other_programs_are_read_from_the_file() -> None:
    tables = [[3 + n // 2 for n in range(64)], [5 + n for n in range(64)]]
    file = io.BytesIO()
    picture().save(file, "JPEG", qtables=tables, subsampling=2)
    known = recorded(file.getvalue())
    assert known == Jpeg(tuple(map(tuple, tables)), 2)
    target = np.asarray(Image.open(file))
    assert estimate_jpeg(target) is None
    assert estimate_jpeg(target, known) == known
    assert np.array_equal(known.round_trip(np.asarray(picture())), target)
    assert estimate_jpeg(np.ascontiguousarray(np.rot90(target)), known) is None  # its squares are elsewhere


def test_what_is_no_jpeg_in_colours_has_no_tables() -> None:
    for image, form, options in (
        (picture(), "PNG", {}),
        (picture().convert("L"), "JPEG", {}),
        (picture().convert("CMYK"), "JPEG", {}),
        (picture(), "JPEG", {"subsampling": 1}),
    ):
        file = io.BytesIO()
        image.save(file, form, **options)
        assert recorded(file.getvalue()) is None


def test_the_standard_tables_are_those_of_the_quality() -> None:
    for quality in (30, 85, 98):
        clean = np.asarray(picture())
        assert np.array_equal(standard(quality, 2).round_trip(clean), encoded(picture(), quality, 2))


def test_the_round_trip_of_a_part_is_that_of_the_whole() -> None:
    jpeg = standard(85, 2)
    clean = np.asarray(picture())
    whole = jpeg.round_trip(clean)
    left, top, right, bottom = whole_cells((100, 90, 150, 131), SIZE)
    part = jpeg.round_trip(np.ascontiguousarray(clean[top:bottom, left:right]))
    assert (left, top, right, bottom) == (96, 80, 160, 144)
    assert np.array_equal(part[1:-1, 1:-1], whole[top:bottom, left:right][1:-1, 1:-1])
    assert whole_cells((0, 0, *SIZE), SIZE) == (0, 0, *SIZE)
