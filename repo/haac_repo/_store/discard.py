"""Packs that were never published, without bytes of nobody: those of discarded elements, and of withdrawn ones.

Discarding deletes rows and log records in one transaction. What that leaves is a repository in order, only that packs hold bytes of
nobody (`pack.discarded`). A writer takes those out before it does anything else, `publish` included: what stays of such a pack moves to
the open one, and the pack goes. Publishing does the same about the bytes of withdrawn elements (`erase`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haac_repo._files import sync_folder
from haac_repo._store import catalog, repack
from haac_repo._store.packs import Packs

if TYPE_CHECKING:
    from sqlite_utils import Database

_GONE = "(select value from json_each(?1))"


@dataclass(frozen=True, slots=True)
class Wasted:
    """A pack with bytes of nobody."""

    number: int
    sha256: str | None
    """Hex; None while it is open."""


def discard(db: Database, numbers: Sequence[int], *, forget_sources: bool) -> None:
    """Delete elements and all log records about them; later records move up. To be called inside `db.atomic()`.

    Args:
        db: The catalog.
        numbers: Of elements that are there, all above the highest of `catalog.published`.
        forget_sources: Forget that the pictures that gave them were ingested.
    """
    seq, published = catalog.published(db)
    gone = [json.dumps(numbers)]
    db.execute(
        "update pack set discarded = discarded + lost from (select pack as owner, sum(length) as lost from element"
        f" where number in {_GONE} group by pack) where pack.number = owner"
        " and not exists (select 1 from element where element.pack = owner and element.number <= ?2)",
        [*gone, published],
    )
    # The index has its words from the table: it must be told them while they are there.
    db.execute(
        "insert into element_fts (element_fts, rowid, name, tags)"
        f" select 'delete', number, name, tags from element where number in {_GONE}",
        gone,
    )
    _forget_in_sources(db, gone, whole=forget_sources)
    db.execute(f"delete from log where seq > ?2 and element in {_GONE}", [*gone, seq])
    _forget_origin(db, gone, seq)
    # Through negative numbers, so that no two are ever the same.
    db.execute(
        "update log set seq = -place from (select seq as old, ?1 + row_number() over (order by seq) as place"
        " from log where seq > ?1) where seq = old and place != old",
        [seq],
    )
    db.execute("update log set seq = -seq where seq < 0")
    db.execute(f"delete from element where number in {_GONE}", gone)
    db.execute(
        "update meta set elements = (select coalesce(max(number), 0) from element),"
        " standing = (select count(*) - count(withdrawn) from element),"
        " records = (select coalesce(max(seq), 0) from log), discards = discards + 1"
    )


def _forget_in_sources(db: Database, gone: list[str], *, whole: bool) -> None:
    among = f"where exists (select 1 from json_each(source.numbers) where value in {_GONE})"
    if whole:
        db.execute(f"delete from source {among}", gone)
    else:
        db.execute(
            "update source set numbers ="
            f" (select json_group_array(value) from json_each(source.numbers) where value not in {_GONE}) {among}",
            gone,
        )


def _forget_origin(db: Database, gone: list[str], seq: int) -> None:
    """Elements that were re-cuts of a discarded one are so no more."""
    orphans = f"derived_from in {_GONE}"
    db.execute(
        "update log set record = json_remove(record, '$.derived_from') where seq > ?2 and op = 'add'"
        f" and element in (select number from element where {orphans})",
        [*gone, seq],
    )
    db.execute(f"update element set derived_from = null where {orphans}", gone)


def erase(db: Database) -> int:
    """Part withdrawn elements from their bytes in packs that were never published; how many bytes. Inside `db.atomic()`.

    Those stay that another element with the same range keeps, and those of a takedown that keeps them.
    """
    rows = db.execute(
        "select pack, offset, length from element where number > ?1 and pack is not null group by pack, offset, length"
        f" having max({repack.KEEPS}) = 0"
        " and not exists (select 1 from element as other where other.pack = element.pack and other.number <= ?1)",
        [catalog.published(db)[1]],
    ).fetchall()
    for pack, offset, length in rows:
        db.execute("update pack set discarded = discarded + ? where number = ?", [length, pack])
        db.execute(
            "update element set pack = null, offset = 0 where pack = ? and offset = ? and length = ?",
            [pack, offset, length],
        )
    return sum(length for *_, length in rows)


def wasted(db: Database) -> list[Wasted]:
    """Packs with bytes of nobody, but for those that were published since: `publish` replaces them."""
    rows = db.execute(
        "select number, sha256 from pack where discarded > 0"
        " and not exists (select 1 from element where element.pack = pack.number and element.number <= ?)"
        " order by number",
        [catalog.published(db)[1]],
    )
    return [Wasted(*row) for row in rows.fetchall()]


def kept(db: Database, pack: int) -> list[tuple[int, int]]:
    """(offset, length) of what elements have in a pack, in order."""
    rows = db.execute("select distinct offset, length from element where pack = ? order by offset", [pack])
    return rows.fetchall()


def move(db: Database, old: int, new: int, offsets: Mapping[int, int], size: int) -> None:
    """Say that the elements of pack `old`, all of whose bytes are nobody's now, are in pack `new`, of `size` bytes.

    To be called inside `db.atomic()`.

    Args:
        db: The catalog.
        old: Number of the pack.
        new: Number of the open pack.
        offsets: From offsets in the old one to those in the new one.
        size: Bytes of the new one.
    """
    for before, after in offsets.items():
        db.execute(
            "update element set pack = ?, offset = ? where pack = ? and offset = ?", [new, after, old, before]
        )
    db.execute("update pack set size = ? where number = ?", [size, new])
    db.execute("update pack set discarded = size where number = ?", [old])


def drop(db: Database, packs: Packs, pack: Wasted) -> None:
    """Delete a pack that no element is in any more."""
    path = packs.path(pack.number, pack.sha256)
    # The file before its row: a file without one would stay for ever.
    if path.exists():
        path.unlink()
        sync_folder(path.parent)
    with db.atomic():
        db.execute("delete from pack where number = ?", [pack.number])
