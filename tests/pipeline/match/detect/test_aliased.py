"""What was made smaller without a low-pass filter is told by its aliasing; what was filtered is left to the fit."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from haac_match._detect.aliased import aliased
from haac_match._detect.detect import Detector
from haac_match._detect.evidence import measure
from haac_match._fit.cutout import Cutout, CutoutCache
from haac_match._fit.fit import Patch
from haac_match._index.index import load
from haac_match._picture.arrays import Bytes
from haac_match._picture.pose import Pose
from haac_repo import Repository
from tests.pipeline.match.detect.pictures import sloping
from tests.pipeline.match.pictures import drawn

SIDE, SCALE = 100, 0.19
TRUE = Pose(1, False, 15.3, 16.1, SCALE, SCALE)


@pytest.fixture
def cutout() -> Cutout:
    """A disc of small coloured squares."""
    random = np.random.default_rng(7)
    squares = random.integers(0, 256, (SIDE // 5, SIDE // 5, 3), np.uint8).repeat(5, axis=0).repeat(5, axis=1)
    away = np.hypot(*np.mgrid[-49.5:50, -49.5:50])
    return Cutout(Image.fromarray(np.dstack([squares, 255 * (away < 48).astype(np.uint8)])))


def sampled(picture: Bytes, image: Image.Image, pose: Pose) -> Bytes:
    """An upright element on a picture, bilinearly sampled, as OpenCV does."""
    matrix = np.array([[pose.sx, 0, pose.cx - 0.5], [0, pose.sy, pose.cy - 0.5]])
    matrix[:, 2] -= matrix[:, :2] @ [image.width / 2 - 0.5, image.height / 2 - 0.5]
    own = np.asarray(image.convert("RGBa")).astype(np.float32)
    made = cv2.warpAffine(own, matrix, picture.shape[1::-1], flags=cv2.INTER_LINEAR)
    mixed: Bytes = (made[:, :, :3] + (1 - made[:, :, 3:] / 255) * picture + 0.5).astype(np.uint8)
    return mixed


def patch_of(target: Bytes) -> Patch:
    height, width = target.shape[:2]
    return Patch(target, np.full_like(target, 200), None, (0, 0, width, height), 64)


def test_a_pose_that_is_nearly_right_becomes_right(cutout: Cutout) -> None:
    patch = patch_of(sampled(np.full((32, 32, 3), 200, np.uint8), cutout.image, TRUE))
    start = replace(TRUE, cx=TRUE.cx + 0.2, cy=TRUE.cy - 0.15, sx=SCALE * 1.01, sy=SCALE * 1.01, turn=0.02)
    before = measure(patch, patch.warped(start, cutout))
    found = aliased(start, cutout, patch, patch.warped(start, cutout))
    assert before is not None
    assert before.unexplained > 0.2
    assert found is not None
    pose, warped = found
    after = measure(patch, warped)
    assert after is not None
    assert after.unexplained < 0.02
    assert (pose.cx, pose.cy) == pytest.approx((TRUE.cx, TRUE.cy), abs=0.05)
    assert pose.sx == pytest.approx(SCALE, rel=0.005)
    assert pose.turn == 0


def test_what_was_filtered_is_none(cutout: Cutout) -> None:
    background = np.full((32, 32, 3), 200, np.uint8)
    warped = patch_of(background).warped(TRUE, cutout)
    mixed = warped[:, :, :3] + (1 - warped[:, :, 3:]) * background
    assert aliased(TRUE, cutout, patch_of((mixed + 0.5).astype(np.uint8)), warped) is None


def test_what_is_hardly_smaller_is_none(cutout: Cutout) -> None:
    pose = replace(TRUE, sx=0.8, sy=0.8, cx=45.0, cy=45.0)
    patch = patch_of(sampled(np.full((90, 90, 3), 200, np.uint8), cutout.image, pose))
    assert aliased(pose, cutout, patch, patch.warped(pose, cutout)) is None


def test_small_aliased_elements_are_found(repository: Repository) -> None:
    picture = np.asarray(sloping())
    places = {2: (60.4, 50.7), 5: (200.2, 80.6), 9: (330.5, 150.1), 11: (120.8, 260.3)}
    for number, (x, y) in places.items():
        image = drawn(number - 1)
        scale = 20 / max(image.size)
        picture = sampled(picture, image, Pose(number, False, x, y, scale, scale))
    found, _ = Detector(load(repository), CutoutCache(repository)).detect(picture)
    assert {one.pose.element: (one.pose.cx, one.pose.cy) for one in found} == {
        number: pytest.approx(place, abs=0.1) for number, place in places.items()
    }
