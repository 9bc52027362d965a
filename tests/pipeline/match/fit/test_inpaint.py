"""Inpainting of an unknown background."""

from __future__ import annotations

import numpy as np

from haac_match._fit.inpaint import inpainted


def test_what_is_not_known_is_filled_from_around() -> None:
    pixels = np.zeros((40, 60, 3), np.float32)
    pixels[:] = np.arange(60, dtype=np.float32)[None, :, None] * 4
    known = np.ones((40, 60), bool)
    known[10:30, 20:40] = False
    spoiled = pixels.copy()
    spoiled[~known] = 255
    made = inpainted(spoiled, known)
    assert np.allclose(made[known], pixels[known], atol=1e-3)
    assert np.abs(made - pixels).max() < 35
    assert np.abs(made - pixels)[~known].mean() < 12
