"""Measures at known values."""

from __future__ import annotations

import io
import math
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from haac_evidence._scores.judge import Seen, seen
from haac_evidence._scores.ms_ssim import LEAST, ms_ssim
from haac_evidence._scores.scores import MEASURES, PERFECT, Scorer, absent, scores

pytest.importorskip("skimage")


def photograph(width: int = 208, height: int = 192) -> Image.Image:
    from skimage.data import astronaut

    return Image.fromarray(astronaut()).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as opened:
        return opened.convert("RGB")


def test_a_picture_is_perfectly_like_itself() -> None:
    image = photograph(176, 176)
    found = scores(image, image.copy())
    assert found == {**PERFECT, **dict.fromkeys(absent())}
    assert ms_ssim(np.asarray(image), np.asarray(image)) == pytest.approx(1.0)


def test_all_measures_rise_with_quality() -> None:
    image = photograph()
    rows = [scores(image, jpeg(image, quality)) for quality in (5, 30, 92)]
    for name, measure in MEASURES.items():
        if name in absent():
            continue
        values = [measure.better * (row[name] or 0) for row in rows]
        assert values == sorted(values), name
        assert values[0] < values[2], name


def test_psnr_and_different_pixels_by_arithmetic() -> None:
    grey = Image.new("RGB", (180, 180), (100, 100, 100))
    brighter = Image.new("RGB", (180, 180), (126, 126, 126))
    found = scores(grey, brighter)
    assert found["psnr"] == pytest.approx(20 * math.log10(255 / 26))
    assert found["different"] == 100
    assert scores(grey, Image.new("RGB", (180, 180), (125, 125, 125)))["different"] == 0


def test_ms_ssim_of_two_greys_is_that_of_their_brightness() -> None:
    """Without structure only the coarsest scale's luminance is left: (2ab + C1) / (a2 + b2 + C1) to the power of .1333."""
    a, b, c1 = 100.0, 126.0, (0.01 * 255) ** 2
    pixels = [np.full((LEAST, LEAST, 3), level, np.uint8) for level in (100, 126)]
    expected = ((2 * a * b + c1) / (a * a + b * b + c1)) ** 0.1333
    assert ms_ssim(*pixels) == pytest.approx(expected)


def test_ms_ssim_says_nothing_of_pictures_too_small_for_five_scales() -> None:
    pixels = np.zeros((LEAST - 1, 400, 3), np.uint8)
    assert ms_ssim(pixels, pixels) is None


class Eye:
    """A judge that takes green for a dog and blue for a boat, and is sure of what is bright."""

    name = "eye"

    def __call__(self, picture: Image.Image) -> Seen:
        _, green, blue = np.asarray(picture, float).mean((0, 1))
        classes = np.zeros(1000)
        classes[200 if green > blue else 472] = 0.9 if max(green, blue) > 100 else 0.4
        return seen(classes, np.ones(4))


GREEN, DARK_GREEN = Image.new("RGB", (48, 48), (0, 200, 0)), Image.new("RGB", (48, 48), (0, 50, 0))
BLUE = Image.new("RGB", (48, 48), (0, 0, 200))


def test_a_kind_is_recognised_where_the_judge_knows_the_original() -> None:
    scorer = Scorer(GREEN, Eye())
    assert scorer(GREEN)["kind"] == 100
    assert scorer(DARK_GREEN)["kind"] == 100, "of the render it need not be sure"
    assert scorer(BLUE)["kind"] == 0
    assert Scorer(DARK_GREEN, Eye())(DARK_GREEN)["kind"] is None, "it does not know what that shows"
    assert Scorer(GREEN)(GREEN)["kind"] is None, "there is no judge"
    assert "kind" in absent()
    assert "kind" not in absent("")


@pytest.mark.skipif(find_spec("ssimulacra2") is None, reason="ssimulacra2 is not installed")
def test_ssimulacra2_at_the_anchors_of_its_authors() -> None:
    """30 is what libjpeg-turbo's quality 20 gives on average, 50 what 35, 90 hardly to be told apart: within what pictures vary by."""
    image = photograph(256, 256)
    low, medium, high = (scores(image, jpeg(image, quality))["ssimulacra2"] for quality in (20, 35, 97))
    assert low is not None
    assert medium is not None
    assert high is not None
    assert 20 < low < 55
    assert low < medium < 70
    assert 80 < high < 100
