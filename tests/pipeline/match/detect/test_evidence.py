"""Measures of a fit."""

from __future__ import annotations

import numpy as np
import pytest

from haac_match._detect.evidence import Evidence, measure
from haac_match._detect.likelihood import log_odds
from haac_match._fit.fit import Patch
from haac_match._picture.arrays import Bytes, Floats

SIDE = 32
BEHIND = np.full((SIDE, SIDE, 3), 240, np.uint8)


def warped(colours: np.ndarray) -> Floats:
    """(SIDE, SIDE, 4), an element that shows in the middle."""
    made = np.zeros((SIDE, SIDE, 4), np.float32)
    made[6:-6, 6:-6] = np.dstack([colours, np.ones(colours.shape[:2])])[6:-6, 6:-6]
    return made


def picture(element: Floats) -> Bytes:
    made = element[:, :, :3] + (1 - element[:, :, 3:]) * BEHIND
    return np.rint(made).astype(np.uint8)


def evidence(target: Bytes, element: Floats) -> Evidence:
    found = measure(Patch(target, BEHIND, None, (0, 0, SIDE, SIDE), SIDE), element)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def checks() -> Floats:
    """An element of four colours."""
    y, x = np.mgrid[:SIDE, :SIDE] // 5 % 2
    return warped(np.dstack([40 + 160 * x, 40 + 160 * y, np.full((SIDE, SIDE), 90)]))


def test_what_is_there_is_explained(checks: Floats) -> None:
    right = evidence(picture(checks), checks)
    assert right.unexplained < 1e-3
    assert right.inside < 1e-3
    assert right.beside < 1e-3
    assert min(right.edges, right.inner_edges) > 0.99
    assert right.colours == pytest.approx(2, abs=0.1)
    assert right.pixels == (SIDE - 12) ** 2
    assert log_odds(right, turned=False) > 4.6


def test_its_negative_is_not(checks: Floats) -> None:
    wrong = evidence(255 - picture(checks), checks)
    assert wrong.unexplained > 0.5
    assert wrong.edges < 0
    assert wrong.inner_edges < -0.9
    assert log_odds(wrong, turned=False) < -4.6


def test_what_is_beside_counts(checks: Floats) -> None:
    """As where an element is like a part of something larger."""
    target = picture(checks)
    target[:, -6:] = target[:, 14:20]
    part, alone = evidence(target, checks), evidence(picture(checks), checks)
    assert part.beside > 100 * alone.beside
    assert part.edges < alone.edges
    assert log_odds(part, turned=False) < log_odds(alone, turned=False)


def test_a_flat_element_is_less_likely_than_one_with_colours(checks: Floats) -> None:
    """Whichever colour it has: many places look like it."""
    for level in range(1, 200):
        flat = warped(np.full((SIDE, SIDE, 3), level * 0.83))
        found = evidence(picture(flat), flat)
        assert found.colours == 0
        assert found.inner_edges == 0
        assert log_odds(found, turned=False) < log_odds(evidence(picture(checks), checks), turned=False)


def test_upright_elements_are_likelier(checks: Floats) -> None:
    found = evidence(picture(checks), checks)
    assert log_odds(found, turned=True) < log_odds(found, turned=False)
