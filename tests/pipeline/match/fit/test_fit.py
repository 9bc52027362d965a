"""Refinement of a rough pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from haac_match._fit.cutout import Cutout
from haac_match._fit.fit import Patch, fit
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.pose import Pose, pose_of
from tests.pipeline.match.pictures import drawn


@pytest.mark.parametrize("opacity", [1.0, 0.7])
def test_a_rough_pose_is_fitted(opacity: float) -> None:
    cutout = Cutout(drawn(4))
    true = Pose(1, True, 151.3, 148.8, 1.4, 1.2, 2.2, 1.5, opacity)
    canvas = Canvas(np.zeros((300, 300, 3), np.uint8), Image.new("RGBA", (300, 300), (60, 90, 30, 255)))
    placed = place(true.layer(cutout.size, False), cutout.image, (300, 300))
    assert placed is not None
    under = canvas.current.copy()
    canvas.insert(0, placed)
    true = pose_of(placed.layer, cutout.size)
    patch = Patch(canvas.current, under, None, (0, 0, 300, 300), 200)
    start = replace(true, cx=true.cx + 4, cy=true.cy - 3, sx=true.sx * 1.06, turn=true.turn + 0.06, blur=0.8)
    found = fit(start, cutout, patch, 15, free=("blur", "opacity"))
    assert found.share > 0.98
    assert abs(found.pose.cx - true.cx) < 0.1
    assert abs(found.pose.sx * cutout.size[0] - true.sx * cutout.size[0]) < 0.4
    assert abs(found.pose.turn - true.turn) < 0.005
    assert abs(found.pose.opacity - opacity) < 0.03
