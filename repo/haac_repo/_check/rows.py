"""Check of the catalog: SQLite's own integrity check, references, counters, full-text index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from haac_repo._check.fulltext import is_indexed
from haac_repo._check.report import Finding, Miscounted, Unindexed
from haac_repo._check.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlite_utils import Database


def damage(db: Database) -> list[str]:
    """What SQLite finds wrong with its file; nothing if all is well."""
    found = [str(row[0]) for row in db.execute("pragma integrity_check(5)").fetchall()]
    # SQLite 3.44 and later look into the full-text index too, which has a check of its own.
    return [text for text in found if text != "ok" and "FTS5 table" not in text]


def check_rows(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the rows of the catalog against one another."""
    if found := damage(snapshot.db):
        yield Finding(f"the catalog is damaged ({'; '.join(found)})")
    if snapshot.rows("pragma foreign_key_check"):
        yield Finding("the catalog has elements in packs that it does not know")
    yield from _check_counts(snapshot)
    for (number,) in snapshot.rows(
        "select distinct pack.number from pack join element on element.pack = pack.number"
        " where offset + length > size union"
        " select pack.number from copy join element on element.number = copy.element"
        " join pack on pack.number = copy.pack where copy.offset + length > size"
    ):
        yield Finding(f"the catalog has elements beyond the end of pack {number}")
    if bare := snapshot.rows("select number from element where pack is null and withdrawn is null"):
        yield Finding(
            "the catalog has elements without bytes that were not taken down", tuple(row[0] for row in bare)
        )
    if not is_indexed(snapshot):
        yield Finding(
            "the full-text index does not fit the elements: `haac verify --repair` rebuilds it",
            fault=Unindexed(),
        )


def _check_counts(snapshot: Snapshot) -> Iterator[Finding]:
    ((count, last, standing),) = snapshot.rows(
        "select count(*), coalesce(max(number), 0), count(*) - count(withdrawn) from element"
    )
    if snapshot.is_mirror:  # its log is in log/ only
        ((last_record,),) = snapshot.rows("select coalesce(max(last_seq), 0) from published")
    else:
        ((records, last_record, added),) = snapshot.rows(
            "select count(*), coalesce(max(seq), 0), count(*) filter (where op = 'add') from log"
        )
        if records != last_record or added != count:
            yield Finding(
                f"{records} log records with numbers up to {last_record}, {added} of which add {count} elements"
            )
    meta = snapshot.meta
    if (meta.elements, meta.standing, meta.records) != (last, standing, last_record):
        yield Finding(
            "the catalog's counters do not fit its rows: `haac verify --repair` counts again",
            fault=Miscounted(last, standing, last_record),
        )
