"""What was never published can be discarded, as if it had not been; what was published cannot."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from haac_repo import (
    ElementError,
    ElementNotFoundError,
    Repository,
    publish,
    sync,
    verify,
)
from haac_repo._store.packs import OpenPack
from tests.repo.elements import MakeElement, small_packs


def stock(repository: Repository, make_element: MakeElement, seeds: range, **known: Any) -> None:
    with repository.writer() as writer:
        for seed in seeds:
            writer.add(make_element(seed, name=f"number {seed}", phash=seed << 40, **known))


def packed(repository: Repository) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(repository.path.glob("**/*.pack")))


def published(repository: Repository) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted((repository.path / "public" / "log").glob("*.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def test_a_repository_is_as_if_they_had_not_been(
    repository: Repository, make_element: MakeElement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haac_repo._store.writer.now", lambda: "2026-01-01T00:00:00Z")
    stock(repository, make_element, range(1, 8))
    with repository.writer() as writer:
        writer.tag(5, name="gone soon")
        writer.tag(2, name="other words")
        writer.withdraw(6, "no")
        gone = writer.discard(["5", 6, 7, 7])
        assert [element.name for element in gone] == ["gone soon", "number 6", "number 7"]
        writer.add(make_element(99))
    publish(repository)
    with Repository.create(tmp_path / "other") as other:
        stock(other, make_element, range(1, 5))
        with other.writer() as writer:
            writer.tag(2, name="other words")
            writer.add(make_element(99))
        publish(other)
        assert published(repository) == published(other)
        assert packed(repository) == packed(other)
        assert [e.number for e in repository.search("number")] == [e.number for e in other.search("number")]
    assert verify(repository) == verify(other.path)


def test_ids_in_between_stay_empty_and_those_at_the_end_are_given_again(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 7))
    with repository.writer() as writer:
        writer.discard([3, 6])
        assert writer.next_number == 6
        element, is_new = writer.add(make_element(30))
        assert (element.number, is_new) == (6, True)
        element, is_new = writer.add(make_element(3))  # its pixels are not known any more
        assert (element.number, is_new) == (7, True)
    for number, seed in {1: 1, 2: 2, 4: 4, 5: 5, 6: 30, 7: 3}.items():
        assert repository.data(number) == make_element(seed).data
    with pytest.raises(ElementNotFoundError, match=r"element 3 is not in .*: it was discarded before"):
        repository.element(3)
    head = publish(repository)
    assert (head.elements, head.records) == (7, 6)
    sync(repository.path, tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        assert [element.number for element in mirror.elements()] == [1, 2, 4, 5, 6, 7]
    assert verify(tmp_path / "mirror").ok
    # A number that a published head passed over is never given out.
    with repository.writer() as writer:
        writer.add(make_element(31))
        writer.discard([8])
        assert writer.next_number == 8
    assert publish(repository).records == 6
    stock(repository, make_element, range(31, 33))
    publish(repository)
    assert sync(repository.path, tmp_path / "mirror").new_records == 2
    assert repository.stats().withdrawn == 0


def test_a_mirror_may_see_more_elements_than_records(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    stock(repository, make_element, range(1, 10))
    with repository.writer() as writer:
        writer.discard(range(1, 9))
    head = publish(repository)
    assert (head.elements, head.records) == (9, 1)
    assert sync(repository.path, tmp_path / "mirror").elements == 1
    with Repository.open(tmp_path / "mirror") as mirror:
        assert mirror.data(9) == make_element(9).data


@pytest.mark.parametrize("refs", [[4, 2], [4, 77], ["2"]])
def test_all_or_none(repository: Repository, make_element: MakeElement, refs: list[int | str]) -> None:
    stock(repository, make_element, range(1, 4))
    publish(repository)
    stock(repository, make_element, range(4, 6))
    before = list(repository.elements())
    with repository.writer() as writer, pytest.raises(ElementError, match=r"published already|77|2d"):
        writer.discard(refs)
    assert list(repository.elements()) == before
    with repository.writer() as writer:
        assert writer.discard([]) == []
        assert writer.discard([4])[0].number == 4


def test_bytes_leave_sealed_packs_too_and_published_packs_stay(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_packs(monkeypatch, 1500)
    stock(repository, make_element, range(1, 4))
    publish(repository)
    before = {path.name: path.read_bytes() for path in (repository.path / "public" / "packs").iterdir()}
    monkeypatch.setattr("haac_repo._store.writer._FLUSH_RECORDS", 2)
    stock(repository, make_element, range(4, 30))
    assert len(list((repository.path / "public" / "packs").iterdir())) > len(before) + 3
    gone = [4, 5, 13, 20, 29]
    with repository.writer() as writer:
        writer.discard(gone)
    for number in range(1, 30):
        there = make_element(number).data in packed(repository)
        assert there == (number not in gone)
        if there:
            assert repository.data(number) == make_element(number).data
    after = {path.name: path.read_bytes() for path in (repository.path / "public" / "packs").iterdir()}
    assert before.items() <= after.items()
    report = verify(repository)
    assert (report.problems, report.notes) == ([], [])
    head = publish(repository)
    assert sorted(f"{pack.sha256}.pack" for pack in head.packs) == sorted(
        path.name for path in (repository.path / "public" / "packs").iterdir()
    )


def test_others_are_not_near_what_was_discarded(repository: Repository, make_element: MakeElement) -> None:
    stock(repository, make_element, range(1, 4))
    assert [element.number for element in repository.near(3 << 40, 0)] == [3]
    with repository.writer() as writer:
        assert [element.number for element in writer.near(3 << 40, 0)] == [3]
        writer.discard([3])
        assert writer.near(3 << 40, 0) == []
        writer.add(make_element(50, phash=7))
        assert [element.number for element in writer.near(7, 0)] == [3]
    assert repository.near(3 << 40, 0) == []
    assert [element.number for element in repository.near(7, 0)] == [3]


def test_what_they_came_from_counts_as_ingested_unless_it_is_forgotten(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, make_element, range(1, 5))
    with repository.writer() as writer:
        writer.done_source("a" * 64, "{}", "a.png", [1, 2])
        writer.done_source("b" * 64, "{}", "b.png", [3, 4])
        writer.discard([2])
    assert repository.source_done("a" * 64, "{}")
    rows = repository._db.execute("select name, numbers from source order by name").fetchall()
    assert [(name, json.loads(numbers)) for name, numbers in rows] == [("a.png", [1]), ("b.png", [3, 4])]
    with repository.writer() as writer:
        writer.discard([4], forget_sources=True)
    assert repository.source_done("a" * 64, "{}")
    assert not repository.source_done("b" * 64, "{}")


def test_a_recut_of_something_discarded_is_so_no_more(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, make_element, range(1, 3))
    stock(repository, make_element, range(3, 4), derived_from=1)
    with repository.writer() as writer:
        writer.discard([1])
    assert repository.element(3).derived_from is None
    publish(repository)
    assert [("derived_from" in record, record["id"]) for record in published(repository)] == [
        (False, 2),
        (False, 3),
    ]


def test_what_a_kill_leaves_in_packs_is_noted_and_goes_before_publishing(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(repository, make_element, range(1, 5))

    def killed(_pack: OpenPack, _data: bytes) -> int:
        raise KeyboardInterrupt

    with (
        contextlib.suppress(KeyboardInterrupt),
        monkeypatch.context() as patch,
        repository.writer() as writer,
    ):
        patch.setattr(OpenPack, "append", killed)
        writer.discard([2])
    length = len(make_element(2).data)
    assert verify(repository).notes == [f"pack 1 has {length} bytes of discarded elements"]
    assert make_element(2).data in packed(repository)
    assert repository.data(3) == make_element(3).data
    path = repository.path
    report = verify(path, repair=True)
    assert "took bytes of discarded elements out of the packs" in report.repaired
    assert (report.ok, report.notes) == (True, [])
    with Repository.open(path) as again:
        assert make_element(2).data not in packed(again)
        publish(again)
        assert [record["id"] for record in published(again)] == [1, 3, 4]


def test_a_lost_catalog_comes_back_with_gaps(repository: Repository, make_element: MakeElement) -> None:
    stock(repository, make_element, range(1, 6))
    with repository.writer() as writer:
        writer.discard([2])
    publish(repository)
    path = repository.path
    repository.close()
    for file in path.glob("catalog.sqlite*"):
        file.unlink()
    assert verify(path, repair=True).ok
    with Repository.open(path) as again:
        assert [element.number for element in again.elements()] == [1, 3, 4, 5]
        assert all(again.data(number) == make_element(number).data for number in (1, 3, 4, 5))
        with again.writer() as writer:
            assert writer.next_number == 6


def test_a_pack_that_was_published_meanwhile_stays(repository: Repository, make_element: MakeElement) -> None:
    """Its file was away when it should have been cleaned, and came back out of a backup."""
    stock(repository, make_element, range(1, 4))
    head = publish(repository)
    with repository._db.atomic():
        repository._db.execute("update pack set discarded = 7")
    with repository.writer() as writer:
        writer.tag(1, name="other")
    assert publish(repository).packs == head.packs
    assert repository.data(2) == make_element(2).data
    assert verify(repository).problems == []


def test_the_same_elements_again_bring_back_a_pack_that_was_lost(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, make_element, range(1, 4))
    publish(repository)
    [pack] = repository.path.glob("public/packs/*.pack")
    pack.unlink()
    with repository.writer() as writer:
        for number in (1, 2, 3):
            writer.withdraw(number, "again")
    stock(repository, make_element, range(1, 4))
    publish(repository)
    assert pack.exists()
    assert [repository.data(number) for number in (4, 5, 6)] == [make_element(n).data for n in (1, 2, 3)]
    assert verify(repository).problems == []
