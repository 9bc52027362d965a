"""Large logs, which are loaded without indexes, and range requests, which are coalesced as it pays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import haac_repo._mirror.sync
from haac_repo import Repository
from haac_repo._mirror.download import Downloader, Patience
from haac_repo._mirror.mirror import Absent, Object
from haac_repo._mirror.single import RANGE_MAX, Wanted, runs


def schema(folder: Path) -> list[Any]:
    with Repository.open(folder) as opened:
        rows = opened._db.execute("select type, name, sql from sqlite_master order by type, name")
        return list(rows.fetchall())


def test_loading_without_indexes_gives_the_same_catalog(
    origin: Any, growing: Any, grow: Any, tmp_path: Path, disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(writer: Any) -> None:
        writer.tag(2, name="renamed", add=["new"])
        writer.withdraw(3, "not ours")
        writer.tag(25, name="renamed too")

    def sync_twice(mirror: Path) -> None:
        growing.files = dict(first)
        growing.sync(mirror)
        growing.files = dict(second)
        growing.sync(mirror)

    first = dict(growing.files)
    grow(growing, range(50, 70), change)
    second = dict(growing.files)
    sync_twice(tmp_path / "rows")
    monkeypatch.setattr(haac_repo._mirror.sync, "_BULK", 0)
    sync_twice(tmp_path / "bulk")
    assert disk.catalog(tmp_path / "bulk") == disk.catalog(tmp_path / "rows")
    assert schema(tmp_path / "bulk") == schema(tmp_path / "rows")
    disk.assert_sound(tmp_path / "bulk")
    with Repository.open(tmp_path / "bulk") as bulk, Repository.open(tmp_path / "rows") as rows:
        for words in ("renamed", "new", "thing", "t1", "too"):
            assert [e.number for e in bulk.search(words)] == [e.number for e in rows.search(words)]
        assert [element.number for element in bulk.search("renamed")] == [2, 25]
    origin.sync(tmp_path / "first")
    disk.assert_sound(tmp_path / "first")


def test_loading_that_is_refused_leaves_the_indexes(
    growing: Any, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.sync(mirror)
    before = schema(mirror)
    monkeypatch.setattr(haac_repo._mirror.sync, "_BULK", 0)
    more = [{"seq": seq, "op": "?"} for seq in range(11, 40)]
    growing.forge([*growing.records(), more])
    with pytest.raises(Exception, match="malformed"):
        growing.sync(mirror)
    assert schema(mirror) == before


@pytest.fixture
def wanted() -> Callable[[list[int]], list[Wanted]]:
    """Elements of 1,000 bytes at these offsets of a pack."""

    def made(offsets: list[int]) -> list[Wanted]:
        return [Wanted(Object(n, at, at + 1000, "0" * 64, 1, 1, True), PACK) for n, at in enumerate(offsets)]

    return made


PACK = Absent(1, "a" * 64, 10_000_000)


def lengths(found: list[list[Wanted]]) -> list[int]:
    return [len(run) for run in found]


def test_ranges_are_coalesced_over_gaps(wanted: Any) -> None:
    some = wanted([0, 1_000, 50_000, 300_000, 1_500_000])
    assert lengths(runs(PACK, some, 0)) == [2, 1, 1, 1]
    assert lengths(runs(PACK, some, 48_000)) == [3, 1, 1]
    assert lengths(runs(PACK, some, 300_000)) == [4, 1]
    assert lengths(runs(PACK, some, 2_000_000)) == [5]


def test_no_range_is_longer_than_is_held_in_memory(wanted: Any) -> None:
    spread = wanted(list(range(0, 4_500_000, 500_000)))
    found = runs(PACK, spread, 10**6)
    assert max(run[-1].stop - run[0].start for run in found) <= RANGE_MAX
    assert lengths(found) == [5, 4]


def test_a_pack_is_fetched_whole_rather_than_half_of_it_or_a_huge_element(wanted: Any) -> None:
    assert runs(PACK, wanted(list(range(0, 6_000_000, 100_000))), 10**6) == []
    huge = Wanted(Object(1, 0, RANGE_MAX + 1, "0" * 64, 1, 1, True), PACK)
    assert runs(PACK, [huge], 0) == []


def test_the_gap_is_latency_times_bandwidth(origin: Any, tmp_path: Path) -> None:
    downloader = Downloader(origin, Patience(), 1)
    assert downloader.gap == 2**18  # nothing is known yet
    for latency, bandwidth, gap in [(0.05, 10e6, 500_000), (0.001, 1e6, 2**16), (0.3, 100e6, 2**20)]:
        downloader._latency, downloader._bandwidth = latency, bandwidth
        assert downloader.gap == gap
    downloader.file(origin.packs[0], origin.head.packs[0].length, origin.head.packs[0].sha256, tmp_path / "p")
