"""Packs that were replaced: a mirror makes the new ones itself, and no byte of a withdrawn element stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from haac_repo import (
    ElementWithdrawnError,
    HistoryError,
    Pin,
    Repository,
    TransportError,
    create_keys,
    publish,
    sync,
    verify,
)
from haac_repo._mirror.wire import Record, pack_path, segment_path
from tests.repo.mirror.conftest import picture

TIME = "2026-11-23T01:02:03Z"


def take_down(origin: Any, number: int, *more: int) -> bytes:
    """Publish the takedown of elements of the first pack, and a pack without them in its place; the first one's bytes."""
    segments = origin.records()
    seq = sum(map(len, segments))
    old = origin.head.packs[0]
    origin.files.pop(pack_path(old.sha256))
    contents = origin.__dict__.setdefault(
        "contents", {old.sha256: {**elements_of(origin.folder, range(1, 6))}}
    )
    kept = {each: data for each, data in contents[old.sha256].items() if each not in (number, *more)}
    records: list[Record] = [
        {"seq": seq + n, "op": "withdraw", "id": each, "reason": "stolen", "time": TIME}
        for n, each in enumerate((number, *more), 1)
    ]
    repack: Record = {"seq": seq + len(records) + 1, "op": "repack", "packs": [old.sha256], "time": TIME}
    packs = list(origin.head.packs[1:])
    if kept:
        new = origin.forge_pack(b"".join(kept.values()))
        contents[new.sha256] = kept
        packs.insert(0, new)
        repack |= {"pack": new.sha256, "length": new.length}
    origin.forge([*segments, [*records, repack]], packs=tuple(packs))
    return bytes(contents[old.sha256][number])


def elements_of(folder: Path, numbers: Iterable[int]) -> dict[int, bytes]:
    with Repository.open(folder) as opened:
        return {number: opened.data(number) for number in numbers}


def holds(folder: Path, data: bytes) -> list[str]:
    """Files that contain the bytes, or a good part of them."""
    piece = data[100:400]
    return [str(path) for path in folder.rglob("*") if path.is_file() and piece in path.read_bytes()]


def test_a_mirror_makes_the_pack_that_replaces_its_own(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    gone = take_down(growing, 3)
    assert holds(mirror, gone)
    report = growing.sync(mirror)
    assert growing.fetched() == ["head", "metadata/1.root.json", segment_path(2)]
    assert (report.made, report.packs, report.missing_packs, report.elements) == (1, 0, 0, 9)
    assert not holds(mirror, gone)
    assert disk.readable(mirror) == set(range(1, 11)) - {3}
    assert sorted(f"packs/{path.name}" for path in (mirror / "public" / "packs").iterdir()) == sorted(
        growing.packs
    )
    with Repository.open(mirror) as opened, pytest.raises(ElementWithdrawnError, match="stolen"):
        opened.data(3)


def test_a_pack_of_which_nothing_is_left(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    gone = take_down(growing, 1, 2, 3, 4, 5)
    report = growing.sync(mirror)
    assert (report.made, report.packs, report.missing_packs) == (0, 0, 0)
    assert not holds(mirror, gone)
    assert disk.readable(mirror) == {6, 7, 8, 9, 10}


def test_takedown_after_takedown_in_one_sync(growing: Any, mirror: Path, disk: Any) -> None:
    """The pack in between was never anywhere but in the log."""
    growing.sync(mirror)
    gone = [take_down(growing, 3)]
    gone.append(take_down(growing, 4))
    report = growing.sync(mirror)
    assert (report.made, report.packs) == (2, 0)
    assert not any(holds(mirror, each) for each in gone)
    assert len(list((mirror / "public" / "packs").iterdir())) == 2
    assert disk.readable(mirror) == set(range(1, 11)) - {3, 4}


def test_a_new_mirror_fetches_the_new_pack(growing: Any, mirror: Path, disk: Any) -> None:
    gone = take_down(growing, 3)
    report = growing.sync(mirror)
    assert (report.made, report.packs, report.missing_packs) == (0, 2, 0)
    assert not holds(mirror, gone)
    assert disk.readable(mirror) == set(range(1, 11)) - {3}


def test_a_damaged_old_pack_makes_none(growing: Any, mirror: Path, disk: Any) -> None:
    """What would come out has another hash, so the new pack is fetched."""
    growing.sync(mirror)
    file = mirror / "public" / growing.packs[0]
    data = bytearray(file.read_bytes())
    data[10] ^= 1
    file.write_bytes(data)
    take_down(growing, 3)
    report = growing.sync(mirror)
    assert (report.made, report.packs) == (0, 1)
    assert disk.readable(mirror) == set(range(1, 11)) - {3}


def test_a_wrong_repack_record_is_refused(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    before = disk.tree(mirror), disk.catalog(mirror)
    take_down(growing, 3)
    first, second = growing.records()
    second[-1]["length"] += 1
    growing.forge([first, second])
    with pytest.raises(Exception, match=r"another length|has"):
        growing.sync(mirror)
    assert disk.catalog(mirror) == before[1]
    assert disk.readable(mirror) == set(range(1, 11))


@pytest.mark.parametrize("others", [[], [4]])
def test_copies_of_a_withdrawn_element_go(
    growing: Any, mirror: Path, disk: Any, others: Sequence[int]
) -> None:
    growing.sync(mirror, only=[3, *others])
    gone = take_down(growing, 3)
    assert holds(mirror, gone)
    report = growing.sync(mirror, only=[3, *others])
    assert report.withdrawn == (3,)
    assert not holds(mirror, gone)
    assert disk.readable(mirror) == set(others)
    assert len(list((mirror / "open").iterdir())) == bool(others)
    assert report.copies == 0


def test_copies_that_a_whole_pack_superseded_leave_no_bytes(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror, only=[3, 8])
    growing.sync(mirror, only=[1, 2, 3, 4, 5])  # the whole pack
    gone = take_down(growing, 3)
    growing.sync(mirror, only=[8])
    assert not holds(mirror, gone)
    assert disk.readable(mirror) == {1, 2, 4, 5, 8}


def test_a_mirror_that_fell_behind_publishes_no_head_whose_packs_are_gone(
    growing: Any, mirror: Path, tmp_path: Path, disk: Any
) -> None:
    growing.sync(mirror)
    take_down(growing, 3)
    first, second = growing.records()
    new = growing.forge_pack(growing.files[growing.packs[0]][:500])
    add = {**first[0], "seq": 13, "id": 11, "pack": new.sha256, "offset": 0, "length": 500}
    add["sha256"] = hashlib.sha256(growing.files[pack_path(new.sha256)]).hexdigest()
    growing.forge([first, second, [add]], packs=(*growing.head.packs, new))
    growing.sync(mirror, only=[1])
    assert not (mirror / "public" / "head").exists()
    with pytest.raises(TransportError, match="no repository is published"):
        sync(str(mirror), tmp_path / "second")
    assert disk.readable(mirror) == set(range(1, 11)) - {3}


def test_packs_that_are_replaced_during_a_sync(growing: Any, mirror: Path, disk: Any) -> None:
    """The packs of the head that was fetched are gone: the new head is fetched, and what is here is used."""
    done: list[str] = []

    def replace_packs(path: str, _at: int) -> None:
        if path == "head" and not done:
            done.append(path)
            take_down(growing, 3)

    growing.on_chunk = replace_packs
    growing.sync(mirror, jobs=1)
    assert growing.fetched().count("head") == 2
    assert disk.readable(mirror) == set(range(1, 11)) - {3}


def test_a_pack_that_is_just_gone(growing: Any, mirror: Path, disk: Any) -> None:
    del growing.files[growing.packs[1]]
    with pytest.raises(TransportError, match="is not there"):
        growing.sync(mirror)
    assert growing.fetched().count("head") == 2
    assert disk.readable(mirror) == set()


# Healing, and starting over


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_a_lost_log_segment_is_fetched_again(origin: Any, mirror: Path, disk: Any, damage: str) -> None:
    origin.sync(mirror)
    before = disk.tree(mirror)
    file = mirror / "public" / segment_path(1)
    file.unlink()
    if damage == "short":
        file.write_bytes(b"x")
    report = origin.sync(mirror)
    assert origin.fetched() == ["head", segment_path(1)]
    assert (report.segments, report.new_records) == (1, 0)
    assert disk.tree(mirror) == before


def fork(origin: Any) -> None:
    """Publish another history: element 2 is what 3 was, and 3 what 2 was; and one more."""
    (records,) = origin.records()
    keep = ("seq", "id", "op")
    two, three = records[1], records[2]
    records[1] = {**three, **{key: two[key] for key in keep}}
    records[2] = {**two, **{key: three[key] for key in keep}}
    origin.forge([records])


def test_starting_over_after_a_fork(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    old = (mirror / "public" / "head").read_bytes()
    fork(growing)
    with pytest.raises(HistoryError, match=r"rewritten.*--start-over origin"):
        growing.sync(mirror)
    report = growing.sync(mirror, start_over=True)
    assert report.rebound == 2
    assert sorted(growing.fetched()) == [
        "head",
        segment_path(1),
        "metadata/1.root.json",
    ]  # no pack is fetched again
    disk.assert_sound(mirror)
    kept = [path for path in (mirror / "lost").iterdir() if path.name.startswith("start-over")]
    assert (kept[0] / "head").read_bytes() == old
    assert (kept[0] / "catalog.sqlite").is_file()
    assert growing.sync(mirror).requests == 1
    with Repository.open(mirror) as opened:
        assert opened.search("thing 1")[0].number == 3


def test_starting_over_after_a_fast_forward(growing: Any, mirror: Path, disk: Any) -> None:
    """Somebody with a false log of a million records made the true one look old."""
    true = dict(growing.files)
    more = [{"seq": seq, "op": "tag", "id": 1, "name": "false", "time": TIME} for seq in range(11, 500)]
    growing.forge([*growing.records(), more])
    growing.sync(mirror)
    growing.files = true
    with pytest.raises(HistoryError, match="went back"):
        growing.sync(mirror)
    report = growing.sync(mirror, start_over=True)
    assert (report.rebound, report.records, report.packs) == (0, 10, 0)
    disk.assert_sound(mirror)


def test_starting_over_that_fails_changes_nothing(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    before = disk.tree(mirror), disk.catalog(mirror)
    fork(growing)
    growing.files.pop(segment_path(1))
    with pytest.raises(TransportError):
        growing.sync(mirror, start_over=True)
    parts = {path for path in disk.tree(mirror) if path.endswith(".part")}
    assert {path: sha for path, sha in disk.tree(mirror).items() if path not in parts} == before[0]
    assert disk.catalog(mirror) == before[1]
    assert not list((mirror / "lost").iterdir())


def test_a_refused_start_over_changes_nothing_beside_the_catalog(
    growing: Any, mirror: Path, tmp_path: Path
) -> None:
    """Another repository, whose pack is gone: the mirror stays one of the first."""
    growing.sync(mirror)
    identity = (mirror / "repository.json").read_bytes()
    with Repository.create(tmp_path / "other") as other, other.writer() as writer:
        writer.add(picture(77))
    with Repository.open(tmp_path / "other") as other:
        create_keys(other)
        publish(other)
    for pack in (tmp_path / "other" / "public" / "packs").iterdir():
        pack.unlink()
    with pytest.raises(TransportError):
        sync(tmp_path / "other", mirror, start_over=True, pin=Pin())
    assert (mirror / "repository.json").read_bytes() == identity
    assert not [path for path in (mirror / "lost").iterdir() if path.name.startswith("start-over")]
    assert growing.sync(mirror).elements == 10


def test_starting_over_after_the_catalog_was_made_again(growing: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    for file in mirror.glob("catalog.sqlite*"):
        file.unlink()
    assert verify(mirror, repair=True).ok
    fork(growing)
    with pytest.raises(HistoryError, match=r"--start-over origin"):
        growing.sync(mirror)
    assert growing.sync(mirror, start_over=True).kept
    disk.assert_sound(mirror)


def test_what_a_mirror_set_aside_loses_withdrawn_bytes_too(growing: Any, mirror: Path) -> None:
    growing.sync(mirror)
    pack = mirror / "public" / growing.packs[0]
    data = bytearray(pack.read_bytes())
    data[-1] ^= 1  # of another element than the third
    pack.write_bytes(data)
    verify(mirror, repair=True)
    growing.sync(mirror)
    gone = take_down(growing, 3)
    assert [path for path in holds(mirror, gone) if "lost" in path]
    assert any("overwrote" in note for note in growing.sync(mirror).notes)
    assert not holds(mirror, gone)
