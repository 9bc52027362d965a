"""State of a mirror: which published segments, packs and elements its catalog knows, and which it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, starmap
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from haac_repo._errors import HistoryError, IntegrityError, RepositoryError
from haac_repo._files import replacing
from haac_repo._ids import format_id
from haac_repo._mirror.wire import Head, PackInfo, Record, SegmentInfo
from haac_repo._pixels import HEADER_BYTES, check_header
from haac_repo._store import catalog, repack
from haac_repo._store.packs import Packs
from haac_repo._store.repository import require_catalog, upgrade
from haac_repo._store.schema import CATALOG, connect, is_outdated
from haac_repo._trust import state

if TYPE_CHECKING:
    from sqlite_utils import Database

_PIECE = 2**20
_JOURNAL = 16 * 2**20
# Bytes that SQLite's side file keeps after a transaction; that of a first sync is as long as the catalog.


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


class Object(NamedTuple):
    """Byte range, hash and size of an element in its pack. A tuple, since there are many."""

    element: int
    start: int
    stop: int
    sha256: str
    width: int
    height: int
    live: bool
    """False if it was taken down: nobody is shown it."""

    def check(self, data: bytes, digest: str) -> None:
        """Check the beginning of an element's bytes, and the SHA-256 of all.

        Raises:
            IntegrityError: it is not what the log promises, or, though it is live, no picture of its size.
        """
        if digest != self.sha256:
            raise IntegrityError(
                f"element {format_id(self.element)} is not what the log promises: the repository was published wrongly."
                " Nothing was changed"
            )
        if self.live:
            try:
                check_header(data[:HEADER_BYTES], self.width, self.height, self.stop - self.start)
            except IntegrityError as error:
                raise IntegrityError(
                    f"element {format_id(self.element)} was published wrongly: {error}. Nothing was changed"
                ) from error


def open_mirror(path: Path) -> Database:
    """Open the catalog of a mirror for writing; the caller holds the lock.

    Raises:
        RepositoryError: it is no mirror, or of a newer haac.
    """
    require_catalog(path)
    file = path / CATALOG
    db = connect(file)
    try:
        db.execute(f"pragma journal_size_limit = {_JOURNAL}")
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


def holds_history(db: Database) -> bool:
    """Whether there is anything that a new head must extend: one that was accepted, or the records of a catalog that was made again."""
    return accepted(db) is not None or catalog.meta(db).records > 0


def accept(db: Database, head: Published, *, origin: str, trust: Mapping[str, bytes] | None) -> None:
    """Store the accepted head, whose records are all in the catalog, its origin, and the metadata that vouch for it."""
    with db.atomic():
        if trust is not None:
            state.save(db, trust)
        db.execute(
            "insert or replace into accepted (row, head, etag) values (1, ?, ?)", [head.head, head.etag]
        )
        db.execute("update meta set origin = ?", [origin])


def bind(db: Database, repository: str) -> None:
    """Make a mirror that has accepted nothing yet one of this repository, inside a transaction."""
    if accepted(db) is None and catalog.meta(db).records == 0 and catalog.meta(db).repository != repository:
        db.execute("update meta set repository = ?", [repository])


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


def holds_replaced(db: Database, head: Head) -> bool:
    """Whether packs are held that a head does not list, so that new log records replace them."""
    listed = {pack.sha256 for pack in head.packs}
    rows = db.execute("select sha256 from pack where state = 'sealed'").fetchall()
    return any(sha256 not in listed for (sha256,) in rows)


def objects(db: Database, pack: int) -> Iterator[Object]:
    """Byte ranges of the elements of a pack, in order."""
    cursor = db.execute(
        "select number, offset, offset + length, sha256, width, height, withdrawn is null from element"
        " where pack = ? order by offset, number",
        [pack],
    )
    while rows := cursor.fetchmany(1_000):
        yield from starmap(Object, rows)


def check_objects(file: Path, found: Iterable[Object]) -> None:
    """Verify the hash of each element of a pack whose own hash is right, and that it is a picture of its size.

    Raises:
        IntegrityError: bytes that are not what the log promises, or elements that overlap (with which a small pack
            could be made to take for ever).
    """
    before: Object | None = None
    at = 0
    with file.open("rb", buffering=_PIECE) as stream:
        for each in found:
            if each.start != at:
                if before and each.start < at:
                    if each[1:4] == before[1:4]:
                        continue  # taken down, and later added again
                    raise IntegrityError(
                        f"elements {format_id(before.element)} and {format_id(each.element)} overlap in {file.stem}"
                    )
                stream.seek(each.start)
            before, at = each, each.stop
            left = each.stop - each.start
            piece = beginning = stream.read(min(left, _PIECE))
            digest = hashlib.sha256(piece)
            while piece and (left := left - len(piece)):
                piece = stream.read(min(left, _PIECE))
                digest.update(piece)
            each.check(beginning, digest.hexdigest())


def seal(db: Database, pack: int) -> None:
    """Mark a pack as sealed: it is held, and verified. Inside a transaction."""
    db.execute("update pack set state = 'sealed' where number = ?", [pack])
    # The bytes of its elements that were fetched one by one are nobody's now.
    db.execute(
        "update pack set discarded = discarded + lost from (select copy.pack as owner, sum(length) as lost from copy"
        " join element on element.number = copy.element where element.pack = ? group by copy.pack) where number = owner",
        [pack],
    )
    db.execute("delete from copy where element in (select number from element where pack = ?)", [pack])


def make_pack(db: Database, path: Path, record: Record, made: set[str]) -> bool:
    """Make the pack of a `repack` record, which is about to be applied, from those that it replaces; False if not all are here.

    What comes out is the pack if it has its SHA-256; otherwise a pack here is damaged, and the new one is fetched.

    Args:
        db: The catalog.
        path: The mirror.
        record: It.
        made: Packs that were made in this transaction. Those that are replaced already go at once: a log of many takedowns takes
            no room.
    """
    held = dict(db.execute("select sha256, number from pack where state = 'sealed'").fetchall())
    sha256 = record.get("pack")
    if sha256 in held:
        return True
    if sha256 is None or not all(each in held for each in record["packs"]):
        return False
    packs = Packs(path)
    sources = {held[each]: packs.sealed_path(each) for each in record["packs"]}
    target = packs.sealed_path(sha256)
    try:
        with replacing(target) as out:
            digest = hashlib.sha256()
            for number, parts in groupby(repack.ranges(db, sources), key=lambda part: part.pack):
                with sources[number].open("rb") as source:
                    for part in parts:
                        _copy(source, part, out, digest)
            if digest.hexdigest() != sha256:
                raise _AnotherPackError
    except _AnotherPackError:
        return False
    for each in made.intersection(record["packs"]):
        packs.sealed_path(each).unlink(missing_ok=True)
    made.add(sha256)
    return True


class _AnotherPackError(Exception):
    """What was made has another SHA-256."""


def _copy(source: BinaryIO, part: repack.Range, out: BinaryIO, digest: hashlib._Hash) -> None:
    source.seek(part.offset)
    left = part.length
    while left and (piece := source.read(min(left, _PIECE))):
        digest.update(piece)
        out.write(piece)
        left -= len(piece)
