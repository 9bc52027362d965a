"""A catalog made again, of a repository whose packs were replaced: out of the published log, and out of a damaged catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from haac_repo import Repository, publish, read_head, sync, verify
from haac_repo._publish import publish as publishing
from haac_repo._store.writer import Writer
from tests.repo.elements import MakeElement

GONE = {2: "stolen", 7: "private"}


@pytest.fixture
def published(repository: Repository, make_element: MakeElement) -> Repository:
    """Elements 1-6 in two packs; 2 was taken down later, so that its pack was replaced."""
    for seeds in (range(3), range(3, 6)):
        with repository.writer() as writer:
            for seed in seeds:
                writer.add(make_element(seed))
            writer.seal()
    publish(repository)
    with repository.writer() as writer:
        writer.withdraw(2, GONE[2])
    publish(repository)
    return repository


def damage_an_index(repository: Repository) -> None:
    """All rows can be read still."""
    ((root,),) = repository._db.execute(
        "select rootpage from sqlite_master where name = 'element_pixels'"
    ).fetchall()
    repository.close()
    catalog = repository.path / "catalog.sqlite"
    data = bytearray(catalog.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    catalog.write_bytes(data)


def assert_whole(path: Path, make_element: MakeElement, last: int) -> None:
    """As it was; and it goes on: published, and synced by a new mirror."""
    with Repository.open(path) as again:
        for number in range(1, last + 1):
            if number in GONE:
                assert again.element(number).withdrawn == GONE[number]
            else:
                assert again.data(number) == make_element(number - 1).data
        with again.writer() as writer:
            assert writer.next_number == last + 1
        publish(again)
        report = verify(again, deep=True)
        assert (report.problems, report.notes) == ([], [])
    mirror = path.with_name("mirror")
    assert sync(path, mirror).elements == last - len([number for number in GONE if number <= last])
    published = b"".join(file.read_bytes() for file in (mirror / "public").rglob("*.pack"))
    assert all(make_element(number - 1).data not in published for number in GONE)
    assert verify(mirror).ok


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_what_was_taken_down_stays_so(published: Repository, make_element: MakeElement, how: str) -> None:
    path, head = published.path, read_head(published.path)
    damage_an_index(published)
    if how == "lost":
        (path / "catalog.sqlite").unlink()
    report = verify(path, repair=True)
    assert report.problems == []
    assert read_head(path) == head
    assert_whole(path, make_element, 6)


def kill_publish(repository: Repository, monkeypatch: pytest.MonkeyPatch, target: object, name: str) -> None:
    """Publish, and die where that function is called."""
    with monkeypatch.context() as patch:
        patch.setattr(target, name, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(repository)


def test_an_element_whose_bytes_went_before_it_was_published(
    published: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published.writer() as writer:
        for seed in (6, 7):
            writer.add(make_element(seed))
        writer.withdraw(7, GONE[7])
    kill_publish(published, monkeypatch, Writer, "seal")
    damage_an_index(published)
    report = verify(published.path, repair=True)
    assert report.problems == []
    assert_whole(published.path, make_element, 8)


def test_packs_that_were_replaced_and_not_yet_published(
    published: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log goes on where the head ends: elements in packs that a later record replaces."""
    with published.writer() as writer:
        for seed in (6, 7):
            writer.add(make_element(seed))
    kill_publish(published, monkeypatch, publishing, "_write_head")  # its segment is written
    with published.writer() as writer:
        writer.withdraw(7, GONE[7])
    kill_publish(published, monkeypatch, publishing, "_write_head")  # and their pack was replaced
    assert published._db.execute("select count(*) from log where op = 'repack'").fetchone() == (2,)
    damage_an_index(published)
    report = verify(published.path, repair=True)
    assert report.problems == []
    assert_whole(published.path, make_element, 8)
