"""The window around a region that may be covered, and what is assumed of the whole."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from haac_match._propose import window as window_module
from haac_match._propose.regions import Region
from haac_match._propose.window import Window, centred, covered
from haac_match._thresholds.propose import WINDOW


def window(box: tuple[int, int, int, int], rim: int = 0) -> Window:
    made = Window.around(Region(box, np.ones((box[3] - box[1], box[2] - box[0]), bool)), (100, 120, 3), rim)
    assert made is not None
    return made


def test_a_window_reaches_over_the_edge_of_the_canvas() -> None:
    made = window((2, 40, 22, 60), rim=4)
    extent = math.sqrt(2 * 20**2 / 12)
    room = math.ceil(WINDOW.reach * made.extent) + 4
    assert made.extent == pytest.approx(extent)
    assert made.box == (2 - room, 40 - room, 22 + room, 60 + room)
    assert made.region.shape == (20 + 2 * room, 20 + 2 * room)
    assert made.region.sum() == made.region[made.at].sum() == 400
    picture = np.arange(100 * 120).reshape(100, 120)
    placed = np.full(made.region.shape, -1)
    placed[made.part] = picture[made.canvas]
    assert np.array_equal(placed[made.at], picture[40:60, 2:22])
    assert (placed[:, : room - 2] == -1).all()


def test_an_empty_region_has_no_window() -> None:
    assert Window.around(Region((5, 5, 9, 9), np.zeros((4, 4), bool)), (100, 120, 3)) is None


def test_the_direction_points_to_what_covers_the_region() -> None:
    made = window((40, 40, 60, 60))
    below = np.zeros(made.region.shape, bool)
    below[made.at[0].stop :] = True
    away = made.direction(below, 3)
    assert away is not None
    assert away == pytest.approx([0, 1], abs=0.02)
    assert made.direction(np.zeros(made.region.shape, bool), 3) is None
    beside = [made.on_canvas(frame) for frame in made.frames(away, ((0.0, 0.0, 1.0), (1.0, 0.5, 2.0)))]
    assert (beside[0].x, beside[0].y) == pytest.approx((50, 50))
    assert (beside[1].x, beside[1].y) == pytest.approx((50 - 0.5 * made.extent, 50 + made.extent), abs=0.3)
    assert beside[1].matrix == pytest.approx(np.eye(2) * 2 * made.extent)


def test_assumptions_go_along_the_way_first_then_aside() -> None:
    assert centred((1.0, 1.2)) == ((0.0, 0.0, 1.0), (0.0, 0.0, 1.2))
    made = covered((0.0, 1.0), (0.8, 1.5), 1.1)
    assert made[:4] == ((0.0, 0.0, 0.8), (0.0, 0.0, 1.5), (1.0, 0.0, 0.8), (1.0, 0.0, 1.5))
    assert {(along, aside) for along, aside, _ in made[4:]} == {
        (along, aside) for along in WINDOW.aside_along for aside in WINDOW.aside
    }


def test_thresholds_are_read_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script changes them in a running process."""
    before = window((40, 40, 60, 60)).region.shape[0]
    monkeypatch.setattr(window_module, "WINDOW", replace(WINDOW, reach=2 * WINDOW.reach))
    assert window((40, 40, 60, 60)).region.shape[0] > 1.5 * before
