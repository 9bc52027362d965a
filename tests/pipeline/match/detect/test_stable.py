"""Region proposals on textures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac_match._detect.detect import intersection_over_union
from haac_match._detect.stable import stable_boxes


@pytest.fixture(scope="module")
def noise() -> Image.Image:
    levels = np.random.default_rng(7).integers(0, 256, (120, 160, 3), np.uint8)
    return Image.fromarray(levels).resize((320, 240), Image.Resampling.BILINEAR)


def boxes(picture: Image.Image) -> list[tuple[int, int, int, int]]:
    pixels = np.asarray(picture)
    return stable_boxes(pixels, np.ones(pixels.shape[:2], bool))


def best(picture: Image.Image, box: tuple[int, int, int, int]) -> float:
    return max((intersection_over_union(one, box) for one in boxes(picture)), default=0.0)


def test_what_has_one_colour_is_a_region(noise: Image.Image) -> None:
    picture = noise.copy()
    ImageDraw.Draw(picture).ellipse((100, 60, 179, 119), "#2266cc")
    assert best(noise, (100, 60, 180, 120)) < 0.5
    assert best(picture, (100, 60, 180, 120)) > 0.85


def test_parts_that_touch_are_a_region_together(noise: Image.Image) -> None:
    """As a folder and its flap are."""
    picture = noise.copy()
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 80, 159, 159), "#ffdd66")
    pen.rectangle((60, 66, 109, 79), "#ffaa44")
    assert best(picture, (60, 66, 160, 160)) > 0.85


def test_only_where_it_is_asked(noise: Image.Image) -> None:
    picture = noise.copy()
    ImageDraw.Draw(picture).rectangle((20, 20, 79, 79), "#2266cc")
    where = np.zeros((240, 320), bool)
    assert stable_boxes(np.asarray(picture), where) == []
    where[40:50, 40:50] = True
    assert stable_boxes(np.asarray(picture), where)
