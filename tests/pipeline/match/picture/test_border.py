"""The frame of a screenshot."""

from __future__ import annotations

import numpy as np

from haac_match._picture.border import find_border


def test_windows() -> None:
    picture = np.full((100, 120, 3), 200, np.uint8)
    assert find_border(picture) is None
    picture[10:90, 20:110] = np.random.default_rng(1).integers(0, 100, (80, 90, 3))
    assert find_border(picture) == ((20, 10, 110, 90), 1.0)
    picture[8:10] = 90  # a line under the title
    picture[3:6, 5:40] = 0  # a button
    found = find_border(picture)
    assert found is not None
    assert found[0] == (20, 10, 110, 90)
    assert 0.85 < found[1] < 1
    picture[:10] = np.random.default_rng(2).integers(0, 255, (10, 120, 3))
    assert find_border(picture) is None, "what is around it is no border"
