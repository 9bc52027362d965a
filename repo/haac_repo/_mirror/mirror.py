"""State of a mirror: which published segments, packs and elements its catalog knows, and which it holds."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import HistoryError, IntegrityError, RepositoryError
from haac_repo._files import TEMPORARY
from haac_repo._limits import LIMITS
from haac_repo._mirror.download import PART
from haac_repo._mirror.wire import Head, PackInfo, Record, SegmentInfo
from haac_repo._store import catalog, repack
from haac_repo._store.layout import FOLDERS
from haac_repo._store.packs import OpenPack, Packs
from haac_repo._store.repository import upgrade
from haac_repo._store.schema import CATALOG, connect, is_outdated
from haac_repo._trust import state

if TYPE_CHECKING:
    from sqlite_utils import Database

_PIECE = 2**20


@dataclass(frozen=True, slots=True)
class Published:
    """A head as it was received: bytes and ETag."""

    head: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Absent:
    """A pack that the catalog lists and the mirror does not hold."""

    number: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Object:
    """Byte range and hash of an element in its pack."""

    element: int
    start: int
    stop: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Wanted(Object):
    """A live element that the mirror does not hold, to be fetched."""

    pack: Absent


def open_mirror(path: Path) -> Database:
    """Open the catalog of a mirror for writing; the caller holds the lock.

    Raises:
        RepositoryError: it is no mirror, or of a newer haac.
    """
    file = path / CATALOG
    db = connect(file)
    try:
        if is_outdated(db, file):
            upgrade(path, db)
        if catalog.meta(db).role != "mirror":
            raise RepositoryError(
                f"{path} is a repository of its own, not a mirror: sync into another folder"
            )
    except BaseException:
        db.close()
        raise
    return db


def accepted(db: Database) -> Published | None:
    """The last accepted head, whose records are all in the catalog; None before the first sync."""
    row = db.execute("select head, etag from accepted").fetchone()
    return None if row is None else Published(bytes(row[0]), str(row[1]))


def accept(db: Database, head: Published, *, origin: str, trust: Mapping[str, bytes] | None) -> None:
    """Store the accepted head, whose records are all in the catalog, its origin, and the metadata that vouch for it."""
    with db.atomic():
        if trust is not None:
            state.save(db, trust)
        db.execute(
            "insert or replace into accepted (row, head, etag) values (1, ?, ?)", [head.head, head.etag]
        )
        db.execute("update meta set origin = ?", [origin])


def check_history(db: Database, head: Head) -> None:
    """Rollback and fork protection: a new head must extend all that the mirror accepted before.

    Raises:
        HistoryError: it is another repository's, older, or of another history.
    """
    meta = catalog.meta(db)
    if head.repository != meta.repository:
        raise HistoryError(
            f"the server publishes repository {head.repository[:8]}..., this is a mirror of"
            f" {meta.repository[:8]}...: sync it into a folder of its own"
        )
    if head.records < meta.records or head.elements < meta.elements:
        raise HistoryError(
            f"the server went back: it publishes {head.records} log records, this mirror holds {meta.records}. Nothing"
            " was changed; the server may be out of date, or somebody is hiding takedowns"
        )
    rows = db.execute("select number, sha256, bytes, inflated from published order by number").fetchall()
    if len(head.segments) < len(rows):
        raise HistoryError(
            f"the log shrank: the server publishes {len(head.segments)} segments, this mirror holds {len(rows)}"
        )
    for (number, *held), info in zip(rows, head.segments, strict=False):
        if held != [info.sha256, info.length, info.inflated]:
            raise HistoryError(
                f"log segment {number} was rewritten: this mirror holds another one. Published segments never change;"
                " two repositories may be writing under one id"
            )


def segment_count(db: Database) -> int:
    """Number of log segments that are applied."""
    count: int = db.execute("select count(*) from published").fetchone()[0]
    return count


def check_applied(db: Database, head: Head) -> None:
    """The catalog, once all records of a head are applied, must be what the head promises.

    Raises:
        HistoryError: a pack that was published is not listed any more, though no record replaces it.
        IntegrityError: other counts, other packs, or an element without bytes that was not taken down.
    """
    meta = catalog.meta(db)
    if (meta.records, meta.elements) != (head.records, head.elements):
        raise IntegrityError(
            f"the log holds {meta.records} records and {meta.elements} elements; the head promises"
            f" {head.records} and {head.elements}"
        )
    listed = {pack.sha256: pack.length for pack in head.packs}
    rows = db.execute("select sha256, size from pack where sha256 is not null").fetchall()
    for sha256, size in rows:
        if sha256 not in listed:
            raise HistoryError(
                f"elements are in pack {sha256[:12]}..., and the head does not list it (any more)"
            )
        if listed[sha256] != size:
            raise IntegrityError(f"pack {sha256[:12]}... has another length in the log than in the head")
    if len(rows) != len(listed):
        raise IntegrityError("the head lists packs that no element is in")
    if db.execute("select 1 from element where pack is null and withdrawn is null").fetchone():
        raise IntegrityError("the log has elements without bytes that were not taken down")


def with_packs(db: Database, records: Iterable[Record], lengths: Mapping[str, int]) -> Iterator[Record]:
    """Pass log records on, each after its pack has a row. Inside their transaction.

    Args:
        db: The catalog.
        records: In order.
        lengths: Of the packs that the head lists; another one has 0 until a record replaces it.
    """
    known = {row[0] for row in db.execute("select sha256 from pack").fetchall()}
    for record in records:
        pack = record.get("pack")
        if record["op"] == "add" and pack is not None and pack not in known:
            known.add(pack)
            repack.add_row(db, pack, lengths.get(pack, 0), held=False)
        yield record
        if record["op"] == "repack":
            known.difference_update(record["packs"])
            known.add(pack)


def add_segment(db: Database, number: int, info: SegmentInfo, last_seq: int) -> None:
    """Add the row of a log segment. Inside the transaction of its records."""
    db.execute(
        "insert into published (number, sha256, bytes, inflated, last_seq) values (?, ?, ?, ?, ?)",
        [number, info.sha256, info.length, info.inflated, last_seq],
    )


def absent_packs(db: Database) -> list[Absent]:
    """Packs of the catalog that the mirror does not hold."""
    rows = db.execute("select number, sha256, size from pack where state = 'absent' order by number")
    return [Absent(*row) for row in rows.fetchall()]


def not_held(db: Database, head: Head) -> list[PackInfo]:
    """Packs of a head that the mirror does not hold, whether the catalog lists them yet or not."""
    held = {row[0] for row in db.execute("select sha256 from pack where state = 'sealed'").fetchall()}
    return [pack for pack in head.packs if pack.sha256 not in held]


def objects(db: Database, pack: int) -> list[Object]:
    """Byte ranges of the elements of a pack, in order."""
    rows = db.execute(
        "select number, offset, offset + length, sha256 from element where pack = ? order by offset, number",
        [pack],
    )
    return [Object(*row) for row in rows.fetchall()]


def check_objects(file: Path, found: Iterable[Object]) -> None:
    """Verify the hash of each element of a pack whose own hash is right.

    Raises:
        IntegrityError: bytes that are not what the log promises, or elements that overlap (with which a small pack
            could be made to take for ever).
    """
    before: Object | None = None
    with file.open("rb") as stream:
        for each in found:
            if before and (each.start, each.stop, each.sha256) == (before.start, before.stop, before.sha256):
                continue  # taken down, and later added again
            if before and each.start < before.stop:
                raise IntegrityError(f"elements {before.element} and {each.element} overlap in {file.stem}")
            before = each
            stream.seek(each.start)
            digest = hashlib.sha256()
            left = each.stop - each.start
            while left and (piece := stream.read(min(left, _PIECE))):
                digest.update(piece)
                left -= len(piece)
            if left or digest.hexdigest() != each.sha256:
                raise IntegrityError(
                    f"element {each.element} in pack {file.stem[:12]}... is not what the log promises: the repository"
                    " was published wrongly. Nothing of this pack was kept"
                )


def seal(db: Database, pack: int) -> None:
    """Mark a pack as sealed: it is held, and verified."""
    with db.atomic():
        db.execute("update pack set state = 'sealed' where number = ?", [pack])
        db.execute("delete from copy where element in (select number from element where pack = ?)", [pack])


def wanted(db: Database, numbers: Iterable[int]) -> list[Wanted]:
    """Those of the elements that are live and not held."""
    found = []
    for number in numbers:
        row = db.execute(
            "select element.number, offset, offset + length, element.sha256, pack.number, pack.sha256, pack.size"
            " from element join pack on pack.number = element.pack"
            " where element.number = ? and withdrawn is null and state = 'absent'"
            " and not exists (select 1 from copy where copy.element = element.number)",
            [number],
        ).fetchone()
        if row is not None:
            element, start, stop, sha256, *pack = row
            found.append(Wanted(element, start, stop, sha256, Absent(*pack)))
    return found


class Copies:
    """Stores single elements in an open pack of the mirror's own."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self._packs = Packs(path)
        self._file: OpenPack | None = None
        self._number = 0
        self._rows: list[tuple[int, int, int]] = []
        self.pending = 0
        """Bytes that were added since the last commit."""

    def add(self, element: int, data: bytes) -> None:
        """Store the checked bytes of an element; visible and durable after `commit`."""
        file = self._file or self._open()
        self._rows.append((element, self._number, file.append(data)))
        self.pending += len(data)

    def commit(self) -> None:
        """Make what was added durable and visible."""
        if self._file is None or not self._rows:
            return
        self._file.sync()
        with self._db.atomic():
            self._db.execute("update pack set size = ? where number = ?", [self._file.size, self._number])
            for row in self._rows:
                self._db.execute(
                    "insert or replace into copy (element, pack, offset) values (?, ?, ?)", list(row)
                )
        self._rows, self.pending = [], 0
        if self._file.size >= LIMITS.pack_target_bytes:
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> OpenPack:
        row = self._db.execute(
            "select number, size from pack where state = 'open' and size < ? order by number desc limit 1",
            [LIMITS.pack_target_bytes],
        ).fetchone()
        row = row or catalog.new_pack(self._db)
        self._number = row[0]
        self._file = OpenPack(self._packs.open_path(row[0]), row[1])
        return self._file


def drop_copies(db: Database, path: Path) -> None:
    """Delete packs of single elements that whole packs have superseded."""
    packs = Packs(path)
    rows = db.execute(
        "select number from pack where state = 'open' and not exists (select 1 from copy where copy.pack = number)"
    )
    for (number,) in rows.fetchall():
        with db.atomic():
            db.execute("delete from pack where number = ?", [number])
        with contextlib.suppress(FileNotFoundError):
            packs.open_path(number).unlink()


def tidy(db: Database, path: Path, head: Head) -> None:
    """Garbage collection: mark lost packs as absent, delete partial downloads that no sync will resume."""
    packs = Packs(path)
    lost = [
        number
        for number, sha256, size in db.execute(
            "select number, sha256, size from pack where state = 'sealed'"
        ).fetchall()
        if _size(packs.sealed_path(sha256)) != size
    ]
    if lost:
        with db.atomic():
            for number in lost:
                db.execute("update pack set state = 'absent' where number = ?", [number])
    useful = {info.sha256 for info in head.segments[segment_count(db) :]}
    useful |= {pack.sha256 for pack in head.packs}
    useful -= {row[0] for row in db.execute("select sha256 from pack where state = 'sealed'").fetchall()}
    copies = {str(row[0]) for row in db.execute("select number from pack where state = 'open'").fetchall()}
    for file in _files(packs.open_folder):
        known = {PART: useful, ".pack": copies}.get(file.suffix, set())
        if file.stem not in known or file.is_symlink():
            file.unlink()
    for folder in (path, *(path / name for name in FOLDERS)):
        for file in _files(folder):
            if file.suffix == TEMPORARY:
                file.unlink()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _files(folder: Path) -> Iterator[Path]:
    yield from [entry for entry in folder.iterdir() if entry.is_symlink() or entry.is_file()]
