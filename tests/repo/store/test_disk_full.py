"""A disk that is full, or fails: one clear error, nothing lost that was reported done, nothing half-written."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from typing import BinaryIO

import pytest

import haac_repo._store.packs
from haac_repo import Repository, RepositoryError, verify, write_file
from tests.repo.elements import MakeElement

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fail(*_: object, **__: object) -> None:
    raise FULL


def aftermath(repository: Repository, make_element: MakeElement) -> None:
    """What was flushed is there; a new writer, with room again, goes on."""
    assert len(repository) == 1
    assert repository.data(1) == make_element(1).data
    assert verify(repository).ok
    with repository.writer(wait=0) as writer:
        assert writer.add(make_element(5))[0].number == 2
    assert repository.data(2) == make_element(5).data
    report = verify(repository)
    assert (report.problems, report.notes) == ([], [])


def test_sync_fails(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.suppress(ZeroDivisionError), repository.writer() as writer:
        writer.add(make_element(1))
        writer.flush()
        writer.add(make_element(2))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(RepositoryError, match="No space left on device"):
                writer.flush()
        # The system may have thrown away what it could not write: trying again would lie.
        with pytest.raises(RepositoryError, match="nothing more is taken"):
            writer.flush()
        with pytest.raises(RepositoryError, match="nothing more is taken"):
            writer.add(make_element(3))
        raise ZeroDivisionError
    aftermath(repository, make_element)


def test_an_error_that_is_swallowed_shows_at_the_end(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with repository.writer() as writer:
            writer.add(make_element(1))
            writer.flush()
            with monkeypatch.context() as patch:
                patch.setattr(haac_repo._store.packs.OpenPack, "append", fail)
                with pytest.raises(RepositoryError, match="No space left"):
                    writer.add(make_element(2))

    with pytest.raises(RepositoryError, match="nothing more is taken"):
        write()
    aftermath(repository, make_element)


def test_a_short_write_leaves_the_pack_as_it_was(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FillingUp:
        """Takes 100 more bytes."""

        def __init__(self, file: BinaryIO) -> None:
            self.file, self.room = file, 100

        def write(self, data: bytes) -> int:
            if not self.room:
                raise FULL
            taken: int = self.file.write(data[: self.room])
            self.room -= taken
            return taken

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

    def write() -> None:
        with repository.writer() as writer:
            writer.add(make_element(1))
            writer.flush()
            assert writer._growing._file is not None
            monkeypatch.setattr(writer._growing._file, "_file", FillingUp(writer._growing._file._file))
            writer.add(make_element(2))

    with pytest.raises(RepositoryError, match="No space left"):
        write()
    pack = repository.path / "open" / "1.pack"
    assert pack.stat().st_size == len(make_element(1).data)
    aftermath(repository, make_element)


def test_sqlite_finds_the_disk_full(repository: Repository, make_element: MakeElement) -> None:
    def write() -> None:
        with repository.writer() as writer:
            writer.add(make_element(1))
            writer.flush()
            (pages,) = writer._db.execute("pragma page_count").fetchone()
            writer._db.execute(f"pragma max_page_count = {pages}")
            for seed in range(10, 200):
                writer.add(make_element(seed, name="word " * 100))

    with pytest.raises(RepositoryError, match="database or disk is full") as caught:
        write()
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    aftermath(repository, make_element)


def test_renaming_a_sealed_pack_fails(
    repository: Repository, make_element: MakeElement, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with repository.writer() as writer:
            writer.add(make_element(1))
            monkeypatch.setattr(haac_repo._store.packs.Packs, "finish", fail)
            writer.seal()

    with pytest.raises(RepositoryError, match="No space left"):
        write()
    monkeypatch.undo()
    aftermath(repository, make_element)


def test_write_file_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_file(target, b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_file(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
