"""What stands out of a smooth background, and the colour behind it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from haac_match._detect.regions import SmoothRegions
from haac_match._detect.textured import textured


def ramp() -> npt.NDArray[np.uint8]:
    """Dark, and smooth."""
    across = np.linspace(10, 60, 200)[None, :, None]
    down = np.linspace(0, 30, 160)[:, None, None]
    return np.broadcast_to(across + down, (160, 200, 3)).round().astype(np.uint8).copy()


def busy(height: int, width: int) -> npt.NDArray[np.uint8]:
    """With something everywhere, far from white."""
    return np.random.default_rng(3).integers(0, 120, (height, width, 3), np.uint8)


def test_a_region_has_the_background_that_is_behind_it() -> None:
    picture = ramp()
    behind = picture[60:90, 100:140].copy()
    picture[60:90, 100:140] = 255 - busy(30, 40)
    region = next(one for one in SmoothRegions(picture).regions() if one.box == (100, 60, 140, 90))
    made = region.background.pixels((100, 60, 140, 90)).astype(int)
    assert np.abs(made - behind).max() <= 1


def test_two_that_touch_by_a_soft_edge_come_apart() -> None:
    picture = np.full((80, 160, 3), 255, np.uint8)
    picture[20:60, 20:70] = busy(40, 50)
    picture[20:60, 74:124] = busy(40, 50)
    picture[20:60, 70:74] = 235  # ringing between them
    boxes = {region.box for region in SmoothRegions(picture).regions()}
    assert {(20, 20, 70, 60), (74, 20, 124, 60)} <= boxes


@pytest.mark.parametrize("side", [1, 2, 30])
def test_a_picture_without_any(side: int) -> None:
    assert SmoothRegions(np.full((side, side, 3), 9, np.uint8)).regions() == []


def test_words_are_no_texture_and_noise_is() -> None:
    flat = np.ones((200, 200), bool)
    flat[::12] = False
    assert textured(flat) is None
    flat[50:150, 50:150] = False
    where = textured(flat)
    assert where is not None
    assert where[100, 100]
    assert not where[10, 100]
