"""What a sync does when all goes well."""

from __future__ import annotations

import hashlib
import socket
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from haac_repo import (
    ElementMissingError,
    ElementNotFoundError,
    ElementWithdrawnError,
    HaacError,
    Repository,
    RepositoryBusyError,
    RepositoryError,
    cache_path,
    publish,
    sync,
)
from haac_repo._check.verify import verify
from haac_repo._lock import writer_lock
from haac_repo._mirror.download import Patience


def test_full_sync_gives_the_same_files_and_elements(origin: Any, mirror: Path, disk: Any) -> None:
    report = origin.sync(mirror)
    assert (report.records, report.elements, report.new_records) == (30, 30, 30)
    assert (report.segments, report.packs, report.missing_packs, report.copies) == (2, 6, 0, 0)
    assert report.requests == len(origin.requests) == 10  # one to see that it is not signed
    assert report.received == sum(map(len, origin.files.values()))
    assert disk.tree(mirror) == disk.tree(origin.folder)
    disk.assert_sound(mirror)
    with Repository.open(origin.folder) as ours, Repository.open(mirror) as theirs:
        assert theirs.role == "mirror"
        assert theirs.id == ours.id
        assert list(theirs.elements()) == list(ours.elements())
        assert theirs.search("thing 7") == ours.search("thing 7")
        assert theirs.image(7).tobytes() == ours.image(7).tobytes()


def test_nothing_new_is_one_request(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror)
    before = disk.tree(mirror)
    report = origin.sync(mirror)
    assert origin.requests == [("head", 0, None)]
    assert (report.received, report.new_records, report.packs) == (0, 0, 0)
    assert disk.tree(mirror) == before


def test_without_etags_only_the_head_is_fetched_again(origin: Any, mirror: Path) -> None:
    origin.etags = False
    origin.sync(mirror)
    report = origin.sync(mirror)
    assert origin.fetched() == ["head"]
    assert report.received == len(origin.files["head"])


def test_one_new_element_fetches_only_what_is_new(growing: Any, grow: Any, mirror: Path, disk: Any) -> None:
    growing.sync(mirror)
    grow(growing, [100])
    report = growing.sync(mirror)
    assert sorted(growing.fetched()) == [
        "head",
        "log/00000002.jsonl.gz",
        "metadata/1.root.json",  # to see that it is not signed now
        growing.packs[-1],
    ]
    assert (report.new_records, report.elements) == (1, 11)
    disk.assert_sound(mirror)


def test_tags_and_takedowns_arrive(growing: Any, grow: Any, mirror: Path) -> None:
    growing.sync(mirror)

    def change(writer: Any) -> None:
        writer.tag(2, name="renamed", add=["new"])
        writer.withdraw(3, "not ours", keep_bytes=True)

    grow(growing, change=change)
    report = growing.sync(mirror)
    assert (report.new_records, report.packs, report.elements) == (2, 0, 9)
    with Repository.open(mirror) as opened:
        assert opened.element(2).name == "renamed"
        assert "new" in opened.element(2).tags
        with pytest.raises(ElementWithdrawnError, match="not ours"):
            opened.data(3)


def test_taken_down_and_added_again_in_the_same_bytes(
    growing: Any, grow: Any, mirror: Path, disk: Any
) -> None:
    def change(writer: Any) -> None:
        for number in range(1, 6):
            writer.withdraw(number, "", keep_bytes=True)

    grow(growing, change=change)
    grow(growing, range(5))  # the same five elements once more: the same pack
    assert len(growing.packs) == 2
    report = growing.sync(mirror)
    assert (report.elements, report.packs) == (10, 2)
    disk.assert_sound(mirror)


def test_for_some_elements_fetches_the_log_and_parts_of_packs(origin: Any, mirror: Path, disk: Any) -> None:
    report = origin.sync(mirror, only=[3, 4, 27])
    packs = [request for request in origin.requests if request[0].startswith("packs/")]
    assert len(packs) == 2  # 3 and 4 are neighbours
    assert all(start or stop for _, start, stop in packs)
    assert (report.copies, report.packs, report.missing_packs) == (3, 0, 6)
    assert report.received < sum(map(len, origin.files.values())) / 2
    assert disk.readable(mirror) == {3, 4, 27}
    disk.assert_sound(mirror, complete=False)
    assert not (mirror / "public" / "head").exists()  # half a repository is not published
    with Repository.open(mirror) as opened:
        assert opened.element(9).name == "thing 8"  # known...
        with pytest.raises(ElementMissingError):  # ...but not here
            opened.data(9)


def test_for_more_elements_fetches_only_the_missing_ones(origin: Any, mirror: Path, disk: Any) -> None:
    origin.sync(mirror, only=[3])
    origin.sync(mirror, only=[3, 12])
    assert [path for path in origin.fetched() if path.startswith("packs/")] == [origin.packs[2]]
    origin.sync(mirror, only=[3, 12])
    assert origin.fetched() == ["head"]
    assert disk.readable(mirror) == {3, 12}


def test_a_full_sync_completes_a_partial_mirror_and_drops_its_copies(
    origin: Any, mirror: Path, tmp_path: Path, disk: Any
) -> None:
    origin.sync(mirror, only=[3, 12])
    assert list((mirror / "open").iterdir())
    report = origin.sync(mirror)
    assert report.missing_packs == 0
    origin.sync(tmp_path / "clean")
    assert disk.tree(mirror) == disk.tree(tmp_path / "clean")
    disk.assert_sound(mirror)


def test_a_pack_that_is_mostly_needed_is_fetched_whole(origin: Any, mirror: Path, disk: Any) -> None:
    report = origin.sync(mirror, only=[1, 2, 3, 4])
    assert (report.packs, report.copies) == (1, 0)
    assert disk.readable(mirror) == {1, 2, 3, 4, 5}


def test_a_server_without_ranges_sends_whole_packs(origin: Any, mirror: Path, disk: Any) -> None:
    origin.ignores_ranges = True
    report = origin.sync(mirror, only=[3, 12, 14])
    assert (report.packs, report.copies) == (2, 0)
    assert disk.readable(mirror) == {*range(1, 6), *range(11, 16)}


def test_an_element_that_does_not_exist(origin: Any, mirror: Path) -> None:
    with pytest.raises(ElementNotFoundError, match="its ids run from 1 to y"):
        origin.sync(mirror, only=[3, 31])


def test_withdrawn_elements_are_not_fetched(growing: Any, grow: Any, mirror: Path) -> None:
    grow(growing, change=lambda writer: writer.withdraw(3, "gone"))
    report = growing.sync(mirror, only=[3])
    assert (report.copies, report.packs) == (0, 0)
    with Repository.open(mirror) as opened, pytest.raises(ElementWithdrawnError):
        opened.data(3)


def test_a_mirror_can_be_synced_from(origin: Any, mirror: Path, tmp_path: Path, disk: Any) -> None:
    origin.sync(mirror)
    sync(str(mirror), tmp_path / "second")
    sync((tmp_path / "second").as_uri(), tmp_path / "third")
    assert disk.tree(tmp_path / "third") == disk.tree(origin.folder)
    disk.assert_sound(tmp_path / "third")


def test_a_mirror_publishes_nothing_itself(origin: Any, mirror: Path) -> None:
    origin.sync(mirror)
    with Repository.open(mirror) as opened, pytest.raises(RepositoryError, match="is a mirror"):
        publish(opened)


def test_a_half_mirror_cannot_be_synced_from(origin: Any, mirror: Path, tmp_path: Path) -> None:
    origin.sync(mirror, only=[1])
    with pytest.raises(HaacError, match="no repository is published"):
        sync(str(mirror), tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_a_mirror_that_falls_behind_still_publishes_its_old_state(
    growing: Any, grow: Any, mirror: Path, tmp_path: Path, disk: Any
) -> None:
    growing.sync(mirror)
    grow(growing, range(50, 60))
    growing.sync(mirror, only=[1])
    sync(str(mirror), tmp_path / "second")
    with Repository.open(mirror) as here, Repository.open(tmp_path / "second") as there:
        assert (len(here), len(there)) == (20, 10)
    disk.assert_sound(tmp_path / "second")


def test_an_empty_repository(tmp_path: Path, mirror: Path, disk: Any) -> None:
    with Repository.create(tmp_path / "empty") as repository:
        publish(repository)
    report = sync(str(tmp_path / "empty"), mirror)
    assert (report.records, report.requests) == (0, 2)
    disk.assert_sound(mirror)


def test_a_repository_is_no_mirror(growing: Any, tmp_path: Path) -> None:
    with Repository.create(tmp_path / "own"):
        pass
    with pytest.raises(RepositoryError, match="of its own"):
        growing.sync(tmp_path / "own")


def test_a_folder_with_other_things_is_left_alone(origin: Any, mirror: Path) -> None:
    mirror.mkdir()
    (mirror / "letter.txt").write_text("dear all")
    with pytest.raises(RepositoryError, match="not empty"):
        origin.sync(mirror)
    assert [path.name for path in mirror.iterdir()] == ["letter.txt"]


def test_unpublished_makes_no_folder(tmp_path: Path, mirror: Path) -> None:
    with Repository.create(tmp_path / "fresh"):
        pass
    with pytest.raises(HaacError, match="haac publish"):
        sync(str(tmp_path / "fresh"), mirror)
    assert not mirror.exists()


def test_a_second_sync_of_the_same_mirror_waits_or_fails(origin: Any, mirror: Path) -> None:
    origin.sync(mirror)
    with writer_lock(mirror, 0), pytest.raises(RepositoryBusyError):
        origin.sync(mirror, patience=Patience(lock=0.05))


def test_two_syncs_at_once_make_one_mirror(published: Path, mirror: Path, disk: Any) -> None:
    reports: list[Any] = []
    threads = [
        threading.Thread(target=lambda: reports.append(sync(str(published), mirror))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.packs for report in reports) == [0, 0, 6]
    disk.assert_sound(mirror)


def test_readers_go_on_during_a_sync(growing: Any, grow: Any, mirror: Path) -> None:
    growing.sync(mirror)
    grow(growing, range(50, 70))
    seen: list[int] = []
    with Repository.open(mirror) as reader:

        def read(_path: str, _at: int) -> None:
            for element in reader.elements():
                try:
                    data = reader.data(element.number)
                except ElementMissingError:
                    continue
                assert hashlib.sha256(data).hexdigest() == element.sha256
            seen.append(len(reader))

        growing.on_chunk = read
        growing.sync(mirror, jobs=1)
        assert len(seen) > 10
        assert set(seen) <= {10, 30}
        assert reader.data(30)


@pytest.mark.parametrize("only", [None, [1, 9]])
def test_progress_reaches_its_end(origin: Any, mirror: Path, only: Any) -> None:
    calls: list[tuple[int, int]] = []
    report = origin.sync(mirror, only=only, progress=lambda *call: calls.append(call))
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1] == report.received - len(origin.files["head"])
    assert all(one[0] <= two[0] and one[1] <= two[1] for one, two in pairwise(calls))


def test_reading_a_mirror_opens_no_socket(origin: Any, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin.sync(mirror)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    with Repository.open(mirror) as opened:
        assert opened.image(5).size == (20, 20)
    assert verify(mirror).ok


def test_the_cache_is_by_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = cache_path("https://example.org/repo")
    assert first == cache_path("https://example.org/repo/")
    assert first != cache_path("https://example.org/other")
    assert first.parent == tmp_path / "haac"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_path("x").parent == tmp_path / "home" / ".cache" / "haac"


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "http://", "http://[::1", "https://host/x?y=1", "/nowhere/at/all"]
)
def test_addresses_that_are_none(url: str, mirror: Path) -> None:
    with pytest.raises(HaacError):
        sync(url, mirror)
    assert not mirror.exists()
