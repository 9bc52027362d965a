"""Statistics of a repository."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haac_repo._store import catalog

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Stats:
    """Statistics of the live elements."""

    elements: int
    withdrawn: int
    bytes: int
    """Encoded."""
    pixels: int
    sources: int
    """Pictures ingested."""
    unpublished: int
    """Log records that `publish` has yet to publish."""
    packs: dict[str, tuple[int, int]]
    """Number and bytes by state."""
    licences: dict[str, int]
    models: dict[str, int]
    tags: dict[str, int]
    """The most frequent ones."""
    biggest: list[tuple[int, int]]
    """(number, bytes)."""


def stats(db: Database, most: int = 10) -> Stats:
    """Compute the statistics; reads the whole catalog. Lists have at most `most` entries."""
    meta = catalog.meta(db)
    size, pixels = db.execute(
        "select coalesce(sum(length), 0), coalesce(sum(width * height), 0) from element where withdrawn is null"
    ).fetchone()
    tags: Counter[str] = Counter()
    for joined, count in db.execute(
        "select tags, count(*) from element where withdrawn is null and tags != '' group by tags"
    ).fetchall():
        for tag in joined.split(","):
            tags[tag] += count
    published = db.execute("select coalesce(max(last_seq), 0) from published").fetchone()[0]
    return Stats(
        elements=meta.standing,
        withdrawn=db.execute("select count(*) from element").fetchone()[0] - meta.standing,
        bytes=size,
        pixels=pixels,
        sources=db.execute("select count(*) from source").fetchone()[0],
        unpublished=meta.records - published,
        packs={
            state: (count, total)
            for state, count, total in db.execute(
                "select state, count(*), sum(size) from pack group by state order by state"
            ).fetchall()
        },
        licences=_counts(db, "licence", most),
        models=_counts(db, "model", most),
        tags=dict(tags.most_common(most)),
        biggest=[
            (row[0], row[1])
            for row in db.execute(
                "select number, length from element where withdrawn is null order by length desc, number limit ?",
                [most],
            ).fetchall()
        ],
    )


def _counts(db: Database, column: str, most: int) -> dict[str, int]:
    rows = db.execute(
        f"select {column}, count(*) from element where withdrawn is null group by 1 order by 2 desc, 1 limit ?",
        [most],
    )
    return {row[0]: row[1] for row in rows.fetchall()}
