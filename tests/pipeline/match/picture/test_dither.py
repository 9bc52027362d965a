"""What dithering shows."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac_match._picture.dither import without_dither
from tests.pipeline.match.detect.pictures import chat
from tests.pipeline.match.pictures import scenery


@pytest.fixture(scope="module")
def gradient() -> Image.Image:
    return Image.linear_gradient("L").convert("RGB")


def dithered(picture: Image.Image, colours: int) -> Image.Image:
    palette = picture.quantize(colours, Image.Quantize.FASTOCTREE)
    made = picture.quantize(colours, palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return made.convert("RGB")


@pytest.mark.parametrize("colours", [8, 24])
def test_a_gradient_is_smooth_again(gradient: Image.Image, colours: int) -> None:
    noisy = np.asarray(dithered(gradient, colours))
    smooth = without_dither(noisy)
    off = np.asarray(gradient).astype(float)
    assert np.square(smooth - off).mean() < np.square(noisy - off).mean() / 4


def test_what_is_not_dithered_stays(gradient: Image.Image) -> None:
    """Whether of few colours, as text and bands are, or of many."""
    few = gradient.quantize(8, dither=Image.Dither.NONE).convert("RGB")
    ImageDraw.Draw(few).text((20, 20), "no specks", "white")
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8))
    for picture in (few, chat(), scenery(1), noise, Image.new("RGB", (1, 1))):
        pixels = np.asarray(picture.convert("RGB"))
        assert without_dither(pixels) is pixels
