"""Degraded pictures: the ringing detector, and the tolerant residual."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import Layer
from haac_match._picture.arrays import Box
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.degraded import ringing, tolerant_difference
from haac_match._solve.prune import prune

SIZE = 200, 160


def picture(blur: int = 0) -> Image.Image:
    """Two elements of different colours on a plain background."""
    out = Image.new("RGBA", SIZE, (40, 90, 150, 255))
    for number, colour in enumerate(("red", "yellow")):
        element = Image.new("RGBA", (60, 60))
        ImageDraw.Draw(element).ellipse((2, 2, 57, 57), fill=colour, outline="black", width=5)
        placed = place(Layer(1, width=60, rotation=77, blur=blur, x=20 + 90 * number, y=40), element, SIZE)
        assert placed is not None
        out.alpha_composite(placed.pixels, placed.box[:2])
    return out.convert("RGB")


def as_jpeg(image: Image.Image) -> np.ndarray:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return np.asarray(Image.open(file))


def scaled(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((SIZE[0] * 7 // 10, SIZE[1] * 7 // 10), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("blur", [0, 4, 10])
def test_edges_do_not_ring_in_a_clean_picture(blur: int) -> None:
    clean = np.asarray(picture(blur))
    assert not ringing(clean, np.full_like(clean, clean[0, 0]))


@pytest.mark.parametrize("degrade", [as_jpeg, scaled])
def test_edges_of_a_degraded_picture_ring(degrade: Callable[[Image.Image], np.ndarray]) -> None:
    degraded = degrade(picture())
    assert ringing(degraded, np.full_like(degraded, np.asarray(picture())[0, 0]))


def test_jpeg_is_a_smaller_difference_than_another_colour() -> None:
    clean = np.asarray(picture())
    degraded = as_jpeg(picture())
    plain = np.abs(clean.astype(float) - degraded).max(axis=2)
    assert plain.max() > 40
    assert tolerant_difference(clean, degraded).max() < 0.6 * plain.max()
    other = clean.copy()
    other[60:90, 40:70] = np.clip(other[60:90, 40:70].astype(int) + 25, 0, 255)
    assert (tolerant_difference(other, degraded)[65:85, 45:65] > 12).all()


def test_an_edge_that_is_off_by_a_pixel_is_within_reach() -> None:
    clean = np.asarray(picture(4))
    moved = np.roll(clean, 1, axis=1)
    assert tolerant_difference(clean, moved).max() > 40
    assert tolerant_difference(clean, moved, reach=True).max() < 12


def test_a_look_alike_below_the_right_layer_is_not_needed() -> None:
    background = Image.new("RGBA", SIZE, (40, 90, 150, 255))
    right, wrong = Image.new("RGBA", (60, 60), "red"), Image.new("RGBA", (60, 60), "green")
    made = place(Layer(1, width=60, x=50, y=50), right, SIZE)
    under = place(Layer(2, width=58, x=51, y=51), wrong, SIZE)
    beside = place(Layer(3, width=60, x=95, y=50), wrong, SIZE)
    assert made is not None
    assert under is not None
    assert beside is not None
    whole = background.copy()
    for placed in (beside, made):
        whole.alpha_composite(placed.pixels, placed.box[:2])
    canvas = Canvas(as_jpeg(whole.convert("RGB")), background)
    for z, placed in enumerate((under, beside, made)):
        canvas.insert(z, placed)

    def off(box: Box) -> np.ndarray:
        left, top, right, bottom = box
        there = np.s_[top:bottom, left:right]
        return tolerant_difference(canvas.current[there], canvas.target[there], reach=True) > 12

    assert prune(canvas, made.box, off) == [under.layer]
    assert canvas.layers == [beside, made]
