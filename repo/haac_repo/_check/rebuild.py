"""Catalog recovery: replay the published log, then salvage what is still readable of a damaged SQLite file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from haac_repo._errors import HaacError, IntegrityError, RepositoryError
from haac_repo._files import TEMPORARY, now, sync_folder
from haac_repo._ids import format_id
from haac_repo._mirror.mirror import check_applied, with_packs
from haac_repo._mirror.wire import HEAD_PATH, Head, LogOrder, read_segment, segment_path
from haac_repo._store import catalog, repack
from haac_repo._store.layout import IDENTITY, LOST, Identity, published_folder, read_identity
from haac_repo._store.packs import Packs, file_sha256
from haac_repo._store.schema import CATALOG, create_catalog

if TYPE_CHECKING:
    from sqlite_utils import Database

_UNREADABLE = (sqlite3.Error, ValueError, KeyError, TypeError)


def set_aside(folder: Path, path: Path) -> Path | None:
    """Quarantine a file of the repository `folder` in `lost/`, under a name that is free; None if it is not there."""
    if not path.exists():
        return None
    lost = folder / LOST
    lost.mkdir(exist_ok=True)
    target = lost / path.name
    while target.exists():
        target = lost / f"{path.name}.{secrets.token_hex(4)}"
    path.replace(target)
    sync_folder(lost)
    sync_folder(path.parent)
    return target


def rebuild(folder: Path) -> tuple[list[str], list[str]]:
    """Rebuild the catalog; the damaged one, if any, is kept in `lost/`. The caller holds the lock.

    Returns:
        What was done, and what could not be saved; for people.

    Raises:
        RepositoryError: the published files are damaged too, or there is nothing to go by.
    """
    head = _read_head(folder)
    known = _identity(folder, head)
    role = known.role
    temporary = folder / f"{CATALOG}.{secrets.token_hex(4)}{TEMPORARY}"
    damaged = folder / CATALOG
    db = create_catalog(temporary, known.id, role, now())
    done: list[str] = []
    lost: list[str] = []
    try:
        with db.atomic():
            if head is not None:
                _apply_published(db, folder, head)
            published = catalog.meta(db).records
            done.append(f"made the catalog again out of {published} published log records")
            if damaged.exists() and damaged.stat().st_size and role == "writer":
                _salvage(db, folder, damaged)
                more = catalog.meta(db).records - published
                done.append(f"and out of {more} more records that the damaged one still had")
            last = catalog.meta(db).elements
            packs = {
                row[0] for row in db.execute("select sha256 from pack where state = 'sealed'").fetchall()
            } | set(repack.superseded(db))
            growing = {
                str(row[0]) for row in db.execute("select number from pack where state = 'open'").fetchall()
            }
    except BaseException:
        db.close()
        temporary.unlink()
        raise
    db.close()
    if known.root:
        done.append(
            f"this mirror follows a signed repository, and what it had verified of it is lost: the next `haac sync` verifies it"
            f" again, from the root that {IDENTITY} keeps (SHA-256 {known.root})"
        )
    for path in sorted([*(folder / "open").glob("*.pack"), *published_folder(folder).glob("packs/*.pack")]):
        if path.stem not in (growing if path.parent.name == "open" else packs):
            size = path.stat().st_size
            set_aside(folder, path)
            shown = path.relative_to(folder)
            if role == "mirror":
                done.append(
                    f"{shown} is not published: moved to {LOST}/; `haac sync` fetches what is missing"
                )
            else:
                lost.append(
                    f"{shown}, {size} bytes of elements, was never published and the record of their ids is lost:"
                    f" moved to {LOST}/. Ids from {format_id(last + 1)} on will be given out again"
                )
    for suffix in ("-wal", "-shm", ""):
        set_aside(folder, folder / f"{CATALOG}{suffix}")
    temporary.replace(folder / CATALOG)
    sync_folder(folder)
    return done, lost


def _read_head(folder: Path) -> Head | None:
    path = published_folder(folder) / HEAD_PATH
    return Head.from_bytes(path.read_bytes()) if path.exists() else None


def _identity(folder: Path, head: Head | None) -> Identity:
    identity = read_identity(folder)
    if identity is None:
        raise RepositoryError(
            f"{folder} has lost both its catalog and {IDENTITY}, so nobody knows whether it is a mirror: sync a new"
            " mirror from it, or bring back one of the two"
        )
    if head is not None and head.repository != identity.id:
        raise RepositoryError(f"{IDENTITY} of {folder} says {identity.id}, its head {head.repository}")
    return identity


def _apply_published(db: Database, folder: Path, head: Head) -> None:
    packs = Packs(folder)
    for pack in head.packs:
        path = packs.sealed_path(pack.sha256)
        if not path.exists():
            # A crash may have kept it from its new name.
            for other in packs.open_folder.glob("*.pack"):
                if other.stat().st_size == pack.length and file_sha256(other) == pack.sha256:
                    other.replace(path)
                    sync_folder(path.parent)
                    break
    lengths = {pack.sha256: pack.length for pack in head.packs}
    order = LogOrder(0, 0, lengths)
    for number, info in enumerate(head.segments, 1):
        path = published_folder(folder) / segment_path(number)
        if not path.exists() or file_sha256(path) != info.sha256:
            raise IntegrityError(
                f"the published log segment {path.name} is damaged too: bring it back from a mirror, then repair again"
            )
        with path.open("rb") as file:
            catalog.apply_records(db, with_packs(db, order.checked(read_segment(file, info)), lengths))
        db.execute(
            "insert into published (number, sha256, bytes, inflated, last_seq) values (?, ?, ?, ?, ?)",
            [number, info.sha256, info.length, info.inflated, order.records],
        )
    check_applied(db, head)
    for pack in head.packs:
        if packs.sealed_path(pack.sha256).exists():
            db.execute("update pack set state = 'sealed' where sha256 = ?", [pack.sha256])


def _salvage(db: Database, folder: Path, damaged: Path) -> None:
    """Salvage records of the damaged catalog that follow the published ones, as far as their bytes match their hashes."""
    packs = Packs(folder)
    old = sqlite3.connect(f"file:{quote(str(damaged.absolute()))}?mode=ro", uri=True)
    with contextlib.closing(old):
        with contextlib.suppress(*_UNREADABLE, HaacError):
            last = catalog.meta(db).records
            for seq, text in old.execute("select seq, record from log where seq > ? order by seq", [last]):
                with db.atomic():
                    if seq != last + 1 or not _take(db, old, packs, json.loads(text) | {"seq": seq}):
                        break
                last = seq
        with contextlib.suppress(*_UNREADABLE):
            for row in old.execute("select sha256, settings, name, numbers, time from source"):
                db.execute("insert or replace into source values (?, ?, ?, ?, ?)", row)


def _take(db: Database, old: sqlite3.Connection, packs: Packs, record: dict[str, Any]) -> bool:
    if record["op"] != "add":
        catalog.apply_records(
            db, [record], repacked=lambda made: "pack" in made and packs.sealed_path(made["pack"]).exists()
        )
        return True
    row = old.execute("select pack from element where number = ?", [record["id"]]).fetchone()
    if "pack" in record or row[0] is None:
        # Its pack was replaced, as a later record says, or its bytes went before they were published.
        catalog.apply_records(db, with_packs(db, [record], {}))
        return True
    # A catalog of the first schemas, too damaged to be migrated, has no such column.
    columns = {row[1] for row in old.execute("pragma table_info(pack)")}
    lost = "discarded" if "discarded" in columns else "0"
    number, sha256, discarded, record["offset"] = old.execute(
        f"select pack.number, pack.sha256, {lost}, offset from element join pack on pack.number = element.pack"
        " where element.number = ?",
        [record["id"]],
    ).fetchone()
    path = packs.path(number, sha256)
    if record["id"] <= catalog.meta(db).elements or not path.exists():
        return False
    with path.open("rb") as file:
        file.seek(record["offset"])
        if hashlib.sha256(file.read(record["length"])).hexdigest() != record["sha256"]:
            return False
    end = record["offset"] + record["length"]
    if sha256 is not None:
        end = max(end, path.stat().st_size)
    known = db.execute("select number from pack where number = ? or sha256 = ?", [number, sha256]).fetchone()
    if known is None:
        db.execute(
            "insert into pack (number, state, sha256, size, discarded) values (?, ?, ?, ?, ?)",
            [number, "open" if sha256 is None else "sealed", sha256, end, discarded],
        )
    else:
        number = known[0]
        db.execute("update pack set size = max(size, ?) where number = ?", [end, number])
    catalog.apply_record(db, record, number)
    return True
