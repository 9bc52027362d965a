"""Template matching of boxes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from haac_match._detect.templates import Templates, extent_of
from haac_match._index.index import Index, load
from haac_match._picture.pose import Pose
from haac_repo import Repository
from tests.pipeline.match.detect.pictures import Sticker, with_stickers
from tests.pipeline.match.pictures import drawn


@pytest.fixture(scope="module")
def index(repository: Repository) -> Index:
    return load(repository)


@pytest.mark.parametrize("turn", [0.0, 10.0, -20.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_pose_fills_the_box(index: Index, turn: float, mirrored: bool) -> None:
    sticker = Sticker(6, 90, 100, 100, turn, mirrored)
    picture = with_stickers(Image.new("RGB", (200, 200), "#88aacc"), [sticker], Image.Resampling.BICUBIC)
    pixels = np.asarray(picture)
    off = (np.abs(pixels.astype(int) - pixels[0, 0]).max(axis=2) > 40).nonzero()
    box = int(off[1].min()), int(off[0].min()), int(off[1].max()) + 1, int(off[0].max()) + 1
    templates = Templates(index.gallery, index.cuts, index.extents)
    (matches,) = templates.matches(pixels, [box], np.array([pixels[0, 0]], np.float32), 5, 0.6)
    best = matches[0]
    assert (best.pose.element, best.pose.flip) == (6, mirrored)
    assert math.degrees(math.remainder(best.pose.turn, math.tau)) == pytest.approx(turn, abs=0.1)
    extent = extent_of(best.pose, index.extents[index.gallery.index[6]], drawn(5).size)
    assert (best.pose.cx, best.pose.cy) == pytest.approx((100, 100), abs=3)
    if not turn:
        assert extent == pytest.approx(box, abs=2)


@pytest.mark.parametrize("number", [2, 6, 9])
def test_whatever_is_behind_counts_for_nothing_on_a_texture(index: Index, number: int) -> None:
    levels = np.random.default_rng(number).integers(0, 256, (200, 200, 3), np.uint8)
    picture = with_stickers(
        Image.fromarray(levels), [Sticker(number, 90, 100, 100)], Image.Resampling.BICUBIC
    )
    width, height = drawn(number - 1).size
    factor = 90 / max(width, height)
    left, top = 100 - round(width * factor) // 2, 100 - round(height * factor) // 2
    extent = index.extents[index.gallery.index[number]] * factor
    box = tuple(round(side) for side in (extent + np.array([left, top, left, top])).tolist())
    templates = Templates(index.gallery, index.cuts, index.extents)
    best = templates.matches_on_texture(np.asarray(picture), [box], 5, 0.45)[0]
    assert best.pose.element == number
    assert (best.pose.cx, best.pose.cy) == pytest.approx((100, 100), abs=3)
    assert max(best.pose.sx, best.pose.sy) == pytest.approx(factor, rel=0.05)


def test_no_box_no_match(index: Index) -> None:
    templates = Templates(index.gallery, index.cuts, index.extents)
    assert templates.matches(np.zeros((9, 9, 3), np.uint8), [], np.zeros((0, 3), np.float32), 5, 0.6) == []
    assert templates.matches_on_texture(np.zeros((9, 9, 3), np.uint8), [], 5, 0.6) == []


def test_the_extent_of_a_quarter_turn() -> None:
    pose = Pose(1, False, 50, 40, 2, 2, math.pi / 2)
    assert extent_of(pose, np.array([0, 0, 10, 20]), (10, 20)) == pytest.approx((30, 30, 70, 50))
