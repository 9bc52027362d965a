"""The rotation-invariant polar descriptor."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from haac_match._index.polar import RingTable, describe, frames
from haac_match._picture.canvas import place
from haac_match._picture.pose import Pose
from tests.pipeline.match.pictures import drawn


@pytest.mark.parametrize(("mirrored", "turn"), [(False, 0.0), (False, 1.1), (True, 2.0), (True, 5.5)])
def test_rings_tell_the_thing_and_its_turn(mirrored: bool, turn: float) -> None:
    images = [drawn(seed) for seed in range(14)]
    table = RingTable(np.stack([_rings(np.asarray(image)) for image in images]))
    pose = Pose(1, mirrored, 150, 150, 1.3, 1.3, turn)
    size = images[6].size
    placed = place(pose.layer(size, True), images[6], (300, 300))
    assert placed is not None
    canvas = Image.new("RGBA", (300, 300))
    canvas.alpha_composite(placed.pixels, placed.box[:2])
    rings = _rings(np.asarray(canvas)).astype(np.float32)
    rings /= 255
    _, index, flipped, angle = table.nearest(rings, 3)[0]
    assert (index, flipped) == (6, mirrored)
    assert abs((angle - turn + math.pi) % math.tau - math.pi) < 0.1


def _rings(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:].astype(np.float32) / 255
    both = frames(rgba[:, :, 3] > 12)
    assert both is not None
    rings = describe(np.concatenate([rgba[:, :, :3] * alpha, alpha], 2), both[0])
    return np.round(rings * 255).astype(np.uint8)
