"""Starting over: a mirror forgets what it accepted, and keeps a copy of its catalog and head."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._files import sync_file, sync_folder, write_file
from haac_repo._mirror.evidence import new_folder
from haac_repo._mirror.wire import HEAD_PATH
from haac_repo._store.layout import LOST, published_folder
from haac_repo._store.schema import CATALOG

if TYPE_CHECKING:
    from sqlite_utils import Database


def keep_old(db: Database, path: Path) -> Path:
    """Copy catalog and head to MIRROR/lost/start-over-<time>/, which is returned. Outside of a transaction."""
    folder = new_folder(path, "start-over")
    try:
        db.execute("vacuum into ?", [str(folder / CATALOG)])
        sync_file(folder / CATALOG)
        head = published_folder(path) / HEAD_PATH
        if head.is_file():
            write_file(folder / HEAD_PATH, head.read_bytes())
        sync_folder(folder)
        sync_folder(path / LOST)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def forget_accepted(db: Database) -> None:
    """Forget all that was accepted, inside a transaction. The files of packs are kept until it is known which are of use."""
    db.execute("insert or ignore into superseded select sha256 from pack where state = 'sealed'")
    for table in ("copy", "element", "pack", "published", "accepted", "trust"):
        db.execute(f"delete from {table}")
    db.execute("insert into element_fts (element_fts) values ('delete-all')")
    # With `discards`, whoever remembers what numbers mean sees that it does not hold any more.
    db.execute("update meta set elements = 0, standing = 0, records = 0, discards = discards + 1")


def rebound(db: Database, old: Path) -> int:
    """Number of ids that mean other pixels than in the catalog `old`."""
    db.execute("attach ? as old", [str(old)])
    try:
        count: int = db.execute(
            "select count(*) from element join old.element as before using (number) where element.pixels != before.pixels"
        ).fetchone()[0]
    finally:
        db.execute("detach old")
    return count
