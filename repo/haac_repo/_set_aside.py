"""What was set aside in `lost/` does not keep the bytes of withdrawn elements."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._store.layout import LOST

if TYPE_CHECKING:
    from sqlite_utils import Database


def blank_set_aside(db: Database, path: Path) -> list[str]:
    """Overwrite the bytes of withdrawn elements in files that were set aside, with zeros; which files, relative to `lost/`.

    Found by their hashes, wherever they stand in a file, so a damaged one is not found.
    """
    files = sorted(file for file in (path / LOST).rglob("*") if file.is_file() and not file.is_symlink())
    if not files:
        return []
    gone: dict[int, set[str]] = {}
    for length, sha256 in db.execute(
        "select length, sha256 from element where pack is null and sha256 not in"
        " (select sha256 from element where pack is not null)"
    ).fetchall():
        gone.setdefault(length, set()).add(sha256)
    return [file.relative_to(path / LOST).as_posix() for file in files if gone and _blank(file, gone)]


def _blank(path: Path, gone: dict[int, set[str]]) -> bool:
    if path.stat().st_size == 0:
        return False
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = list(_found(data, gone))
        for offset, length in found:
            file.seek(offset)
            file.write(bytes(length))
        file.flush()
        os.fsync(file.fileno())
    return bool(found)


def _found(data: mmap.mmap, gone: dict[int, set[str]]) -> Iterator[tuple[int, int]]:
    """(offset, length) of elements with one of these hashes by length. WebP says at its beginning how long it is."""
    at = data.find(b"RIFF")
    while at >= 0:
        length = int.from_bytes(data[at + 4 : at + 8], "little") + 8
        if length in gone and hashlib.sha256(data[at : at + length]).hexdigest() in gone[length]:
            yield at, length
        at = data.find(b"RIFF", at + 4)
