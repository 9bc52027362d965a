"""Compaction: many small packs become few full ones, so that a full sync takes fewer requests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haac_repo._errors import IntegrityError, RepositoryError
from haac_repo._files import storage_errors
from haac_repo._limits import LIMITS
from haac_repo._store import catalog, repack
from haac_repo._store.packs import Packs
from haac_repo._store.schema import CATALOG, connect

if TYPE_CHECKING:
    from sqlite_utils import Database

    from haac_repo._store.repository import Repository
    from haac_repo._store.writer import Writer


@dataclass(slots=True, kw_only=True)
class Compaction:
    """What compaction did, or would do."""

    before: int = 0
    """Packs with anything in them."""
    after: int = 0
    merged: int = 0
    """Of those before, how many became others."""
    bytes: int = 0
    """In them."""
    published: bool = False
    """Whether published ones are among them: mirrors learn of it with the next publishing."""
    segments: int = 0
    """Log segments: with the packs and the head, what a full sync asks for."""
    damaged: list[str] = field(default_factory=list)
    """What kept packs out of it, each in a few words."""


@dataclass(frozen=True, slots=True)
class _Pack:
    number: int
    sha256: str
    size: int
    """Bytes that elements keep in it."""
    is_published: bool


def compact(repository: Repository, *, dry_run: bool = False, wait: float = 10.0) -> Compaction:
    """Merge packs that are less than half full, neighbours by id, into packs of about `LIMITS.pack_target_bytes`.

    Published ones are replaced by a log record that the next `publish` publishes; their files go after that. Others move as discarding
    moves them. A crash leaves some merged and the others as they were.

    Args:
        repository: With the role 'writer'.
        dry_run: Only say what would be done.
        wait: Seconds to wait for a writer to finish.

    Raises:
        RepositoryError: it is a mirror, or cannot be written to (the merged packs need room beside the old ones).
        RepositoryBusyError: somebody else is writing.
    """
    if repository.role == "mirror":
        raise RepositoryError(f"{repository.path} is a mirror: its packs are those of its origin")
    path = repository.path
    with (
        repository.writer(wait=wait) as writer,
        storage_errors(path),
        contextlib.closing(connect(path / CATALOG)) as db,
    ):
        return _Work(writer, db, Packs(path), dry_run).go()


class _Work:
    def __init__(self, writer: Writer, db: Database, packs: Packs, dry_run: bool) -> None:
        self._writer, self._db, self._packs, self._dry_run = writer, db, packs, dry_run

    def go(self) -> Compaction:
        report = Compaction(before=_count(self._db))
        report.segments = self._db.execute("select count(*) from published").fetchone()[0]
        small = _small(self._db)
        saved = 0
        for group in _groups(pack for pack in small if pack.is_published):
            saved += self._replace(group, report)
        saved += self._move([pack for pack in small if not pack.is_published], report)
        report.after = report.before - saved if self._dry_run else _count(self._db)
        return report

    def _replace(self, group: list[_Pack], report: Compaction) -> int:
        """Merge published packs; how many packs there are fewer."""
        if not self._dry_run:
            try:
                self._writer.replace([(pack.number, pack.sha256) for pack in group])
            except IntegrityError:
                said = {pack: repack.damage(self._db, self._packs, pack.number) for pack in group}
                report.damaged += filter(None, said.values())
                sound = [pack for pack in group if not said[pack]]
                return self._replace(sound, report) if 1 < len(sound) < len(group) else 0
        report.published = True
        return self._note(group, report)

    def _move(self, packs: list[_Pack], report: Compaction) -> int:
        """Merge packs that were never published, with the one that grows."""
        growing: int = self._db.execute(
            "select count(*) from pack where state = 'open' and size > 0"
        ).fetchone()[0]
        if len(packs) + growing < 2 or not packs:
            return 0
        if not self._dry_run:
            self._writer.merge([(pack.number, pack.sha256) for pack in packs])
        return self._note(packs, report) + growing

    @staticmethod
    def _note(packs: list[_Pack], report: Compaction) -> int:
        report.merged += len(packs)
        report.bytes += sum(pack.size for pack in packs)
        return len(packs) - 1


def _count(db: Database) -> int:
    count: int = db.execute("select count(*) from pack where size > 0").fetchone()[0]
    return count


def _small(db: Database) -> list[_Pack]:
    """Sealed packs that are less than half full, by their first element: neighbours go on being neighbours.

    One that holds both published and other elements is left out: what is known of the latter must be published first.
    """
    last = catalog.published(db)[1]
    rows = db.execute(
        "select pack.number, pack.sha256, size, max(element.number) <= ?1 from pack join element on element.pack = pack.number"
        " where state = 'sealed' group by pack.number having (max(element.number) <= ?1) = (min(element.number) <= ?1)"
        " order by min(element.number)",
        [last],
    ).fetchall()
    saved = {number: length for number, _, length in repack.wasteful(db)}
    found = [
        _Pack(number, sha256, size - saved.get(number, 0), bool(public))
        for number, sha256, size, public in rows
    ]
    return [pack for pack in found if 0 < 2 * pack.size < LIMITS.pack_target_bytes]


def _groups(packs: Iterable[_Pack]) -> list[list[_Pack]]:
    """Packs that become one each: neighbours, full or nearly. Single ones are left out."""
    made: list[list[_Pack]] = [[]]
    size = 0
    for pack in packs:
        if size + pack.size > LIMITS.pack_target_bytes or len(made[-1]) == repack.MOST:
            made.append([])
            size = 0
        made[-1].append(pack)
        size += pack.size
    return [group for group in made if len(group) > 1]
