"""The greedy solver: layers that look alike are reconsidered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._picture.background import find_ground
from haac_match._picture.canvas import place
from haac_match._solve.greedy import Explainer
from haac_repo import Repository


def test_a_look_alike_gives_way_to_what_is_found_without_it(repository: Repository, matcher: Matcher) -> None:
    right = Layer(8, width=80, rotation=300, blur=3, x=40, y=30)
    scene = Scene(180, 150, Colour(0x806040FF), [right])
    target = np.asarray(render(scene, repository).convert("RGB"))
    ground = find_ground(target, [])
    assert ground is not None
    explainer = Explainer(target, ground, matcher.cutout, matcher._index, 3, 8)
    wrong = place(replace(right, element=5), repository.image(5), (180, 150))
    assert wrong is not None
    explainer.canvas.insert(0, wrong)
    explainer._hits = 1
    assert explainer.reconsider()
    assert [placed.layer for placed in explainer.canvas.layers] == [right]
    assert not explainer.reconsider()
