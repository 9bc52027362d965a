"""Media that take no bytes: a full disk and a read-only one can be read and verified, and what cannot says why.

Where file systems can be mounted, on a small one; elsewhere SQLite's answer to such a medium is made up.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haac_repo import Repository, RepositoryError, publish, sync, verify
from haac_repo._store import repository as store
from haac_repo._store.schema import CATALOG, connect
from tests.repo.elements import MakeElement


class Medium:
    """A file system of 3 MB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Until it takes not one byte more."""
        with (self.folder / "filling").open("wb", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def empty(self) -> None:
        (self.folder / "filling").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=True)


@pytest.fixture
def medium(tmp_path: Path) -> Iterator[Medium]:
    folder = tmp_path / "medium"
    folder.mkdir()
    made = sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount")
    if (
        not made
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("file systems can be mounted by root only")
    try:
        yield Medium(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def stocked(medium: Medium, make_element: MakeElement) -> Path:
    """A published repository on the medium."""
    with Repository.create(medium.folder / "repository") as made:
        with made.writer() as writer:
            for seed in range(5):
                writer.add(make_element(seed, name=f"n{seed}"))
        publish(made)
        return made.path


def assert_readable(path: Path, make_element: MakeElement) -> None:
    with Repository.open(path) as opened:
        assert [opened.data(number) for number in range(1, 6)] == [make_element(n).data for n in range(5)]
        assert [element.number for element in opened.search("n3")] == [4]
    report = verify(path, deep=True)
    assert (report.problems, report.notes, report.elements) == ([], [], 5)


def leave_in_wal(path: Path) -> None:
    """As a process that is killed: its last change stands in the side file only."""
    kept = path / "kept"
    kept.mkdir()
    with contextlib.closing(connect(path / CATALOG)) as db:
        with db.atomic():
            db.execute("update element set name = 'last' where number = 1")
        for suffix in ("", "-wal"):
            shutil.copy(path / f"{CATALOG}{suffix}", kept)
    for file in kept.iterdir():
        file.replace(path / file.name)
    kept.rmdir()


def test_a_full_disk_can_be_read_and_verified(
    medium: Medium, stocked: Path, make_element: MakeElement
) -> None:
    medium.fill()
    assert_readable(stocked, make_element)
    with (
        Repository.open(stocked) as opened,
        pytest.raises(RepositoryError, match="disk is full"),
        opened.writer(),
    ):
        pass
    medium.empty()
    with Repository.open(stocked) as opened, opened.writer() as writer:
        assert writer.add(make_element(9))[0].number == 6


def test_a_read_only_disk_can_be_read_and_verified(
    medium: Medium, stocked: Path, make_element: MakeElement
) -> None:
    medium.remount("ro")
    assert_readable(stocked, make_element)
    with pytest.raises(RepositoryError, match="Read-only file system"):
        verify(stocked, repair=True)
    mirror = medium.folder.with_name("mirror")
    assert sync(stocked, mirror).elements == 5


def test_a_read_only_mirror_can_be_read_and_verified(
    medium: Medium, stocked: Path, make_element: MakeElement
) -> None:
    mirror = medium.folder / "mirror"
    sync(stocked, mirror)
    medium.remount("ro")
    assert_readable(mirror, make_element)
    with pytest.raises(RepositoryError, match="Read-only file system"):
        sync(stocked, mirror)
    assert_readable(mirror, make_element)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_last_changes_that_cannot_be_read_are_not_left_out(medium: Medium, stocked: Path, how: str) -> None:
    leave_in_wal(stocked)
    medium.fill() if how == "full" else medium.remount("ro")
    for reading in (Repository.open, verify):
        with pytest.raises(
            RepositoryError, match=r"the last changes .* make room, or make the folder writable"
        ):
            reading(stocked)
    medium.empty() if how == "full" else medium.remount("rw")
    with Repository.open(stocked) as opened:
        assert opened.element(1).name == "last"
    assert verify(stocked).ok


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """refusing(message, code): SQLite opens catalogs only as immutable ones, and says this otherwise."""

    def refuse(message: str, code: int) -> None:
        def refused(path: Path, **options: bool) -> object:
            if options.get("immutable"):
                return connect(path, immutable=True)
            error = sqlite3.OperationalError(message)
            error.sqlite_errorcode = code
            raise error

        monkeypatch.setattr(store, "connect", refused)

    return refuse


REFUSALS = [
    ("disk I/O error", sqlite3.SQLITE_IOERR_SHMSIZE),
    ("database or disk is full", sqlite3.SQLITE_FULL),
    ("unable to open database file", sqlite3.SQLITE_CANTOPEN),
    ("attempt to write a readonly database", sqlite3.SQLITE_READONLY_CANTINIT),
]


@pytest.mark.parametrize(("message", "code"), REFUSALS, ids=[message for message, _ in REFUSALS])
def test_where_sqlite_can_make_no_side_files(
    repository: Repository,
    make_element: MakeElement,
    refusing: Callable[[str, int], None],
    message: str,
    code: int,
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    repository.close()
    refusing(message, code)
    with Repository.open(repository.path) as opened:
        assert opened.data(1) == make_element(1).data
    assert verify(repository.path, deep=True).ok
    (repository.path / f"{CATALOG}-wal").write_bytes(b"changes")
    for reading in (Repository.open, verify):
        with pytest.raises(RepositoryError, match=f"the last changes .*{message}"):
            reading(repository.path)


def test_a_catalog_that_is_locked_is_not_read_as_if_nobody_wrote(
    repository: Repository, refusing: Callable[[str, int], None]
) -> None:
    repository.close()
    refusing("database is locked", sqlite3.SQLITE_BUSY)
    with pytest.raises(RepositoryError, match="database is locked"):
        Repository.open(repository.path)
