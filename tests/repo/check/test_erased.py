"""verify proves that the bytes of withdrawn elements are gone, and that nothing is published that no record accounts for."""

from __future__ import annotations

from pathlib import Path

import pytest

from haac_repo import Repository, publish, sync, verify
from haac_repo._publish import erase
from tests.repo.elements import MakeElement


@pytest.fixture
def published(repository: Repository, make_element: MakeElement) -> Repository:
    with repository.writer() as writer:
        for seed in range(6):
            writer.add(make_element(seed))
    publish(repository)
    return repository


def bytes_of(folder: Path) -> bytes:
    """All that is published."""
    return b"".join(path.read_bytes() for path in sorted((folder / "public").rglob("*")) if path.is_file())


def test_before_the_next_publish_the_bytes_are_here_and_that_is_noted(
    published: Repository, make_element: MakeElement
) -> None:
    mirror = published.path.with_name("mirror")
    sync(published.path, mirror)
    with published.writer() as writer:
        writer.withdraw_all([2, 3], "gone")
    report = verify(published)
    assert (report.problems, report.notes) == (
        [],
        ["2 elements were taken down, and the bytes are here still: `haac publish` takes them out"],
    )
    publish(published)
    assert (verify(published).problems, verify(published).notes) == ([], [])
    assert make_element(1).data not in bytes_of(published.path)
    sync(published.path, mirror)
    report = verify(mirror)
    assert (report.problems, report.held, report.live) == ([], 4, 4)


def test_bytes_that_are_here_after_their_takedown_was_published_are_a_problem(published: Repository) -> None:
    with published.writer() as writer:
        writer.withdraw(2, "gone", keep_bytes=True)
    publish(published)
    assert verify(published).ok
    with published._db.atomic():
        published._db.execute("update element set keep_bytes = 0 where number = 2")
    (problem,) = verify(published).problems
    assert problem.elements == (2,)
    assert problem.text == (
        "1 element was taken down, which is published, and the bytes are here still: `haac publish` takes them out"
    )
    publish(published)
    assert verify(published).ok


def test_a_publish_that_is_killed_before_it_took_the_bytes_out(
    published: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The takedown stands in a segment that no head lists: that is no problem, and the next publish goes on."""
    with published.writer() as writer:
        writer.withdraw(2, "gone")
    monkeypatch.setattr(erase, "replace_packs", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(published)
    monkeypatch.undo()
    report = verify(published)
    assert (report.problems, len(report.notes)) == ([], 1)
    publish(published)
    assert (verify(published).problems, verify(published).notes) == ([], [])


def test_replaced_packs_that_are_here_still_are_noted(
    published: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published.writer() as writer:
        writer.withdraw(2, "gone")
    monkeypatch.setattr(erase, "delete_superseded", lambda *_: None)
    publish(published)
    monkeypatch.undo()
    for repair in (False, True):
        report = verify(published.path, repair=repair)
        assert (report.problems, report.notes) == (
            [],
            ["packs that were replaced are still here (1): `haac publish` deletes them"],
        )
    with Repository.open(published.path) as again:
        publish(again)
        assert verify(again).notes == []


def test_bytes_of_nobody_in_a_pack_are_a_problem(published: Repository) -> None:
    """As if an element's row had gone without its bytes."""
    ((length,),) = published._db.execute("select length from element where number = 4").fetchall()
    with published._db.atomic():
        published._db.execute("delete from element where number = 4")
    texts = [str(problem) for problem in verify(published).problems]
    assert f"{length} bytes in packs 1 belong to no element: `haac publish` takes them out" in texts


def test_bytes_that_two_elements_share_stay_while_one_keeps_them(published: Repository) -> None:
    """An element that was taken down and added again."""
    with published._db.atomic():
        published._db.execute(
            "update element set withdrawn = 'twin', pack = (select pack from element where number = 5),"
            " offset = (select offset from element where number = 5), length = (select length from element where number = 5),"
            " sha256 = (select sha256 from element where number = 5) where number = 6"
        )
    assert not any("taken down" in text for text in verify(published).notes)


def test_a_file_in_the_published_tree_that_no_record_accounts_for_is_a_problem(published: Repository) -> None:
    stray = published.path / "public" / "packs" / f"{'a' * 64}.pack"
    stray.write_bytes(b"whose?")
    (problem,) = verify(published).problems
    assert "is in no record" in problem.text
    # Somebody who is writing may have made it just now.
    with published.writer():
        assert (verify(published).problems, len(verify(published).notes)) == ([], 1)
    report = verify(published.path, repair=True)
    assert (report.problems, report.notes, stray.exists()) == ([], [], False)
    assert (published.path / "lost" / stray.name).read_bytes() == b"whose?"
