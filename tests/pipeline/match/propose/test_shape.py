"""Candidates by shape descriptors of a region, and of a part of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._propose.regions import regions
from haac_match._propose.shape import Assumption, by_partial_shape, by_shape
from haac_match._propose.window import View
from haac_repo import Repository


def test_assumptions_that_are_compared_together_give_what_each_gives_alone(
    repository: Repository, matcher: Matcher
) -> None:
    layer = Layer(8, width=60, rotation=300, blur=8, opacity=80, x=25, y=15)
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    (region,) = regions(np.abs(target.astype(int) - current).max(axis=2) > 12, 3, 40)
    left, top, right, bottom = region.box
    part, things = np.s_[top:bottom, left:right], matcher._index.gallery
    assumptions = Assumption(), Assumption(200), Assumption(4, 0.8), Assumption(0, 0.1), Assumption(2)
    together = by_shape(target[part], current[part], region, things, 4, assumptions)
    for assumption, found in zip(assumptions, together, strict=True):
        (alone,) = by_shape(target[part], current[part], region, things, 4, (assumption,))
        assert [pose.element for _, pose in found] == [pose.element for _, pose in alone]
        assert [left for left, _ in found] == pytest.approx([left for left, _ in alone], rel=1e-4, abs=1e-3)
    assert together[2][0][1].element == layer.number
    assert together[1] == []  # nothing is left without so wide a rim
    assert by_shape(target[part], current[part], region, things, 4, ()) == []


def test_a_part_is_found_wider_and_narrower_only_if_it_is_asked_for(
    repository: Repository, matcher: Matcher
) -> None:
    layer = Layer(3, width=90, height=60, x=-30, y=20)
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    (region,) = regions(np.abs(target.astype(int) - current).max(axis=2) > 12, 3, 40)
    view = View(target, current, np.zeros(target.shape[:2], bool))
    shapes = [
        {
            round(pose.sx / pose.sy, 1)
            for _, pose in by_partial_shape(view, region, matcher._index.gallery, 6, stretched=stretched)
        }
        for stretched in (False, True)
    ]
    assert shapes[0] == {1.0} < shapes[1]
