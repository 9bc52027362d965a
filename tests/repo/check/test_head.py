"""verify of the published head: one that is lost, and one that is not there yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from haac_repo import Head, Repository, publish, sync, verify
from haac_repo._publish import publish as publishing
from tests.repo.elements import MakeElement


@pytest.mark.parametrize("repair", [False, True])
def test_a_writer_whose_published_head_is_lost_is_not_in_order(
    repository: Repository, make_element: MakeElement, tmp_path: Path, repair: bool
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    assert verify(repository).ok  # nothing was published yet
    publish(repository)
    sync(repository.path, tmp_path / "mirror")
    for path, mends in ((repository.path, "haac publish"), (tmp_path / "mirror", "haac sync")):
        (path / "public" / "head").unlink()
        (problem,) = verify(path, repair=repair).problems
        assert str(problem).startswith("log segments are written, and no head lists them")
        assert f"`{mends}" in str(problem)
    publish(Repository.open(repository.path))
    sync(repository.path, tmp_path / "mirror")
    assert verify(repository.path).ok
    assert verify(tmp_path / "mirror").ok


def test_while_somebody_publishes_for_the_first_time_a_head_is_not_missed(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    seen = []

    def watched(db: Database, path: Path) -> Head:
        seen.append(verify(path))
        return write_head(db, path)

    write_head = publishing._write_head
    monkeypatch.setattr(publishing, "_write_head", watched)
    publish(repository)
    (report,) = seen
    assert report.ok
    assert [note for note in report.notes if note.startswith("log segments are written")]
    assert verify(repository).notes == []
