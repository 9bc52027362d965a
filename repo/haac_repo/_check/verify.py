"""Integrity check (fsck) of a repository: catalog, packs, published log; with repair of what can be repaired.

Nothing that cannot be accounted for is ever deleted: such files go to the folder `lost/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_repo._check.rebuild import rebuild, set_aside
from haac_repo._errors import HaacError, RepositoryError
from haac_repo._files import TEMPORARY, StrPath, storage_errors, sync_folder
from haac_repo._ids import format_id
from haac_repo._mirror.publish import read_head
from haac_repo._mirror.wire import segment_path
from haac_repo._store import catalog, discard, repack
from haac_repo._store.layout import (
    FOLDERS,
    LOST,
    is_first_layout,
    make_folders,
    move_published,
    published_folder,
)
from haac_repo._store.lock import writer_lock
from haac_repo._store.packs import Packs, file_sha256
from haac_repo._store.repository import IDENTITY, Repository, connect_to, write_identity
from haac_repo._store.schema import CATALOG, connect
from haac_repo._store.writer import Writer

if TYPE_CHECKING:
    from sqlite_utils import Database

_WAIT = 10.0  # seconds, for another writer


@dataclass(frozen=True, slots=True)
class Problem:
    """An inconsistency, or damaged or lost bytes."""

    text: str
    elements: tuple[int, ...] = ()
    """Elements whose bytes are damaged or gone."""

    def __str__(self) -> str:
        if not self.elements:
            return self.text
        shown = ", ".join(format_id(number) for number in self.elements[:20])
        more = f" and {len(self.elements) - 20} more" if len(self.elements) > 20 else ""
        return f"{self.text}; elements lost: {shown}{more}"


@dataclass(slots=True)
class VerifyReport:
    """Result of an integrity check."""

    problems: list[Problem] = field(default_factory=list)
    """What is wrong now, after any repair."""
    repaired: list[str] = field(default_factory=list)
    """What was wrong and is right again."""
    notes: list[str] = field(default_factory=list)
    """Harmless remains of a crash, which the next writer or `repair` tidies up."""
    elements: int = 0
    """Elements whose bytes were hashed."""
    bytes: int = 0
    """Their bytes."""

    @property
    def ok(self) -> bool:
        """Whether no problem is left."""
        return not self.problems


def verify(
    repository: Repository | StrPath,
    *,
    repair: bool = False,
    quick: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> VerifyReport:
    """Check the integrity of a repository or mirror; readers and a writer may go on meanwhile, unless `repair` is set.

    Args:
        repository: It, or its folder. With `repair` the catalog may be lost, and a Repository given is closed.
        repair: Be the writer and mend: finish what a crash cut short, rebuild the full-text index and counters,
            make a lost catalog again out of the published log, let a mirror fetch damaged packs again.
        quick: Leave out reading and hashing all the packs.
        progress: Called with the number of bytes just hashed.

    Raises:
        RepositoryError: there is no repository, or the catalog cannot be read at all (without `repair`).
        RepositoryBusyError: `repair` is set and another process is writing.
    """
    path = repository.path if isinstance(repository, Repository) else Path(repository)
    if not path.is_dir():
        raise RepositoryError.missing(path)
    report = VerifyReport()
    with contextlib.ExitStack() as stack:
        stack.enter_context(storage_errors(path))
        if repair:
            if isinstance(repository, Repository):
                repository.close()  # its catalog may be replaced
            stack.enter_context(writer_lock(path, _WAIT))
            _mend_catalog(path, report)
        db = stack.enter_context(contextlib.closing(connect_to(path)))
        check = _Check(path, db, repair, report)
        if repair:
            check.tidy_up()
        check.catalog()
        check.files()
        check.published(quick)
        if not quick:
            check.objects(progress)
    return report


def _mend_catalog(path: Path, report: VerifyReport) -> None:
    try:
        with contextlib.closing(connect_to(path)) as db:
            found = [row[0] for row in db.execute("pragma integrity_check").fetchmany(5)]
        if found == ["ok"]:
            return
        reason = "; ".join(found)
    except (sqlite3.DatabaseError, RepositoryError) as error:
        if isinstance(error, RepositoryError) and (path / CATALOG).is_file():
            raise  # of a newer haac, or of something else
        if isinstance(error, sqlite3.OperationalError) and not _is_damage(error):
            raise
        reason = str(error) if (path / CATALOG).is_file() else "it is not there"
    if is_first_layout(path):
        move_published(path)
    if not any((path / name).exists() for name in FOLDERS):
        raise RepositoryError.missing(path)
    report.repaired.append(f"the catalog was unusable ({reason.splitlines()[0]})")
    done, lost = rebuild(path)
    report.repaired.extend(done)
    report.problems.extend(Problem(text) for text in lost)


def _is_damage(error: sqlite3.OperationalError) -> bool:
    return any(word in str(error) for word in ("malformed", "disk I/O", "no such table", "corrupt"))


@dataclass(slots=True)
class _Check:
    path: Path
    db: Database
    repair: bool
    report: VerifyReport
    packs: Packs = field(init=False)
    role: str = field(init=False)

    def __post_init__(self) -> None:
        self.packs = Packs(self.path)
        self.role = catalog.meta(self.db).role

    def tidy_up(self) -> None:
        """Crash recovery: finish, as the writer would, what was cut short."""
        self.report.repaired += [f"made the folder {name}" for name in make_folders(self.path)]
        if not (self.path / IDENTITY).is_file():
            write_identity(self.path, catalog.meta(self.db).repository, self.role)
            self.report.repaired.append(f"wrote {IDENTITY} again")
        for number, sha256 in self._rows("select number, sha256 from pack where state = 'sealed'"):
            if self.packs.open_path(number).exists() and not self.packs.sealed_path(sha256).exists():
                self.packs.finish(number, sha256)
                self.report.repaired.append(f"pack {number} was sealed but not yet in packs/")
        for number, size in self._rows("select number, size from pack where state = 'open'"):
            path = self.packs.open_path(number)
            if path.exists() and path.stat().st_size > size:
                _resize(path, size)
                self.report.repaired.append(f"cut off what a crash left at the end of {path.name}")
        if self.role == "writer":
            # A writer may hold packs that were lost once and brought back from a mirror.
            for number, sha256 in self._rows("select number, sha256 from pack where state = 'absent'"):
                if self.packs.sealed_path(sha256).exists():
                    self._state(number, "sealed")
                    self.report.repaired.append(f"{sha256}.pack is back")
            self._reclaim()
        for folder in (self.path, *(self.path / name for name in FOLDERS)):
            for path in folder.glob(f"*{TEMPORARY}*"):
                if path.is_file():
                    path.unlink()
                    self.report.repaired.append(f"removed the temporary file {path.relative_to(self.path)}")

    def _reclaim(self) -> None:
        if discard.wasted(self.db):
            # A pack that is too short is reported, and filled up, below.
            with contextlib.closing(connect(self.path / CATALOG)) as db, contextlib.suppress(RepositoryError):
                Writer(self.path, db, self.packs).close()
                self.report.repaired.append("took bytes of discarded elements out of the packs")

    def catalog(self) -> None:
        """Check the catalog: SQLite, foreign keys, counters, full-text index."""
        found = [row[0] for row in self._rows("pragma integrity_check(5)")]
        if found != ["ok"]:
            self._problem(f"the catalog is damaged ({'; '.join(found)})")
        if self._rows("pragma foreign_key_check"):
            self._problem("the catalog has elements in packs that it does not know")
        meta = catalog.meta(self.db)
        counters = (meta.elements, meta.standing, meta.records)
        ((count, last, standing),) = self._rows(
            "select count(*), max(number), count(*) - count(withdrawn) from element"
        )
        if self.role == "mirror":  # its log is in log/ only
            ((last_record,),) = self._rows("select max(last_seq) from published")
        else:
            ((records, last_record, added),) = self._rows(
                "select count(*), max(seq), count(*) filter (where op = 'add') from log"
            )
            if records != (last_record or 0) or added != count:
                self._problem(
                    f"{records} log records with numbers up to {last_record or 0}, {added} of which add {count} elements"
                )
        if counters != (last or 0, standing, last_record or 0):
            if self.repair:
                with self.db.atomic():
                    self.db.execute(
                        "update meta set elements = ?, standing = ?, records = ?",
                        [last or 0, standing, last_record or 0],
                    )
                self.report.repaired.append("counted elements and records again")
            else:
                self._problem(
                    "the catalog's counters do not fit its rows: `haac verify --repair` counts again"
                )
        for (number,) in self._rows(
            "select distinct pack.number from pack join element on element.pack = pack.number"
            " where offset + length > size union"
            " select pack.number from copy join element on element.number = copy.element"
            " join pack on pack.number = copy.pack where copy.offset + length > size"
        ):
            self._problem(f"the catalog has elements beyond the end of pack {number}")
        self._full_text()

    def _full_text(self) -> None:
        try:
            self._check_full_text()
        except sqlite3.OperationalError as error:
            if "readonly" not in str(error):
                raise
        except sqlite3.DatabaseError:
            if not self.repair:
                self._problem(
                    "the full-text index does not fit the elements: `haac verify --repair` rebuilds it"
                )
                return
            with self.db.atomic():
                self.db.execute("insert into element_fts (element_fts) values ('rebuild')")
            self._check_full_text()
            self.report.repaired.append("rebuilt the full-text index")

    def _check_full_text(self) -> None:
        with self.db.atomic():  # FTS5 takes its commands as insertions
            self.db.execute("insert into element_fts (element_fts, rank) values ('integrity-check', 1)")

    def files(self) -> None:
        """Check that the pack files are there, of the right length, and no others."""
        # Those that were replaced stay until a head lists them no more.
        known = {self.packs.sealed_path(sha256) for sha256 in repack.superseded(self.db)}
        for number, state, sha256, size, discarded in self._rows(
            "select number, state, sha256, size, discarded from pack"
        ):
            if state == "absent":
                if self.role == "writer":
                    self._problem(
                        f"{sha256}.pack is gone: if a mirror has it, copy it to packs/ and verify with --repair",
                        self._standing_in(number),
                    )
                continue
            path = self.packs.path(number, sha256)
            known.add(path)
            actual = path.stat().st_size if path.exists() else -1
            if actual < 0 and state == "open" and size == 0:
                continue  # a crash came between its row and its file
            if discarded:
                self.report.notes.append(f"pack {number} has {discarded} bytes of discarded elements")
                if actual < 0 and not discard.kept(self.db, number):
                    continue  # a crash came between its end and that of its row
            if state == "sealed" and path.parent == self.packs.open_folder:
                self.report.notes.append(f"pack {number} is sealed but not yet in packs/")
            if actual == size:
                continue
            if state == "open" and actual > size:
                self.report.notes.append(
                    f"{path.name} has {actual - size} bytes at its end that were never committed"
                )
                continue
            what = "is gone" if actual < 0 else f"has {actual} bytes and should have {size}"
            self._damaged(number, state, path, what, self._standing_in(number, actual))
        for path in sorted([*self.packs.open_folder.glob("*.pack"), *self.packs.sealed_folder.glob("*")]):
            if path in known or TEMPORARY in path.name:
                continue
            shown = path.relative_to(self.path)
            if self.repair and self._is_stray(path):
                set_aside(self.path, path)
                self.report.repaired.append(f"{shown} is in no record: moved to {LOST}/")
            else:
                self.report.notes.append(f"{shown} is in no record")

    def _is_stray(self, path: Path) -> bool:
        # A mirror that was cut off while syncing has whole packs that its catalog still calls absent.
        row = self.db.execute("select 1 from pack where sha256 = ?", [path.stem]).fetchone()
        return row is None

    def published(self, quick: bool) -> None:
        """Check the head and the log segments against what was published."""
        try:
            read_head(self.path)
        except HaacError as error:
            self._problem(f"{error}; `haac publish`, or in a mirror `haac sync`, writes it again")
        for number, sha256, size in self._rows("select number, sha256, bytes from published"):
            path = published_folder(self.path) / segment_path(number)
            if not path.exists():
                self._problem(f"{path.name}, a published log segment, is gone")
            elif path.stat().st_size != size or (not quick and file_sha256(path) != sha256):
                self._problem(f"{path.name}, a published log segment, is damaged")

    def objects(self, progress: Callable[[int], None]) -> None:
        """Hash every pack and every element."""
        for number, state, sha256 in self._rows(
            "select number, state, sha256 from pack where state != 'absent'"
        ):
            path = self.packs.path(number, sha256)
            if not path.exists():
                continue  # reported by files()
            bad = tuple(self._damaged_objects(number, path, progress))
            if sha256 is not None and file_sha256(path) != sha256:
                self._damaged(number, state, path, "is not what its name promises", bad)
            elif bad:
                self._damaged(number, state, path, "is damaged", bad)

    def _damaged_objects(self, pack: int, path: Path, progress: Callable[[int], None]) -> Iterator[int]:
        rows = self._rows(
            "select number, sha256, length, offset, withdrawn from element where pack = ?1 union all"
            " select number, sha256, length, copy.offset, withdrawn from copy join element on number = copy.element"
            " where copy.pack = ?1 order by 4",
            pack,
        )
        with path.open("rb") as file:
            for number, sha256, length, offset, withdrawn in rows:
                file.seek(offset)
                if hashlib.sha256(file.read(length)).hexdigest() != sha256 and withdrawn is None:
                    yield number
                self.report.elements += 1
                self.report.bytes += length
                progress(length)

    def _damaged(self, number: int, state: str, path: Path, what: str, lost: tuple[int, ...]) -> None:
        """Report a damaged pack; a mirror forgets it, so that the next sync fetches it again."""
        shown = path.relative_to(self.path)
        if self.role == "mirror" and self.repair:
            set_aside(self.path, path)
            if state == "open":
                with self.db.atomic():
                    self.db.execute("delete from copy where pack = ?", [number])
                    self.db.execute("update pack set size = 0 where number = ?", [number])
            else:
                self._state(number, "absent")
            self.report.repaired.append(f"{shown} {what}: the next `haac sync` fetches its elements again")
            return
        if state == "open" and self.repair:
            # Whatever is appended must come to lie where the catalog will say.
            size = self.db.execute("select size from pack where number = ?", [number]).fetchone()[0]
            if not path.exists() or path.stat().st_size < size:
                _resize(path, size)
        advice = ""
        if self.role == "mirror":
            advice = ": `haac verify --repair` lets the next sync fetch it again"
        elif state == "sealed":
            advice = ": if a mirror has it, copy it from there"
        problem = Problem(f"{shown} {what}{advice}", lost)
        if problem not in self.report.problems and not self._already_lost(lost):
            self.report.problems.append(problem)

    def _already_lost(self, elements: tuple[int, ...]) -> bool:
        return bool(elements) and any(set(elements) <= set(p.elements) for p in self.report.problems)

    def _standing_in(self, pack: int, size: int = 0) -> tuple[int, ...]:
        """Elements with bytes beyond the first `size` of a pack."""
        rows = self._rows(
            "select number from element where pack = ?1 and offset + length > ?2 and withdrawn is null union"
            " select number from copy join element on number = copy.element where copy.pack = ?1"
            " and copy.offset + length > ?2 order by 1",
            pack,
            size,
        )
        return tuple(row[0] for row in rows)

    def _state(self, number: int, state: str) -> None:
        with self.db.atomic():
            self.db.execute("update pack set state = ? where number = ?", [state, number])

    def _problem(self, text: str, elements: tuple[int, ...] = ()) -> None:
        self.report.problems.append(Problem(text, elements))

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, values).fetchall()


def _resize(path: Path, size: int) -> None:
    """Cut a file, or fill it up with zeros, to `size` bytes; durable on return."""
    with path.open("ab") as file:
        file.truncate(size)
        os.fsync(file.fileno())
    sync_folder(path.parent)
