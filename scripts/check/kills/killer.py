"""Dies by SIGKILL at a chosen point of what a process does to files and catalog."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import sqlite_utils

from haac_repo._store import schema
from haac_repo._store.packs import OpenPack

P = ParamSpec("P")
R = TypeVar("R")


class Killer:
    """Counts points, and dies at the chosen one.

    A point is the moment before or after each fsync, rename, truncation, deletion and commit, and the middle of each write to a pack;
    with `statements`, the beginning of each SQL statement too. Nothing is really synced: a kill does not lose what the system has.
    """

    def __init__(
        self, folder: pathlib.Path, point: int | None, *, lose: bool = False, statements: bool = False
    ) -> None:
        """Die at `point` (from 1; None: never); with `lose` what was not synced of open packs goes too, as in a power cut."""
        self._folder, self._at, self._lose, self._statements = folder, point, lose, statements
        self.count = 0
        self.first_commit = 0
        """Points up to the end of the first transaction that wrote."""
        self._synced: dict[int, int] = {}

    def point(self) -> None:
        """Count one more; die if it is the one."""
        self.count += 1
        if self.count == self._at:
            if self._lose:
                for path in (self._folder / "open").glob("*.pack"):
                    os.truncate(path, min(path.stat().st_size, self._synced.get(path.stat().st_ino, 0)))
            os.kill(os.getpid(), signal.SIGKILL)

    def _around(self, function: Callable[P, R]) -> Callable[P, R]:
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            self.point()
            result = function(*args, **kwargs)
            self.point()
            return result

        return wrapped

    def install(self) -> None:
        """From now on. Only ever in a process that ends soon."""
        real_append, real_atomic = OpenPack.append, sqlite_utils.Database.atomic

        def fsync(descriptor: int) -> None:
            self.point()
            found = os.fstat(descriptor)
            self._synced[found.st_ino] = found.st_size
            self.point()

        def append(pack: OpenPack, data: bytes) -> int:
            self.point()
            real_file = pack._file
            if self.count + 1 == self._at:
                real_file.write(data[: len(data) // 2])
            self.point()
            return real_append(pack, data)

        @contextlib.contextmanager
        def atomic(db: sqlite_utils.Database) -> Iterator[sqlite_utils.Database]:
            with real_atomic(db):
                yield db
                self.point()
            self.point()
            self.first_commit = self.first_commit or self.count

        stand_ins: list[tuple[object, str, Callable[..., object]]] = [
            (os, "fsync", fsync),
            (os, "replace", self._around(os.replace)),
            (os, "ftruncate", self._around(os.ftruncate)),
            (pathlib.Path, "replace", self._around(pathlib.Path.replace)),
            (pathlib.Path, "unlink", self._around(pathlib.Path.unlink)),
            (OpenPack, "append", append),
            (sqlite_utils.Database, "atomic", atomic),
        ]
        for owner, name, function in stand_ins:
            setattr(owner, name, function)
        real_connect = sqlite3.connect

        def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = real_connect(*args, factory=_Unsynced, **kwargs)
            if self._statements:
                connection.set_trace_callback(lambda _: self.point())
            return connection

        schema.sqlite3.connect = connect  # type: ignore[attr-defined]


class _Unsynced(sqlite3.Connection):
    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous = full", "synchronous = off"), *parameters)
