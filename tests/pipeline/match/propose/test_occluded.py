"""Candidates of which only a part is seen: cut off by the canvas, or under another element."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._picture.pose import pose_of
from haac_match._propose.occluded import by_occlusion, halves
from haac_match._propose.regions import regions
from haac_match._propose.window import View
from haac_repo import Repository


def test_what_is_cut_off_is_told_by_what_it_changes(repository: Repository, matcher: Matcher) -> None:
    layer = Layer(8, width=40, rotation=300, blur=9, opacity=60, x=30, y=-18)
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    off = np.abs(target.astype(int) - current).max(axis=2) > 2
    (region,) = regions(off, 0, 40)
    found = by_occlusion(
        View(target, current, np.zeros(off.shape, bool)), off, region, matcher._index.gallery, 8
    )
    likely = [pose for _, pose in found[:20] if pose.element == layer.number]
    truth = pose_of(layer, repository.image(layer.number).size)
    near = [pose for pose in likely if math.hypot(pose.cx - truth.cx, pose.cy - truth.cy) < 6]
    assert any(
        abs(math.remainder(pose.turn - truth.turn, math.tau)) < 0.5 and 0.4 < pose.opacity < 0.8
        for pose in near
    )
    assert matcher.compress(render(scene, repository)).exact


def test_of_two_things_that_run_together_the_ends_are_told(repository: Repository, matcher: Matcher) -> None:
    layers = [
        Layer(8, width=36, rotation=1267, blur=7, x=40, y=20),
        Layer(5, width=42, rotation=572, blur=9, x=40, y=48),
    ]
    scene = Scene(130, 120, Colour(0x806040FF), layers)
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    off = np.abs(target.astype(int) - current).max(axis=2) > 2
    (region,) = regions(off, 0, 40)
    ends = halves(region)
    assert sum(end.area for end in ends) == region.area
    for layer in layers:
        truth = pose_of(layer, repository.image(layer.number).size)
        nearest = [
            min(
                (rank, pose.element)
                for rank, (_, pose) in enumerate(
                    by_occlusion(
                        View(target, current, np.zeros(off.shape, bool)), off, end, matcher._index.gallery, 8
                    )
                )
                if math.hypot(pose.cx - truth.cx, pose.cy - truth.cy) < 6 and pose.element == layer.number
            )
            for end in ends
            if abs(np.nonzero(end.mask)[0].mean() + region.box[1] - truth.cy) < 14
        ]
        assert min(nearest)[0] < 20
