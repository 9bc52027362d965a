"""The bytes of withdrawn elements go when a repository is published: out of its packs, and out of what was set aside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import IntegrityError
from haac_repo._files import sync_folder
from haac_repo._store import repack
from haac_repo._store.packs import Packs

if TYPE_CHECKING:
    from sqlite_utils import Database

    from haac_repo._mirror.wire import Head
    from haac_repo._store.writer import Writer


Wasteful = Sequence[tuple[int, str, int]]
"""Packs with bytes that no element keeps: number, SHA-256 and how many bytes."""


@dataclass(slots=True)
class Erased:
    """What a publishing did about the bytes of withdrawn elements."""

    elements: int = 0
    """That have no bytes any more."""
    earlier: int = 0
    """Of them: whose takedown was published before, when bytes stayed."""
    packs: int = 0
    """Published packs that were replaced, or went as a whole."""
    bytes: int = 0
    """Freed in packs."""
    set_aside: list[str] = field(default_factory=list)
    """Files in `lost/` in which such bytes were overwritten with zeros."""
    damaged: list[str] = field(default_factory=list)
    """Why packs could not be replaced, one text each."""


def without_bytes(db: Database) -> int:
    """How many elements have no bytes any more."""
    count: int = db.execute("select count(*) from element where pack is null").fetchone()[0]
    return count


def has_unpublished(db: Database, packs: Wasteful, last: int) -> bool:
    """Whether elements above `last`, the highest published one, are in some packs.

    That is so where a pack has the bytes of elements that were taken down and added again, in the same order.
    """
    found = db.execute(
        "select 1 from element where number > ? and pack in (select value from json_each(?)) limit 1",
        [last, json.dumps([number for number, *_ in packs])],
    )
    return found.fetchone() is not None


def replace_packs(db: Database, writer: Writer, packs: Wasteful, seq: int, erased: Erased) -> None:
    """Replace published packs that have bytes that no element keeps. No element in them may be unpublished.

    Args:
        db: The catalog.
        writer: Of the repository.
        packs: As `repack.wasteful` found them.
        seq: Last log record that was published before.
        erased: Told what was done.
    """
    before = _earlier(db, seq) if packs else 0
    for number, sha256, saved in packs:
        try:
            writer.replace([(number, sha256)])
        except IntegrityError as error:
            erased.damaged.append(str(error))
        else:
            erased.packs += 1
            erased.bytes += saved
    erased.earlier = _earlier(db, seq) - before if packs else 0


def _earlier(db: Database, seq: int) -> int:
    """How many elements without bytes were withdrawn by a record up to `seq`."""
    count: int = db.execute(
        "select count(distinct element) from log join element on element.number = log.element"
        " where op = 'withdraw' and seq <= ? and pack is null",
        [seq],
    ).fetchone()[0]
    return count


def delete_superseded(db: Database, path: Path, head: Head) -> None:
    """Delete the files of replaced packs that a written head does not list any more."""
    listed = {pack.sha256 for pack in head.packs}
    packs = Packs(path)
    gone = [sha256 for sha256 in repack.superseded(db) if sha256 not in listed]
    if not gone:
        return
    # The files before their rows: a file without one would stay for ever.
    for sha256 in gone:
        packs.sealed_path(sha256).unlink(missing_ok=True)
    sync_folder(packs.sealed_folder)
    with db.atomic():
        for sha256 in gone:
            repack.forget_superseded(db, sha256)
