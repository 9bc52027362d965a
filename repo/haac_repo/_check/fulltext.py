"""Read-only check of the full-text index against the elements.

FTS5's own integrity check is an insertion, for which there can be only one at a time: a writer at work would keep it out, or die of it.
So the words of all elements are indexed once more, in temporary tables, and what the two indexes hold is compared.
"""

from __future__ import annotations

import contextlib
import sqlite3

from haac_repo._check.snapshot import Snapshot

_PREPARE = (
    # As in the schema, but for the content, which is not asked for.
    "create virtual table temp.words using fts5 (name, tags, content='', tokenize='unicode61 remove_diacritics 2')",
    "insert into temp.words (rowid, name, tags) select number, name, tags from main.element",
    "create virtual table temp.expected using fts5vocab('temp', 'words', 'instance')",
    "create virtual table temp.stored using fts5vocab('main', 'element_fts', 'instance')",
)
_TOKENS = "select term, doc, col, offset from temp."
_LENGTHS = "select id, sz from {}_docsize order by id"
_TOTALS = "select block from {}_data where id = 1"
# Varints: rows, and words of each column.
_AT_ONCE = 4_096


def is_indexed(snapshot: Snapshot) -> bool:
    """Whether the full-text index holds exactly the words of the elements, and their counts by which matches are ranked."""
    try:
        for statement in _PREPARE:
            snapshot.db.execute(statement)
        return (
            _same(snapshot, _TOKENS + "expected", _TOKENS + "stored")
            and _same(snapshot, *(_LENGTHS.format(name) for name in ("temp.words", "main.element_fts")))
            and _totals(snapshot, "temp.words") == _totals(snapshot, "main.element_fts")
        )
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        return False  # malformed
    finally:
        for table in ("stored", "expected", "words"):
            with contextlib.suppress(sqlite3.Error):
                snapshot.db.execute(f"drop table if exists temp.{table}")


def _totals(snapshot: Snapshot, table: str) -> bytes:
    """Of an index that is empty again they are zeros, and of one that always was they are missing."""
    ((totals,),) = snapshot.rows(_TOTALS.format(table))
    return bytes(totals).rstrip(b"\0")


def _same(snapshot: Snapshot, first: str, second: str) -> bool:
    one, other = snapshot.db.execute(first), snapshot.db.execute(second)
    while True:
        rows = one.fetchmany(_AT_ONCE)
        if rows != other.fetchmany(_AT_ONCE):
            return False
        if not rows:
            return True
