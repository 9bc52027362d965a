"""The embedded segmenter, on real photographs and on nothing at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")
skimage = pytest.importorskip("skimage")

from haac_pipeline._segment.offline import object_mask  # noqa: E402


def cut(image: Image.Image) -> np.ndarray:
    return object_mask(np.asarray(image))


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"])
def test_a_photograph_gets_a_mask_of_its_size_always_the_same(name: str) -> None:
    with Image.open(Path(skimage.__path__[0], "data", name)) as file:
        image = file.convert("RGB")
    mask = cut(image)
    assert mask.shape == (image.height, image.width)
    assert 0.02 < (mask >= 128).mean() < 0.9
    assert np.array_equal(mask, cut(image))


def test_a_disc_on_plain_ground_is_found() -> None:
    y, x = np.mgrid[0:200, 0:300]
    disc = (x - 140) ** 2 + (y - 100) ** 2 < 60**2
    pixels = np.where(disc[:, :, None], (200, 40, 30), (60, 120, 200)).astype(np.uint8)
    found = cut(Image.fromarray(pixels)) >= 128
    assert (found & disc).sum() / (found | disc).sum() > 0.97


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (64, 64), (500, 3)])
def test_nothing_is_found_where_nothing_is(size: tuple[int, int]) -> None:
    mask = cut(Image.new("RGB", size, "teal"))
    assert mask.shape == size[::-1]
    assert not mask.any()
