"""The layer stack: what is behind a translucent layer is un-blended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._fit.grid import GridSearch
from haac_match._picture.canvas import Canvas, place
from haac_repo import Repository


def test_what_is_behind_something_translucent_is_seen_without_it(
    repository: Repository, matcher: Matcher
) -> None:
    layers = [
        Layer(6, width=60, rotation=200, blur=3, x=80, y=60),
        Layer(4, width=130, rotation=640, opacity=60, x=45, y=35),
    ]
    scene = Scene(240, 200, Colour(0x20A060FF), layers)
    picture = render(scene, repository)
    below = np.asarray(render(replace(scene, layers=layers[:1]), repository).convert("RGB"))
    background = render(replace(scene, layers=[]), repository)
    canvas = Canvas(np.asarray(picture.convert("RGB")), background)
    above = place(layers[1], repository.image(4), picture.size)
    assert above is not None
    canvas.insert(0, above)
    unblended, hidden = canvas.unblended(0, (0, 0, 240, 200))
    assert not hidden.any()
    assert np.abs(unblended.astype(int) - below).max() <= 3
    grid = GridSearch(canvas, 0, repository.image(6), (60, 40, 180, 160), through=True)
    result = grid.result(layers[0], 2.0)
    assert result is not None
    assert result.exact == 1
    assert result.shown > 1000
    assert matcher.compress(picture).exact
