"""When a writer makes safe what it was given: after so many changes, so many bytes, so much time."""

from __future__ import annotations

import contextlib
from itertools import count

import pytest

import haac_repo._store.writer
from haac_repo import Repository
from tests.repo.elements import MakeElement, small_packs


def test_a_writer_flushes_by_itself(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(haac_repo._store.writer, "_FLUSH_RECORDS", 3)
    with repository.writer() as writer:
        for seed in range(5):
            writer.add(make_element(seed))
        assert len(repository) == 3


def test_a_writer_flushes_by_time(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.0, 4.9, 5.0, 5.0, 9.9, 10.0])  # one look at the clock a change
    monkeypatch.setattr("haac_repo._store.writer.monotonic", lambda: next(seconds))
    with repository.writer() as writer:
        for seed, safe in enumerate([0, 0, 3, 3, 3]):
            writer.add(make_element(seed))
            assert len(repository) == safe
        writer.done_source("a" * 64, "{}", "a.png", [5])
        assert len(repository) == 5
        assert repository.source_done("a" * 64, "{}")
    assert next(seconds, None) is None


@pytest.mark.parametrize("step", [0.0, 3.0, 100.0])
@pytest.mark.parametrize("killed", [(), (2, 3, 11)])
def test_where_a_pack_ends_hangs_neither_on_the_clock_nor_on_kills(
    repository: Repository,
    make_element: MakeElement,
    monkeypatch: pytest.MonkeyPatch,
    step: float,
    killed: tuple[int, ...],
) -> None:
    small_packs(monkeypatch, 1500)
    monkeypatch.setattr(haac_repo._store.writer, "_FLUSH_RECORDS", 7)
    clock = count(0.0, step)
    monkeypatch.setattr("haac_repo._store.writer.monotonic", lambda: next(clock))
    for stop in (*killed, 20):
        with contextlib.suppress(KeyboardInterrupt), repository.writer() as writer:
            for seed in range(stop):
                writer.add(make_element(seed))
            if stop != 20:
                raise KeyboardInterrupt
    sizes = repository._db.execute("select size from pack order by number").fetchall()
    lengths = [len(make_element(seed).data) for seed in range(20)]
    assert [size for (size,) in sizes] == [sum(lengths[first : first + 4]) for first in range(0, 20, 4)]
