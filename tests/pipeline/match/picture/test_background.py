"""Estimation of the background: a colour, a gradient, a photograph of the catalog."""

from __future__ import annotations

import numpy as np
import pytest

from haac import Colour, Gradient, Plate, Scene, render
from haac_match._picture.background import best_photograph, estimate_background, thumbnail
from haac_repo import Repository
from tests.pipeline.match.pictures import BACKGROUNDS, LAYERS, scenery


@pytest.mark.parametrize("background", BACKGROUNDS[:2], ids=["plain", "gradient"])
def test_backgrounds_are_found_to_the_bit(repository: Repository, background: Colour | Gradient) -> None:
    picture = np.asarray(render(Scene(520, 400, background, LAYERS), repository).convert("RGB"))
    found = estimate_background(picture)
    assert found is not None
    # The same gradient can be told from either end.
    assert np.array_equal(
        np.asarray(found.pixels), np.asarray(render(Scene(520, 400, background), repository))
    )
    assert found.noise == 0


def test_a_background_photograph_is_told_from_others(repository: Repository) -> None:
    numbers = np.array([15, 16, 17])
    small = np.stack([thumbnail(np.asarray(repository.image(int(n)).convert("RGB"))) for n in numbers])
    picture = np.asarray(render(Scene(520, 400, Plate(17), LAYERS), repository).convert("RGB"))
    found = best_photograph(picture, small, numbers, repository)
    assert found is not None
    assert found.background == Plate(17)
    foreign = np.asarray(scenery(50).resize((520, 400)).convert("RGB"))
    assert best_photograph(foreign, small, numbers, repository) is None
    assert estimate_background(foreign) is None
