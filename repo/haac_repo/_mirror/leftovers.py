"""What the folder of a mirror has lost, and what is left over in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._files import TEMPORARY
from haac_repo._mirror.wire import Head, segment_path
from haac_repo._store import repack
from haac_repo._store.layout import FOLDERS, PART, published_folder
from haac_repo._store.packs import Packs, file_sha256

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class MissingSegment:
    """A published log segment whose file is not what was published."""

    number: int
    path: Path
    what: str
    """'is gone' or 'is damaged'."""


def missing_segments(path: Path, db: Database, *, quick: bool = True) -> list[MissingSegment]:
    """Published log segments that are gone or damaged in the repository or mirror `path`.

    Args:
        path: Its folder.
        db: Its catalog.
        quick: Compare lengths only, not hashes.
    """
    found = []
    for number, sha256, size in db.execute(
        "select number, sha256, bytes from published order by number"
    ).fetchall():
        file = published_folder(path) / segment_path(number)
        if not file.is_file():
            found.append(MissingSegment(number, file, "is gone"))
        elif file.stat().st_size != size or (not quick and file_sha256(file) != sha256):
            found.append(MissingSegment(number, file, "is damaged"))
    return found


def mark_lost(db: Database, path: Path) -> None:
    """Packs whose files are not in their place, or of another length, are absent. Inside a transaction."""
    packs = Packs(path)
    rows = db.execute("select number, sha256, size from pack where state = 'sealed'").fetchall()
    for number, sha256, size in rows:
        if _size(packs.sealed_path(sha256)) != size:
            db.execute("update pack set state = 'absent' where number = ?", [number])


def sweep(db: Database, path: Path, head: Head) -> None:
    """Garbage collection: delete what neither the catalog nor a head lists.

    That is what refused heads and killed syncs left: packs, log segments, partial downloads that no sync will resume, temporary files.
    """
    packs = Packs(path)
    listed = {pack.sha256 for pack in head.packs}
    sealed = {row[0] for row in db.execute("select sha256 from pack where state = 'sealed'").fetchall()}
    known = db.execute("select count(*) from published").fetchone()[0]
    parts = (listed - sealed) | {info.sha256 for info in head.segments}
    copies = {str(row[0]) for row in db.execute("select number from pack where state = 'open'").fetchall()}
    whole = listed | sealed | set(repack.superseded(db))
    segments = {Path(segment_path(n)).name for n in range(1, max(known, len(head.segments)) + 1)}
    kept: dict[Path, Callable[[Path], bool]] = {
        packs.open_folder: lambda file: file.stem in {PART: parts, ".pack": copies}.get(file.suffix, ()),
        packs.sealed_folder: lambda file: file.suffix == ".pack" and file.stem in whole,
        (published_folder(path) / segment_path(1)).parent: lambda file: file.name in segments,
    }
    for folder, is_kept in kept.items():
        for file in _files(folder):
            if file.is_symlink() or not is_kept(file):
                file.unlink()
    for folder in (path, *(path / name for name in FOLDERS)):
        for file in _files(folder):
            if file.suffix == TEMPORARY:
                file.unlink()


def forget_superseded(db: Database, packs: Iterable[str]) -> None:
    """The files of replaced packs are gone."""
    with db.atomic():
        for sha256 in packs:
            repack.forget_superseded(db, sha256)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _files(folder: Path) -> Iterator[Path]:
    yield from [entry for entry in folder.iterdir() if entry.is_symlink() or entry.is_file()]
