"""What stands behind the elements."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from haac import ElementCache, Scene, to_binary
from haac._internal import NO_ELEMENTS
from haac_similar._compose.background import mean_colour, painted_over, wash_behind
from haac_similar._place.objects import objects_of
from tests.pipeline.similar.catalog import photograph

SOURCE = ElementCache(NO_ELEMENTS)


def test_objects_are_painted_over_with_what_is_around() -> None:
    picture, mask = photograph(("dog", 20, 15))
    made = np.asarray(painted_over(picture, objects_of(mask, 3)), np.int16)
    assert (made[:, :, 0] - made[:, :, 1])[mask > 127].max() < 60  # nothing red is left
    assert (made[:, :10] == np.asarray(picture)[:, :10]).all()
    assert painted_over(picture, []) is picture


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (80, 60)])
def test_a_mask_that_covers_everything_leaves_the_picture(size: tuple[int, int]) -> None:
    picture = photograph(size=size)[0]
    whole = np.full(size[::-1], 255, np.uint8)
    assert painted_over(picture, objects_of(whole, 1)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("budget", [12, 40, 100])
def test_a_wash_stays_within_its_budget(budget: int) -> None:
    picture = photograph()[0]
    made = wash_behind(Scene(*picture.size), picture, SOURCE, budget, refined=False)
    assert made is not None
    assert len(to_binary(made)) <= budget


@pytest.mark.parametrize("budget", [-20, 0, 3])
def test_without_room_there_is_none(budget: int) -> None:
    picture = photograph()[0]
    assert wash_behind(Scene(*picture.size), picture, SOURCE, budget, refined=False) is None


def test_the_mean_colour() -> None:
    picture = Image.new("RGB", (4, 1), (10, 20, 30))
    picture.paste((30, 40, 50), (0, 0, 2, 1))
    assert mean_colour(picture).rgba == 0x141E28FF
