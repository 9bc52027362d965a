"""Compaction: small packs become few, mirrors follow, and at every moment what a head lists is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haac_repo import Repository, RepositoryError, publish, read_head, sync, verify
from haac_repo._publish.compact import compact
from haac_repo._store import repack
from tests.repo.elements import MakeElement, small_packs
from tests.repo.publish.test_erase import assert_gone, assert_has, log, stock, take_down


@pytest.fixture
def many(repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Ten published packs of one element each, some 400 bytes; six of them fill a pack."""
    small_packs(monkeypatch, 2500)
    for seed in range(1, 11):
        stock(repository, make_element, range(seed, seed + 1))
        publish(repository)
    return repository


def packs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "public" / "packs").iterdir()}


def listed(folder: Path) -> list[str]:
    head = read_head(folder)
    assert head is not None
    return [f"{pack.sha256}.pack" for pack in head.packs]


def test_small_packs_become_few_in_the_order_of_ids(
    many: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    sync(many.path, tmp_path / "before")
    old = packs(many.path)
    done = compact(many)
    assert (done.before, done.after, done.merged, done.damaged) == (10, 2, 10, [])
    assert (done.segments, done.published) == (10, True)
    assert done.bytes == sum(map(len, old.values()))
    # Whoever syncs before it is published gets what the head lists.
    assert old.items() <= packs(many.path).items()
    assert sorted(listed(many.path)) == sorted(old)
    sync(many.path, tmp_path / "meanwhile")
    report = verify(many)
    assert (report.problems, report.notes) == ([], [])
    publish(many)
    data = [make_element(seed).data for seed in range(1, 11)]
    assert sorted(packs(many.path).values()) == sorted([b"".join(data[:6]), b"".join(data[6:])])
    assert repack.superseded(many._db) == []
    assert [record["op"] for record in log(many)] == ["add"] * 10 + ["repack"] * 2
    there = {number: number for number in range(1, 11)}
    for folder in ("before", "meanwhile", "new"):
        sync(many.path, tmp_path / folder)
        assert_has(tmp_path / folder, make_element, there)
        assert set(packs(tmp_path / folder)) >= set(listed(many.path))
    assert verify(many).ok
    # Full ones are left alone, and so is a single small one.
    assert compact(many).merged == 0
    assert (publish(many).records, len(log(many))) == (12, 12)


def test_a_dry_run_changes_nothing(many: Repository) -> None:
    before = {path: path.read_bytes() for path in many.path.rglob("public/**/*") if path.is_file()}
    planned = compact(many, dry_run=True)
    assert {path: path.read_bytes() for path in many.path.rglob("public/**/*") if path.is_file()} == before
    assert len(many._db.execute("select seq from log").fetchall()) == 10
    assert compact(many) == planned


def test_what_was_never_published_is_merged_without_a_record(
    repository: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    for seed in range(1, 5):
        with repository.writer() as writer:
            writer.add(make_element(seed))
            if seed < 4:
                writer.seal()
    done = compact(repository)
    assert (done.before, done.after, done.merged, done.published) == (4, 1, 3, False)
    assert len(list(repository.path.glob("**/*.pack"))) == 1
    assert_has(repository.path, make_element, {number: number for number in range(1, 5)})
    publish(repository)
    assert [record["op"] for record in log(repository)] == ["add"] * 4
    sync(repository.path, tmp_path / "mirror")
    assert_has(tmp_path / "mirror", make_element, {number: number for number in range(1, 5)})


def test_a_single_pack_that_was_never_published_stays(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
        writer.seal()
    assert compact(repository).merged == 0
    assert len(packs(repository.path)) == 1


def test_takedowns_before_and_after_it(many: Repository, make_element: MakeElement, tmp_path: Path) -> None:
    sync(many.path, tmp_path / "mirror")
    take_down(many, 2, 7)
    compact(many)
    take_down(many, 3)
    with many.writer() as writer:
        writer.add(make_element(11))
        writer.add(make_element(12))
        writer.discard([11])
    publish(many)
    assert_gone(many, make_element, 2, 7, 3, 11)
    there = {number: number for number in (1, 4, 5, 6, 8, 9, 10, 12)}
    assert_has(many.path, make_element, there)
    for folder in ("mirror", "new"):
        sync(many.path, tmp_path / folder)
        assert_has(tmp_path / folder, make_element, there)


def test_damaged_packs_are_left_out_and_told(many: Repository, make_element: MakeElement) -> None:
    path = many.path / "public" / "packs" / listed(many.path)[2]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"?")
    done = compact(many)
    assert done.merged == 9
    assert [f"element 3 in {path.name} is damaged"] == done.damaged
    publish(many)
    assert path.name in listed(many.path)
    path.write_bytes(whole)
    assert_has(many.path, make_element, {number: number for number in range(1, 11)})


def test_a_pack_with_elements_of_which_nobody_knows_yet_stays(
    many: Repository, make_element: MakeElement, tmp_path: Path
) -> None:
    """A twin: published elements share its bytes with one whose record is unpublished, and says this pack."""
    take_down(many, 4)
    with many.writer() as writer:
        writer.add(make_element(4))
        writer.seal()
    assert compact(many).merged == 9
    publish(many)
    sync(many.path, tmp_path / "mirror")
    there = {number: number for number in (1, 2, 3, *range(5, 11))} | {11: 4}
    assert_has(tmp_path / "mirror", make_element, there)
    assert verify(many).ok


def test_no_record_replaces_more_packs_than_readers_take(
    many: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repack, "MOST", 4)
    assert compact(many).after == 3
    publish(many)
    assert [len(record["packs"]) for record in log(many) if record["op"] == "repack"] == [4, 4, 2]


def test_a_mirror_is_not_compacted(many: Repository, tmp_path: Path) -> None:
    sync(many.path, tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror, pytest.raises(RepositoryError, match="is a mirror"):
        compact(mirror)


def test_an_interruption_leaves_some_merged(
    many: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = repack.write, iter(range(9))

    def write(*given: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(repack, "write", write)
        with pytest.raises(KeyboardInterrupt):
            compact(many)
    assert verify(many).ok
    assert compact(many).merged == 4
    publish(many)
    assert len(packs(many.path)) == 2
    assert_has(many.path, make_element, {number: number for number in range(1, 11)})
