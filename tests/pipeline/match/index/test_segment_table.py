"""Retrieval of elements by their colour segments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac_match._index.segment_table import SegmentTable
from haac_match._index.segments import (
    Sampler,
    packed_segments,
    segments_of,
    unpacked_frames,
)
from haac_match._picture.canvas import place
from haac_match._picture.pose import Pose
from haac_match._thresholds.solve import SegmentLook
from tests.pipeline.match.pictures import drawn, scenery


@pytest.mark.parametrize(("mirrored", "turn"), [(False, 0.4), (True, 2.0)])
def test_a_piece_tells_its_element_and_turn(mirrored: bool, turn: float) -> None:
    images = [np.asarray(drawn(seed)) for seed in range(8)]
    made = [packed_segments(image) for image in images]
    owners = np.repeat(np.arange(8), [len(one.colours) for one in made])
    sizes = np.array([image.shape[1::-1] for image in images])[owners]
    frames = unpacked_frames(np.concatenate([one.frames for one in made]), sizes)
    table = SegmentTable(
        owners,
        frames,
        np.concatenate([one.colours for one in made]),
        np.concatenate([one.rings for one in made]),
        np.concatenate([one.outlines for one in made]),
    )
    image = drawn(6)
    layer = Pose(1, mirrored, 150, 150, 1.4, 1.4, turn).layer(image.size, True)
    placed = place(layer, image, (300, 300))
    assert placed is not None
    canvas = scenery(3).resize((300, 300))
    canvas.alpha_composite(placed.pixels, placed.box[:2])
    pixels = np.asarray(canvas.convert("RGB"))
    sampler = Sampler(pixels.astype(np.float32))
    pieces = segments_of(pixels, None, 1, 40, pixels.size)
    rings = [sampler.rings(piece.x, piece.y, piece.extent) for piece in pieces]
    likes = [like for own in table.nearest(pieces, rings, SegmentLook((), 0.0, 14, 4, 0)) for like in own]
    left, row, flipped, angle = min(likes)
    assert left < 0.1
    assert (owners[row], flipped) == (6, mirrored)
    assert abs((angle - turn + math.pi) % math.tau - math.pi) < 0.2
    kept = table.only(np.where(np.arange(8) == 6, 0, -1))
    assert set(kept.owners.tolist()) == {0}
    assert len(kept.frames) == (owners == 6).sum()


def test_pieces_of_one_colour_are_told_by_their_outlines() -> None:
    corners = [
        [(10, 10), (90, 10), (90, 30), (30, 30), (30, 90), (10, 90)],
        [(10, 40), (40, 40), (40, 10), (60, 10), (60, 40), (90, 40), (90, 60), (60, 60), (60, 90), (40, 90), (40, 60), (10, 60)],
        [(10, 10), (90, 50), (10, 90)],
        [(10, 35), (90, 35), (90, 65), (10, 65)],
    ]  # fmt: skip
    sheets = [Image.new("RGBA", (100, 100)) for _ in corners]
    for sheet, places in zip(sheets, corners, strict=True):
        ImageDraw.Draw(sheet).polygon(places, fill=(30, 160, 90, 255))
    made = [packed_segments(np.asarray(sheet)) for sheet in sheets]
    owners = np.repeat(np.arange(4), [len(one.colours) for one in made])
    table = SegmentTable(
        owners,
        unpacked_frames(np.concatenate([one.frames for one in made]), np.full((len(owners), 2), 100)),
        np.concatenate([one.colours for one in made]),
        np.concatenate([one.rings for one in made]),
        np.concatenate([one.outlines for one in made]),
    )
    for number, sheet in enumerate(sheets):
        canvas = scenery(3).resize((300, 300))
        canvas.alpha_composite(sheet.resize((130, 130)).rotate(50, Image.Resampling.BICUBIC), (60, 80))
        pixels = np.asarray(canvas.convert("RGB"))
        (piece,) = segments_of(pixels, None, 1, 200, pixels.size)
        rings = Sampler(pixels.astype(np.float32)).rings(piece.x, piece.y, piece.extent)
        (likes,) = table.nearest([piece], [rings], SegmentLook((), 0.0, 14, 1, 0))
        assert owners[min(likes)[1]] == number
