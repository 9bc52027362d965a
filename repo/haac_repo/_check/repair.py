"""Repair of what verification found: by the holder of the lock, and so that nothing that cannot be accounted for is deleted."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._check.files import standing_in
from haac_repo._check.rebuild import rebuild, set_aside
from haac_repo._check.report import (
    BadPack,
    BadSegment,
    Finding,
    Miscounted,
    Problem,
    Stray,
    Unindexed,
    VerifyReport,
)
from haac_repo._check.rows import damage
from haac_repo._check.snapshot import Snapshot
from haac_repo._errors import HaacError, RepositoryError
from haac_repo._files import sync_folder
from haac_repo._publish import segments
from haac_repo._publish.publish import read_head
from haac_repo._store import catalog, discard
from haac_repo._store.layout import (
    FOLDERS,
    IDENTITY,
    LOST,
    Identity,
    is_first_layout,
    make_folders,
    move_published,
    read_identity,
    remove_temporary,
    write_identity,
)
from haac_repo._store.packs import Packs
from haac_repo._store.repository import connect_to
from haac_repo._store.schema import CATALOG, connect
from haac_repo._store.writer import Writer
from haac_repo._trust import state

if TYPE_CHECKING:
    from sqlite_utils import Database


def mend_catalog(path: Path, report: VerifyReport) -> None:
    """Make a catalog that is lost or damaged again. The caller holds the lock.

    Raises:
        RepositoryError: there is nothing to make it of, or it is of something else or of a newer haac.
    """
    reason = _unusable(path)
    if reason is None:
        return
    if is_first_layout(path):
        move_published(path)
    if not any((path / name).exists() for name in FOLDERS):
        raise RepositoryError.missing(path)
    make_folders(path)
    report.repaired.append(f"the catalog was unusable ({reason.splitlines()[0]})")
    done, lost = rebuild(path)
    report.repaired.extend(done)
    report.problems.extend(Problem(text) for text in lost)


def _unusable(path: Path) -> str | None:
    file = path / CATALOG
    if not file.is_file():
        return "it is not there"
    if not file.stat().st_size:
        return "it is empty"
    try:
        with contextlib.closing(connect_to(path)) as db:
            return "; ".join(damage(db)) or None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not _is_damage(error):
            raise
        return str(error)


def _is_damage(error: sqlite3.OperationalError) -> bool:
    return any(word in str(error) for word in ("malformed", "disk I/O", "no such table", "corrupt"))


def tidy_up(path: Path, db: Database) -> list[str]:
    """Crash recovery: finish, as the next writer would, what was cut short; what was done. The caller holds the lock."""
    packs = Packs(path)
    meta = catalog.meta(db)
    done = [f"made the folder {name}" for name in make_folders(path)]
    known = read_identity(path)
    # After a catalog was made again, only the file knows the root.
    root = state.fingerprint(state.load(db) or {}) or (known.root if known else "")
    identity = Identity(meta.repository, meta.role, root, known.source_names if known else "")
    if known != identity:
        write_identity(path, identity)
        done.append(f"wrote {IDENTITY} again")
    for number, sha256 in db.execute("select number, sha256 from pack where state = 'sealed'").fetchall():
        if packs.open_path(number).exists() and not packs.sealed_path(sha256).exists():
            packs.finish(number, sha256)
            done.append(f"pack {number} was sealed but not yet in public/packs/")
    for number, size in db.execute("select number, size from pack where state = 'open'").fetchall():
        file = packs.open_path(number)
        if file.exists() and file.stat().st_size > size:
            _resize(file, size)
            done.append(f"cut off what a crash left at the end of {file.name}")
    if meta.role == "writer":
        # A writer may hold packs that were lost once and brought back from a mirror.
        for number, sha256 in db.execute("select number, sha256 from pack where state = 'absent'").fetchall():
            if packs.sealed_path(sha256).exists():
                _set_state(db, number, "sealed")
                done.append(f"{sha256}.pack is back")
        done += _reclaim(path, db, packs)
    return done + [f"removed the temporary file {name}" for name in remove_temporary(path)]


def _reclaim(path: Path, db: Database, packs: Packs) -> list[str]:
    if not discard.wasted(db):
        return []
    # A pack that is too short is reported, and filled up, below.
    with contextlib.closing(connect(path / CATALOG)) as own, contextlib.suppress(RepositoryError):
        Writer(path, own, packs).close()
        return ["took bytes of discarded elements out of the packs"]
    return []


def mend(path: Path, db: Database, findings: Iterable[Finding], report: VerifyReport) -> list[Finding]:
    """Mend what can be mended, and say so in the report; what is left to tell."""
    left = []
    for finding in findings:
        rest = _mend_one(path, db, finding, report.repaired)
        if rest is not None:
            left.append(rest)
    return left


def _mend_one(path: Path, db: Database, finding: Finding, repaired: list[str]) -> Finding | None:
    fault = finding.fault
    match fault:
        case Miscounted():
            with db.atomic():
                db.execute(
                    "update meta set elements = ?, standing = ?, records = ?",
                    [fault.elements, fault.standing, fault.records],
                )
            repaired.append("counted elements and records again")
            return None
        case Unindexed():
            with db.atomic():
                db.execute("insert into element_fts (element_fts) values ('rebuild')")
            repaired.append("rebuilt the full-text index")
            return None
        case Stray():
            set_aside(path, fault.path)
            repaired.append(f"{fault.path.relative_to(path).as_posix()} is in no record: moved to {LOST}/")
            return None
        case BadSegment():
            return _mend_segment(path, db, finding, fault, repaired)
        case BadPack():
            return _mend_pack(path, db, finding, fault, repaired)
    return finding


def _mend_segment(
    path: Path, db: Database, finding: Finding, fault: BadSegment, repaired: list[str]
) -> Finding | None:
    if catalog.meta(db).role == "mirror":
        set_aside(path, fault.path)  # what is not there the next sync notices
        return finding
    if segments.restore(path, db, fault.number):
        repaired.append(f"wrote {fault.path.relative_to(path).as_posix()} again out of the catalog's log")
        return None
    return Finding(segments.lost([fault.number]))


def _mend_pack(
    path: Path, db: Database, finding: Finding, fault: BadPack, repaired: list[str]
) -> Finding | None:
    """A mirror forgets a damaged pack, so that a sync fetches it again. A writer can only say what is lost."""
    shown = fault.path.relative_to(path).as_posix()
    if catalog.meta(db).role == "mirror":
        with Snapshot(path) as snapshot:
            lost = standing_in(snapshot, fault.number)
            fetches = snapshot.sync_command
        set_aside(path, fault.path)
        if fault.state == "open":
            with db.atomic():
                db.execute("delete from copy where pack = ?", [fault.number])
                db.execute("update pack set size = 0 where number = ?", [fault.number])
        else:
            _set_state(db, fault.number, "absent")
        repaired.append(f"{shown} {fault.what}: forgotten, so that a sync fetches its elements again")
        with contextlib.suppress(HaacError):
            head = read_head(path)
            if head and any(pack.sha256 == fault.path.stem for pack in head.packs):
                return None  # a mirror that publishes what it does not hold: `check_held` tells
        return (
            Finding(f"what {shown} had is not here now: `{fetches}` fetches it again", lost) if lost else None
        )
    if fault.state == "open":
        # Whatever is appended must come to lie where the catalog will say.
        size = db.execute("select size from pack where number = ?", [fault.number]).fetchone()[0]
        if not fault.path.exists() or fault.path.stat().st_size < size:
            _resize(fault.path, size)
    return finding


def _set_state(db: Database, number: int, state: str) -> None:
    with db.atomic():
        db.execute("update pack set state = ? where number = ?", [state, number])


def _resize(path: Path, size: int) -> None:
    """Cut a file, or fill it up with zeros, to `size` bytes; durable on return."""
    with path.open("ab") as file:
        file.truncate(size)
        os.fsync(file.fileno())
    sync_folder(path.parent)
