"""Objects of a mask: which parts count, in which order, and whose the soft edges are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from haac_similar._place.objects import objects_of

Mask = npt.NDArray[np.uint8]


def mask_of(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (100, 80)) -> Mask:
    made = np.zeros(size[::-1], np.uint8)
    for left, top, right, bottom in boxes:
        made[top:bottom, left:right] = 255
    return made


LARGE, MIDDLE, SMALL = (2, 3, 42, 43), (60, 5, 80, 25), (60, 50, 75, 67)


def test_parts_are_objects_the_largest_first() -> None:
    found = objects_of(mask_of(SMALL, LARGE, MIDDLE), 3)
    assert [each.box for each in found] == [LARGE, MIDDLE, SMALL]
    assert [each.share for each in found] == pytest.approx([0.2, 0.05, 255 / 8000])
    assert [int((each.mask > 0).sum()) for each in found] == [1600, 400, 255]
    assert [each.box for each in objects_of(mask_of(SMALL, LARGE, MIDDLE), 2)] == [LARGE, MIDDLE]


def test_less_than_15_per_cent_of_the_largest_is_no_object() -> None:
    assert len(objects_of(mask_of(LARGE, (60, 5, 72, 25)), 3)) == 2  # 240 of 1600: 15 per cent
    assert len(objects_of(mask_of(LARGE, (60, 5, 72, 24)), 3)) == 1


def test_specks_neither_are_objects_nor_move_the_box_of_one() -> None:
    (found,) = objects_of(mask_of(LARGE, (95, 75, 97, 77)), 3)
    assert found.box == LARGE
    assert not found.mask[75:].any()


def test_less_than_4_thousandths_of_the_photograph_is_no_object() -> None:
    assert objects_of(mask_of((0, 0, 8, 4)), 3) != []  # 32 of 8000
    assert objects_of(mask_of((0, 0, 31, 1)), 3) == []


@pytest.mark.parametrize("most", [0, 1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (40, 30)])
def test_an_empty_mask_has_none(size: tuple[int, int], most: int) -> None:
    assert objects_of(mask_of(size=size), most) == []
    assert objects_of(np.full(size[::-1], 127, np.uint8), most) == []


def test_none_are_wanted() -> None:
    assert objects_of(mask_of(LARGE, MIDDLE), 0) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (12, 9)])
def test_one_pixel_and_a_mask_that_covers_everything(size: tuple[int, int]) -> None:
    (found,) = objects_of(mask_of((0, 0, *size), size=size), 3)
    assert (found.box, found.share, found.soft) == ((0, 0, *size), 1.0, 0.0)
    (found,) = objects_of(mask_of((0, 0, 1, 1), size=size), 3)
    assert found.box == (0, 0, 1, 1)


def test_soft_edges_go_to_the_nearest_object() -> None:
    mask = mask_of(LARGE, MIDDLE)
    mask[3:25, 42:60] = 100  # between the two
    first, second = objects_of(mask, 2)
    owned = first.mask[10] > 0, second.mask[10] > 0
    assert np.flatnonzero(owned[0]).tolist() == list(range(2, 51))
    assert np.flatnonzero(owned[1]).tolist() == list(range(51, 80))
    assert (np.maximum(first.mask, second.mask) == mask).all()
    assert (first.box, second.box) == (LARGE, MIDDLE)
    assert first.soft == pytest.approx((first.mask == 100).sum() / 1600)
    assert first.soft > 0
