"""Read-only snapshot of a catalog: all queries of a verification see one moment, whatever a writer does meanwhile.

Files are no part of it: they may be renamed, replaced and deleted since. So what seems wrong with one is looked at again
(`persistent`), before it counts.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from haac_repo._lock import LOCK
from haac_repo._store import catalog
from haac_repo._store.packs import Packs
from haac_repo._store.repository import connect_to

T = TypeVar("T")
Row = tuple[Any, ...]

_LOOKS = 10
"""So often what changes is looked at again."""


class Snapshot:
    """A read transaction on a connection of its own. A context manager.

    While it is open, the catalog's write-ahead log grows by what writers write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.packs = Packs(path)
        self.db = connect_to(path, read_only=True)
        try:
            self.db.execute("pragma temp_store = memory")  # not on a disk that may be full
            self.db.execute("begin")
            self.meta = catalog.meta(self.db)  # the first read: the moment that all others see
        except BaseException:
            self.db.close()
            raise
        self.is_mirror = self.meta.role == "mirror"

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        return self.db.execute(sql, values).fetchall()

    def shown(self, path: Path) -> str:
        """A path for people, relative to the repository."""
        return path.relative_to(self.path).as_posix()

    @property
    def sync_command(self) -> str:
        """The command that brings a mirror what it lacks."""
        return shlex.join(["haac", "sync", self.meta.origin or "URL", str(self.path)])

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()


def persistent(
    snapshot: Snapshot,
    find: Callable[[Snapshot], list[Row]],
    look: Callable[[Snapshot, list[Row]], T | None],
) -> T | None:
    """What `look` finds wrong with files, if the rows that speak of them said the same before and after.

    A row is there as long as its file must be. So what was wrong while the row stayed as it was is wrong.

    Args:
        snapshot: Where to look first.
        find: The rows, in a snapshot.
        look: Compares files with these rows; None if all is well.
    """
    with contextlib.ExitStack() as stack:
        rows = find(snapshot)
        for _ in range(_LOOKS):
            found = look(snapshot, rows)
            if found is None:
                return None
            snapshot = stack.enter_context(Snapshot(snapshot.path))
            before, rows = rows, find(snapshot)
            if rows == before:
                return found
    return None  # it changes all the time: somebody is at work on it


def fresh(snapshot: Snapshot) -> contextlib.AbstractContextManager[Snapshot]:
    """Another snapshot, of now."""
    return Snapshot(snapshot.path)


def is_locked(path: Path) -> bool:
    """Whether somebody is writing, or died of it: the holder of the lock stands in its file. Never asks for the lock itself."""
    try:
        return bool((path / LOCK).read_bytes().strip())
    except OSError:
        return False


def in_pieces(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    """Batches of so many."""
    batch: list[T] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
