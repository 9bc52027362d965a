"""The coarse photometric prefilter of candidates."""

from __future__ import annotations

import math

import numpy as np

from haac_match._index.index import load
from haac_match._picture.pose import Pose, pose_of
from haac_match._propose.prefilter import prefilter
from haac_repo import Repository
from tests.pipeline.match.pictures import PHOTO_LAYERS, composed, scenery


def test_a_quick_look_moves_a_pose_to_where_it_fits(photo_repository: Repository) -> None:
    picture = np.asarray(
        composed(photo_repository, PHOTO_LAYERS[:1], scenery(99).resize((400, 300)).convert("RGBA"))
    )
    truth = pose_of(PHOTO_LAYERS[0], photo_repository.image(1).size)
    beside = Pose(1, False, truth.cx + 4, truth.cy - 4, truth.sx * 1.08, truth.sy * 1.08, truth.turn + 0.12)
    wrong = Pose(4, False, truth.cx, truth.cy, truth.sx, truth.sy, truth.turn)
    off_canvas = Pose(1, False, -500, truth.cy, truth.sx, truth.sy, truth.turn)
    looked = prefilter([wrong, beside, off_canvas], load(photo_repository).gallery, picture)
    assert looked[0][1].element == 1
    assert looked[0][0] < 0.2 < min([left for left, pose in looked[1:]], default=1.0)
    moved = looked[0][1]
    assert math.hypot(moved.cx - truth.cx, moved.cy - truth.cy) < 3
    assert abs(math.log(moved.sx * moved.sy / (truth.sx * truth.sy))) < 0.1
