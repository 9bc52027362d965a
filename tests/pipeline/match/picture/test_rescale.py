"""The degradation model of rescaling: parts of a picture, and what of it a change reaches."""

from __future__ import annotations

import numpy as np
from PIL import Image

from haac_match._picture.rescale import KERNELS, Rescaling

SIZE = 503, 397


def test_a_part_is_scaled_as_the_whole_is() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    original = Image.fromarray(noise)
    for size in ((352, 278), (201, 159), (604, 476)):
        for kernel in KERNELS:
            scaling = Rescaling(SIZE, size, kernel)
            whole = np.asarray(scaling.resized(original, (0, 0, *size))).astype(np.int16)
            for box in ((40, 30, 90, 111), (0, 50, 20, 60), (size[0] - 30, size[1] - 9, *size)):
                part = np.asarray(scaling.resized(original.crop(scaling.around(box)), box))
                there = whole[box[1] : box[3], box[0] : box[2]]
                assert part.shape == there.shape
                assert np.abs(part - there).max() <= 1


def test_what_changes_of_the_original_changes_nothing_else() -> None:
    scaling = Rescaling(SIZE, (352, 278), Image.Resampling.LANCZOS)
    box = 100, 80, 171, 120
    black, white = Image.new("L", SIZE), Image.new("L", SIZE)
    white.paste(255, box)
    made = [np.asarray(scaling.resized(image, (0, 0, *scaling.size))) for image in (black, white)]
    y, x = np.nonzero(made[0] != made[1])
    left, top, right, bottom = scaling.within(box)
    assert left <= x.min() <= x.max() < right
    assert top <= y.min() <= y.max() < bottom
    assert (right - left) < 71 * 0.7 + 14
