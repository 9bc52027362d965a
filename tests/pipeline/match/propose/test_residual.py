"""Candidates from the residual: what a small or translucent element changes of its background."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from haac import Colour, Layer, Scene, render
from haac_match import Matcher
from haac_match._index.polar import ANGLES, RINGS, places
from haac_match._picture.pose import pose_of
from haac_match._propose.regions import regions
from haac_match._propose.residual import _resampled, _turn, by_residual
from haac_repo import Repository


@pytest.mark.parametrize(
    "layer",
    [
        Layer(8, width=30, rotation=300, blur=10, x=45, y=30),
        Layer(6, width=40, height=26, rotation=1111, blur=6, x=35, y=30),
        Layer(2, width=24, flip="h", rotation=40, blur=8, opacity=55, x=40, y=40),
    ],
    ids=["blurred", "uneven", "transparent"],
)
def test_small_things_are_told_by_what_they_change(
    repository: Repository, matcher: Matcher, layer: Layer
) -> None:
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    (region,) = regions(np.abs(target.astype(int) - current).max(axis=2) > 12, 3, 40)
    things = matcher._index.gallery
    found = by_residual(target, current, region, things, 3)
    ranks = [pose.element for _, pose in found]
    assert layer.number in ranks[:2]
    pose = found[ranks.index(layer.number)][1]
    truth = pose_of(layer, repository.image(layer.number).size)
    assert pose.flip == truth.flip
    assert math.hypot(pose.cx - truth.cx, pose.cy - truth.cy) < 2
    assert abs(math.remainder(pose.turn - truth.turn, math.tau)) < 0.3
    assert abs(math.log(pose.sx / truth.sx)) < 0.3


def test_turns_are_those_of_the_arc_tangent() -> None:
    for turn in np.linspace(0, ANGLES, 200, endpoint=False):
        angle = turn * math.tau / ANGLES
        made = _turn(np.float32(3 * math.sin(angle)), np.float32(3 * math.cos(angle)))
        assert abs(math.remainder(made - turn, ANGLES)) < 0.005
    assert _turn(np.float32(0), np.float32(0)) == 0


def test_rings_in_another_frame_are_bilinear_between_the_samples() -> None:
    lot = np.random.default_rng(8)
    rings = lot.random((4, 3, RINGS * ANGLES)).astype(np.float32)
    middles = lot.normal(0, 0.2, (4, 2))
    matrices = np.eye(2) + lot.normal(0, 0.2, (4, 2, 2))
    made = _resampled(rings, middles, matrices)
    step = 2.2 / RINGS
    for thing in range(4):
        x, y = middles[thing][:, None] + matrices[thing] @ places().T.astype(np.float64)
        ring, turn = np.hypot(x, y) / step - 0.5, np.arctan2(-y, x) / math.tau * ANGLES % ANGLES
        there = np.zeros((3, RINGS * ANGLES))
        grid = rings[thing].reshape(3, RINGS, ANGLES)
        for r, near in ((np.floor(ring), 1 - ring % 1), (np.floor(ring) + 1, ring % 1)):
            for t, part in ((np.floor(turn), 1 - turn % 1), (np.floor(turn) + 1, turn % 1)):
                inside = np.clip(r, 0, RINGS - 1).astype(int)
                there += np.where(r < RINGS, near * part, 0) * grid[:, inside, t.astype(int) % ANGLES]
        assert np.abs(made[thing] - there).max() < 0.02
        assert np.abs(made[thing] - there).mean() < 0.001
