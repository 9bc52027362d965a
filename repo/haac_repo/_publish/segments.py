"""Published log segments that are lost or damaged: finding them, writing them again out of the catalog's own log.

A segment is what new mirrors begin with; without it nobody can sync. A writer has all its records, so it can write the segment again,
and the SHA-256 that was published says whether the bytes came out the same. A mirror fetches it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import RepositoryError
from haac_repo._files import write_file
from haac_repo._mirror.leftovers import missing_segments
from haac_repo._mirror.wire import segment_path, write_segment
from haac_repo._store.layout import published_folder
from haac_repo._store.records import log_records

if TYPE_CHECKING:
    from sqlite_utils import Database


def heal(path: Path, db: Database) -> list[int]:
    """Write again, out of the log of a writer's catalog, the published segments that are gone or too short; their numbers.

    The caller holds the lock.

    Raises:
        RepositoryError: the bytes of one do not come out as they were published. The others were written.
    """
    bad = [each.number for each in missing_segments(path, db)]
    failed = [number for number in bad if not restore(path, db, number)]
    if failed:
        raise RepositoryError(lost(failed))
    return bad


def restore(path: Path, db: Database, number: int) -> bool:
    """Write a published segment again; False if that does not give the bytes that were published."""
    row = db.execute(
        "select sha256, last_seq, (select coalesce(max(last_seq), 0) from published where number < ?1)"
        " from published where number = ?1",
        [number],
    ).fetchone()
    sha256, last, before = row
    records = log_records(db, before, last - before)
    if not records or records[-1]["seq"] != last:
        return False
    data, info = write_segment(records)
    if info.sha256 != sha256:
        return False
    write_file(published_folder(path) / segment_path(number), data)
    return True


def lost(numbers: list[int]) -> str:
    """What to do about segments that cannot be written again, for people."""
    names = ", ".join(f"public/{segment_path(number)}" for number in numbers)
    return (
        f"{names} cannot be written again as published (another zlib gives other bytes, and a changed record too): copy the file from a"
        " mirror, where it has the same name. Until then no new mirror can be made"
    )
