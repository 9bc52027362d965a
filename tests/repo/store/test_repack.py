"""Bytes that no element keeps: found to the byte."""

from __future__ import annotations

import pytest

from haac_repo import Repository
from haac_repo._store import repack
from tests.repo.elements import MakeElement


def lengths(make_element: MakeElement, count: int) -> list[int]:
    return [len(make_element(seed).data) for seed in range(count)]


@pytest.fixture
def five(repository: Repository, make_element: MakeElement) -> Repository:
    """Elements 1 to 5 in pack 1, sealed; 6 in pack 2, open."""
    with repository.writer() as writer:
        for seed in range(5):
            writer.add(make_element(seed))
        writer.seal()
        writer.add(make_element(5))
    return repository


@pytest.mark.parametrize(
    ("gone", "found"),
    [
        ((), []),
        ((1,), [(0, 1)]),
        ((5,), [(4, 5)]),
        ((2, 3, 5), [(1, 3), (4, 5)]),
        ((1, 2, 3, 4, 5, 6), [(0, 5)]),
    ],
)
def test_bytes_of_withdrawn_elements_in_sealed_packs_are_unaccounted_for(
    five: Repository, make_element: MakeElement, gone: tuple[int, ...], found: list[tuple[int, int]]
) -> None:
    """Neighbours are one range; the open pack is not looked at."""
    each = lengths(make_element, 6)
    with five.writer() as writer:
        writer.withdraw_all(gone, "no")
    expected = [(1, sum(each[:first]), sum(each[first:stop])) for first, stop in found]
    assert repack.unaccounted(five._db) == expected
    assert [(number, saved) for number, _, saved in repack.wasteful(five._db)] == (
        [(1, sum(length for *_, length in expected))] if found else []
    )


def test_gaps_that_no_element_has_are_unaccounted_for(five: Repository, make_element: MakeElement) -> None:
    each = lengths(make_element, 5)
    with five._db.atomic():
        five._db.execute("update element set pack = null, offset = 0 where number = 2")
        five._db.execute("update pack set size = size + 7 where number = 1")
    assert repack.unaccounted(five._db) == [(1, each[0], each[1]), (1, sum(each), 7)]


def test_a_range_that_another_element_keeps_is_accounted_for(five: Repository) -> None:
    with five.writer() as writer:
        writer.withdraw(2, "no")
    with five._db.atomic():
        five._db.execute(
            "update element set pack = 1, (offset, length) = (select offset, length from element where number = 2) where number = 6"
        )
    assert repack.unaccounted(five._db) == []


def test_a_pack_that_no_element_was_ever_in_is_not_replaced(repository: Repository) -> None:
    """No log record names it: one that replaced it would be refused by mirrors."""
    with repository._db.atomic():
        repository._db.execute("insert into pack values (1, 'sealed', ?, 9, 0)", ["a" * 64])
    assert repack.unaccounted(repository._db) == [(1, 0, 9)]
    assert repack.wasteful(repository._db) == []
