"""Colour segments of a picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from haac_match._index.segments import segments_of
from haac_repo import Repository
from tests.pipeline.match.pictures import PHOTO_LAYERS, composed, scenery


@pytest.mark.parametrize("blur", [0.0, 2.0])
def test_a_piece_is_where_its_outline_was_before_a_blur(blur: float) -> None:
    noise = np.asarray(scenery(4).convert("RGB"))[:160, :200]
    cover = np.zeros((160, 200), np.float32)
    cv2.circle(cover, (90, 70), 30, 1.0, cv2.FILLED)
    if blur:
        cover = cv2.GaussianBlur(cover, (0, 0), blur)
    picture = np.round(cover[..., None] * (200, 40, 90) + (1 - cover[..., None]) * noise).astype(np.uint8)
    (piece,) = segments_of(picture, None, 1, 100, picture.size)
    assert piece.colour.tolist() == [200, 40, 90]
    assert abs(piece.x - 90.5) + abs(piece.y - 70.5) < 1.5
    assert abs(piece.extent / (30 / math.sqrt(2)) - 1) < 0.06


def test_pieces_are_looked_for_only_where_their_middle_may_be(photo_repository: Repository) -> None:
    pixels = np.asarray(
        composed(photo_repository, PHOTO_LAYERS, scenery(5).resize((600, 480)).convert("RGBA"))
    )
    where = np.zeros(pixels.shape[:2], np.uint8)
    where[:240, 150:420] = 1
    every = segments_of(pixels, None, 1, 20, pixels.size)
    there = segments_of(pixels, None, 1, 20, pixels.size, where)
    inside = [piece for piece in every if where[int(piece.y), int(piece.x)]]
    assert [(piece.x, piece.y, piece.area) for piece in there] == [(p.x, p.y, p.area) for p in inside]
    assert 0 < len(there) < len(every)
