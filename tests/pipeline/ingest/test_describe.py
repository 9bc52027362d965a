"""What is told of an element's pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image

from haac_pipeline._ingest.describe import mean_colour


def test_the_mean_colour_is_weighted_by_alpha_over_all_of_a_large_picture() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (900, 700, 4), dtype=np.uint8)
    weights = pixels[:, :, 3].astype(np.float64)
    red, green, blue = (round(float((pixels[:, :, n] * weights).sum() / weights.sum())) for n in range(3))
    assert mean_colour(Image.fromarray(pixels)) == red << 16 | green << 8 | blue


def test_the_mean_colour_of_one_colour_is_that_and_of_nothing_black() -> None:
    assert mean_colour(Image.new("RGBA", (30, 20), (255, 128, 7, 3))) == 0xFF8007
    assert mean_colour(Image.new("RGBA", (30, 20), (255, 128, 7, 0))) == 0
