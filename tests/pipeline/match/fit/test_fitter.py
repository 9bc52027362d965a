"""The fitter of one candidate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.fitter import Fitter
from haac_match._picture.canvas import Canvas
from haac_match._picture.pose import pose_of
from haac_repo import Repository


def test_what_another_layer_shines_through_is_made_exact(repository: Repository, matcher: Matcher) -> None:
    layers = [
        Layer(7, width=72, rotation=530, blur=7, x=60, y=50),
        Layer(13, width=105, rotation=621, blur=7, x=60, y=79, opacity=60),
    ]
    scene = Scene(260, 220, Colour(0x806040FF), [Layer(12, width=60, rotation=30, x=180, y=150), *layers])
    picture = render(scene, repository)
    target = np.asarray(picture.convert("RGB"))
    search = Fitter(
        Canvas(target, render(replace(scene, layers=[]), repository)),
        CutoutCache(repository),
        2.0,
    )
    for layer in layers:
        truth = pose_of(layer, repository.image(layer.number).size)
        near = replace(truth, cx=truth.cx + 0.8, cy=truth.cy - 0.6, turn=truth.turn + 0.01)
        for search.partly in (False, True):
            found = search.on_grid(0, near)
            assert found is not None
            assert (found.fit.placed.layer == layer) == search.partly
    assert matcher.compress(picture).exact
