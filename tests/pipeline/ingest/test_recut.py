"""Where in a photograph an element was cut out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from haac_pipeline._ingest.recut import Recutting, _opened, locate
from haac_pipeline._segment.refine import Hint


def test_a_cut_out_is_found_where_it_was_taken() -> None:
    rng = np.random.default_rng(2)
    rgb = rng.integers(0, 3, (90, 120, 3), np.uint8)
    cut = np.dstack([rgb[20:60, 33:80], np.full((40, 47), 255, np.uint8)])
    cut[:10, :, 3] = 100
    cut[:10, :, :3] = 9  # soft edges have other colours
    assert locate(cut, rgb) == (33, 20)
    assert locate(cut[:, ::-1], rgb) is None
    assert locate(cut, rgb[::2, ::2]) is None


def test_what_is_nowhere_opaque_is_nowhere() -> None:
    rgb = np.zeros((20, 20, 3), np.uint8)
    assert locate(np.zeros((5, 5, 4), np.uint8), rgb) is None


def test_the_whole_picture_is_found() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (30, 40, 3), np.uint8)
    assert locate(np.dstack([rgb, np.full((30, 40), 255, np.uint8)]), rgb) == (0, 0)


def test_plain_areas_do_not_mislead() -> None:
    rgb = np.full((200, 300, 3), 120, np.uint8)
    rgb[150:153, 260:263] = 7
    cut = np.dstack([rgb[120:190, 200:290], np.full((70, 90), 255, np.uint8)])
    place = locate(cut, rgb)
    assert place is not None
    x, y = place
    assert np.array_equal(rgb[y : y + 70, x : x + 90], cut[:, :, :3])


def test_a_large_jpeg_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from haac_repo import Element, PictureError

    buffer = io.BytesIO()
    Image.new("RGB", (900, 601), "red").save(buffer, "JPEG")
    monkeypatch.setattr("haac._input.read.read_picture", None)
    old = Element.__new__(Element)
    rgb, scale = _opened(old, buffer.getvalue(), Recutting(max_side=100, hints=[Hint(True, 899, 600)]))
    assert (rgb.shape, scale) == ((67, 100, 3), 1 / 9)
    with pytest.raises(PictureError, match="which has 900x601 pixels"):
        _opened(old, buffer.getvalue(), Recutting(max_side=100, hints=[Hint(True, 899, 601)]))
