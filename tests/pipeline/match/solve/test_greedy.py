"""The greedy solver: layers that look alike are reconsidered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._fit.cutout import CutoutCache
from haac_match._picture.background import estimate_background
from haac_match._picture.canvas import place
from haac_match._solve.context import Context
from haac_match._solve.greedy import GreedySolver
from haac_repo import Repository


def test_a_look_alike_gives_way_to_what_is_found_without_it(repository: Repository, matcher: Matcher) -> None:
    right = Layer(8, width=80, rotation=300, blur=3, x=40, y=30)
    scene = Scene(180, 150, Colour(0x806040FF), [right])
    target = np.asarray(render(scene, repository).convert("RGB"))
    ground = estimate_background(target, [])
    assert ground is not None
    solver = GreedySolver(target, ground, Context(CutoutCache(repository), matcher._index, 3, 8))
    wrong = place(replace(right, element=5), repository.image(5), (180, 150))
    assert wrong is not None
    solver.canvas.insert(0, wrong)
    solver._hits = 1
    assert solver.ablate()
    assert [placed.layer for placed in solver.canvas.layers] == [right]
    assert not solver.ablate()
