"""The compiled warp and its normal equations."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from haac_match._fit import warp
from haac_match._fit.cutout import Cutout
from haac_match._fit.fit import Patch
from haac_match._picture.pose import Pose
from haac_match._thresholds.fit import FIT
from tests.pipeline.match.pictures import drawn


def test_the_warp_is_opencvs() -> None:
    source = np.random.default_rng(1).random((40, 50, 4), np.float32)
    matrix = np.array([[0.8, 0.3, -4.2], [-0.3, 0.8, 11.7]])
    out = np.empty((60, 60, 4), np.float32)
    warp.warp(source, matrix, out)
    there = cv2.warpAffine(source, matrix, (60, 60), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    # OpenCV's fractions have five bits.
    assert np.abs(out - there).max() < 0.07


def test_the_gradient_of_a_step_is_that_of_the_cost() -> None:
    cutout = Cutout(drawn(2))
    target = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (120, 120, 3), np.uint8), (0, 0), 6)
    patch = Patch(target, np.full_like(target, 75), None, (0, 0, 120, 120), 120)
    pose = Pose(1, False, 60, 60, 0.8, 0.8, 0.3, 2.0, 0.2)
    warped = patch.warped(pose, cutout)
    hessian, gradient = np.empty((7, 7)), np.empty(7)
    warp.system(
        warped, patch.under, patch.target, patch.weight, pose.opacity, float(FIT.clip**2), 1, 1, -60, -60,
        math.cos(0.3), math.sin(0.3), hessian, gradient,
    )  # fmt: skip

    def robust(changed: Pose) -> float:
        made = patch.warped(changed, cutout)
        off = (
            made[:, :, :3] * changed.opacity
            + (1 - made[:, :, 3:] * changed.opacity) * patch.under
            - patch.target
        )
        square = np.square(off).sum(axis=2)
        return float((square / (1 + square / FIT.clip**2)).sum()) / 2

    for column, name in ((0, "cx"), (1, "cy"), (2, "turn"), (6, "opacity")):
        step = 0.02 if name in ("turn", "opacity") else 0.5
        ahead = robust(replace(pose, **{name: getattr(pose, name) + step}))
        behind = robust(replace(pose, **{name: getattr(pose, name) - step}))
        assert gradient[column] == pytest.approx((ahead - behind) / (2 * step), rel=0.03, abs=20)
