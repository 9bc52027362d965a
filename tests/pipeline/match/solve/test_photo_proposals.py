"""Ranking of proposals on photographs."""

from __future__ import annotations

from haac_match._solve.photo_proposals import apart


def test_pixels_that_a_blur_mixes_tell_the_same() -> None:
    assert apart(500, 0) == 500
    assert apart(500, 3) < 5
