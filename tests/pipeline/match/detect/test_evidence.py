"""Measures of a fit."""

from __future__ import annotations

import math

import numpy as np

from haac_match._detect.evidence import measure
from haac_match._fit.fit import Patch


def test_an_element_of_one_colour_has_no_contrast() -> None:
    """Whichever it is: a variance is a difference of large sums, which rounding may make negative."""
    side = 24
    behind = np.full((side, side, 3), 255, np.uint8)
    for level in range(1, 255):
        colour = np.float32(level * 0.37), np.float32(level), np.float32(level / 3)
        warped = np.zeros((side, side, 4), np.float32)
        warped[5:-5, 5:-6] = *colour, 1
        target = behind.copy()
        target[5:-5, 5:-6] = np.rint(colour)
        found = measure(Patch(target, behind, None, (0, 0, side, side), side), warped)
        assert found is not None
        assert math.isclose(found.contrast, 0, abs_tol=1e-3)
        assert 0 <= found.structure < 1e-3
