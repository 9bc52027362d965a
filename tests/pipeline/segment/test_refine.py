"""Masks corrected by boxes and points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("cv2")

from haac_pipeline._segment.refine import Hint, refined

Bytes = npt.NDArray[np.uint8]


def scene() -> tuple[Bytes, Bytes]:
    """An orange and a blue square side by side on grainy grey; a mask of the orange one, with a soft edge."""
    grain = np.random.default_rng(4).integers(-6, 7, (200, 300, 1))
    rgb = np.full((200, 300, 3), 120) + grain
    rgb[60:140, 40:120] = (230, 130, 30) + grain[60:140, 40:120]
    rgb[60:140, 180:260] = (40, 70, 200) + grain[60:140, 180:260]
    mask = np.zeros((200, 300), np.uint8)
    mask[58:142, 38:122] = 90
    mask[60:140, 40:120] = 255
    return np.clip(rgb, 0, 255).astype(np.uint8), mask


def test_without_hints_a_mask_stays() -> None:
    rgb, mask = scene()
    assert refined(rgb, mask, []) is mask


@pytest.mark.parametrize("hint", [Hint(True, 220, 100), Hint(True, 172, 52, 96, 96)])
def test_what_was_missed_is_kept(hint: Hint) -> None:
    rgb, mask = scene()
    found = refined(rgb, mask, [hint]) > 127
    assert found[64:136, 184:256].mean() > 0.95, "the blue square"
    assert found[60:140, 40:120].all()
    assert found[:50].sum() + found[150:].sum() == 0, "the ground"


def test_far_from_hints_nothing_changes() -> None:
    rgb, mask = scene()
    found = refined(rgb, mask, [Hint(True, 172, 52, 96, 96)])
    assert np.array_equal(found[:, :160], mask[:, :160]), "soft edges too"


def test_a_point_takes_away_what_looks_the_same_around_it() -> None:
    rgb, mask = scene()
    mask[60:140, 180:260] = 255
    found = refined(rgb, mask, [Hint(False, 220, 100)])
    assert (found[64:136, 184:256] < 128).mean() > 0.95
    assert np.array_equal(found[:, :150], mask[:, :150])


def test_a_box_takes_away_itself_and_nothing_else() -> None:
    rgb, mask = scene()
    found = refined(rgb, mask, [Hint(False, 40, 60, 40, 80)])
    assert (found[62:138, 42:78] == 0).all()
    assert (found[62:138, 84:118] == 255).all()


def test_the_later_hint_counts() -> None:
    rgb, mask = scene()
    box, point = Hint(False, 30, 50, 100, 100), Hint(True, 80, 100)
    assert refined(rgb, mask, [box, point])[100, 80] == 255
    assert refined(rgb, mask, [point, box])[100, 80] == 0


def test_all_can_be_taken_away() -> None:
    rgb, mask = scene()
    assert refined(rgb, mask, [Hint(False, 0, 0, 300, 200)]).max() < 8


def test_of_an_empty_mask_something_can_be_kept() -> None:
    rgb, mask = scene()
    found = refined(rgb, np.zeros_like(mask), [Hint(True, 172, 52, 96, 96)])
    assert (found[70:130, 190:250] > 127).all()


def test_hints_may_touch_the_rim() -> None:
    rgb, mask = scene()
    hints = [Hint(True, 0, 0), Hint(True, 299, 199), Hint(False, 299, 0, 1, 1), Hint(False, 0, 199, 1, 1)]
    assert refined(rgb, mask, hints).shape == mask.shape


def test_the_same_hints_give_the_same_mask() -> None:
    rgb, mask = scene()
    hints = [Hint(True, 220, 100), Hint(False, 60, 80)]
    assert np.array_equal(refined(rgb, mask, hints), refined(rgb, mask, hints))


def half_masked() -> tuple[Bytes, Bytes]:
    """The scene, with a mask of the left half of the orange square, that fades out over its middle."""
    rgb, mask = scene()
    mask[:] = 0
    mask[60:140, 40:80] = 255
    mask[60:140, 78:83] = (230, 180, 128, 70, 20)
    return rgb, mask


def test_what_is_kept_joins_what_was_there_without_a_seam() -> None:
    rgb, mask = half_masked()
    found = refined(rgb, mask, [Hint(True, 100, 100)])
    assert found[64:136, 44:116].min() == 255


def test_what_is_taken_away_leaves_no_halo() -> None:
    rgb, mask = half_masked()
    found = refined(rgb, mask, [Hint(False, 60, 100)])
    assert found.max() == 0
