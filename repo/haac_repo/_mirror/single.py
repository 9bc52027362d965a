"""Partial mirrors: single elements are fetched by coalesced range requests, into open packs of the mirror's own."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._limits import LIMITS
from haac_repo._mirror.mirror import Absent, Object
from haac_repo._store import catalog
from haac_repo._store.packs import OpenPack, Packs

if TYPE_CHECKING:
    from sqlite_utils import Database

Only = Iterable[int] | Callable[[str], Iterable[int]] | None
"""Which elements to fetch: their numbers, a function from the repository's id to them, or None for all."""
RANGE_MAX = 2 * 2**20
"""Bytes of a range request, which are held in memory."""


def numbers(only: Only, repository: str) -> list[int] | None:
    """The element numbers that are asked for, in order; None if all are."""
    if only is None:
        return None
    return sorted(set(only(repository) if callable(only) else only))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A live element that the mirror does not hold, to be fetched, and the pack that it is in."""

    object: Object
    pack: Absent

    @property
    def start(self) -> int:
        """Its first byte in the pack."""
        return self.object.start

    @property
    def stop(self) -> int:
        """The byte after its last one."""
        return self.object.stop


def wanted(db: Database, numbers: Iterable[int]) -> list[Wanted]:
    """Those of the elements that are live and not held."""
    found = []
    for number in numbers:
        row = db.execute(
            "select element.number, offset, offset + length, element.sha256, width, height,"
            " pack.number, pack.sha256, pack.size"
            " from element join pack on pack.number = element.pack"
            " where element.number = ? and withdrawn is null and state = 'absent'"
            " and not exists (select 1 from copy where copy.element = element.number)",
            [number],
        ).fetchone()
        if row is not None:
            found.append(Wanted(Object._make((*row[:6], True)), Absent(*row[6:])))
    return found


def withdrawn(db: Database, numbers: Iterable[int]) -> list[int]:
    """Those of the elements that were taken down."""
    found = (
        db.execute("select number from element where number = ? and withdrawn is not null", [each]).fetchone()
        for each in numbers
    )
    return [row[0] for row in found if row]


def by_pack(found: Iterable[Wanted]) -> Iterator[tuple[Absent, list[Wanted]]]:
    """Each pack with the elements that are wanted of it, in order of their offsets."""
    packs: dict[int, list[Wanted]] = {}
    for each in found:
        packs.setdefault(each.pack.number, []).append(each)
    for some in packs.values():
        yield some[0].pack, sorted(some, key=lambda each: (each.start, each.stop))


def runs(pack: Absent, found: list[Wanted], gap: int) -> list[list[Wanted]]:
    """Coalesce a pack's wanted elements, in order, into range requests; none if the pack is better fetched whole.

    Args:
        pack: It.
        found: Elements in order of their offsets.
        gap: Bytes that are fetched along rather than asking once more.
    """
    made: list[list[Wanted]] = []
    for each in found:
        run = made[-1] if made else []
        if run and each.start - run[-1].stop <= gap and each.stop - run[0].start <= RANGE_MAX:
            run.append(each)
        else:
            made.append([each])
    spans = [run[-1].stop - run[0].start for run in made]
    # Whole packs go to disk as they come, and no element is held in memory.
    return [] if 2 * sum(spans) >= pack.size or max(spans) > RANGE_MAX else made


def cut(run: list[Wanted], data: bytes) -> list[bytes]:
    """The bytes of each element of a run, checked.

    Raises:
        IntegrityError: they are not what the log promises, or no such picture.
    """
    start = run[0].start
    found = [data[each.start - start : each.stop - start] for each in run]
    for each, piece in zip(run, found, strict=True):
        each.object.check(piece, hashlib.sha256(piece).hexdigest())
    return found


class Copies:
    """Stores single elements in an open pack of the mirror's own. Inside a transaction."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self._packs = Packs(path)
        self._file: OpenPack | None = None
        self._number = 0

    def add(self, element: int, data: bytes) -> None:
        """Store the checked bytes of an element; durable after `close`."""
        if self._file is None:
            self._file = self._open()
        offset = self._file.append(data)
        self._db.execute("update pack set size = ? where number = ?", [self._file.size, self._number])
        self._db.execute(
            "insert or replace into copy (element, pack, offset) values (?, ?, ?)",
            [element, self._number, offset],
        )
        if self._file.size >= LIMITS.pack_target_bytes:
            self.close()

    def close(self) -> None:
        """Fsync and close the file."""
        if self._file is not None:
            with contextlib.closing(self._file) as file:
                file.sync()
            self._file = None

    def _open(self) -> OpenPack:
        row = self._db.execute(
            "select number, size from pack where state = 'open' and size < ? and discarded = 0"
            " order by number desc limit 1",
            [LIMITS.pack_target_bytes],
        ).fetchone()
        row = row or catalog.new_pack(self._db)
        self._number = row[0]
        return OpenPack(self._packs.open_path(row[0]), row[1])


def drop_copies(db: Database, path: Path) -> None:
    """Take copies of withdrawn and of superseded elements out of the mirror's own packs. Inside a transaction.

    Packs with such bytes leave the catalog, after what they hold beside is in another one. Their files are nobody's from the commit on:
    see `mirror.sweep`.
    """
    packs = Packs(path)
    db.execute(
        "delete from pack where state = 'open' and not exists (select 1 from copy where copy.pack = number)"
    )
    rows = db.execute("select number from pack where state = 'open' and discarded > 0 order by number")
    with contextlib.closing(Copies(db, path)) as copies:
        for (number,) in rows.fetchall():
            held = db.execute(
                "select element, copy.offset, length, sha256 from copy join element on number = element"
                " where copy.pack = ? order by copy.offset",
                [number],
            ).fetchall()
            for element, offset, length, sha256 in held:
                data = _read(packs.open_path(number), offset, length)
                if hashlib.sha256(data).hexdigest() == sha256:
                    copies.add(element, data)
                else:  # damaged: it is fetched again when it is wanted again
                    db.execute("delete from copy where element = ?", [element])
            db.execute("delete from pack where number = ?", [number])


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)
    except FileNotFoundError:
        return b""
