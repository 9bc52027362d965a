"""Check of the files: packs that are there, of the right length, and no others; what a crash left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from haac_repo._check.report import BadPack, Finding, Stray
from haac_repo._check.snapshot import Row, Snapshot, fresh, is_locked, persistent
from haac_repo._store import discard
from haac_repo._store.layout import FOLDERS, temporary_files

PACK = "select number, state, sha256, size, discarded from pack where number = ?"


def check_files(snapshot: Snapshot) -> Iterator[Finding]:
    """Check that the pack files are there, of the right length, and no others."""
    for (number,) in snapshot.rows("select number from pack order by number"):
        yield from check_pack(snapshot, number)
    yield from _check_strays(snapshot)
    for path in temporary_files(snapshot.path):
        yield Finding(
            f"{snapshot.shown(path)} is a temporary file: of somebody who is writing, or of a crash, and then the next writer"
            " removes it",
            harmless=True,
        )
    missing = [name for name in FOLDERS if not (snapshot.path / name).is_dir()]
    if missing:
        yield Finding(
            f"there is no folder {' and no '.join(missing)}: `haac verify --repair` makes it", harmless=True
        )


def check_pack(snapshot: Snapshot, number: int) -> list[Finding]:
    """What is wrong with one pack's file, and is so still when it is looked at again."""
    found = persistent(snapshot, lambda view: view.rows(PACK, number), _look)
    return found or []


def _look(snapshot: Snapshot, rows: list[Row]) -> list[Finding] | None:
    return [finding for row in rows for finding in _look_at(snapshot, *row)] or None


def _look_at(
    snapshot: Snapshot, number: int, state: str, sha256: str | None, size: int, discarded: int
) -> Iterator[Finding]:
    if state == "absent":
        if not snapshot.is_mirror:
            yield Finding(
                f"{sha256}.pack is gone: if a mirror has it, copy it to public/packs/ and verify with --repair",
                standing_in(snapshot, number),
            )
        return
    path = snapshot.packs.path(number, sha256)
    actual = _size(path)
    if actual < 0 and state == "open" and size == 0:
        return  # a crash came between its row and its file
    if discarded:
        yield Finding(f"pack {number} has {discarded} bytes of discarded elements", harmless=True)
        if actual < 0 and not discard.kept(snapshot.db, number):
            return  # a crash came between its end and that of its row
    if state == "sealed" and path.parent == snapshot.packs.open_folder:
        yield Finding(f"pack {number} is sealed but not yet in public/packs/", harmless=True)
    if state == "open" and actual > size:
        yield Finding(
            f"{path.name} has {actual - size} bytes at its end that were never committed", harmless=True
        )
    elif actual != size:
        what = "is gone" if actual < 0 else f"has {actual} bytes and should have {size}"
        yield bad_pack(
            snapshot, BadPack(number, state, path, what), standing_in(snapshot, number, max(actual, 0))
        )


def bad_pack(snapshot: Snapshot, fault: BadPack, lost: tuple[int, ...]) -> Finding:
    """The finding that a pack is damaged, with what to do."""
    advice = ""
    if snapshot.is_mirror:
        advice = (
            f": `haac verify --repair` puts it aside, and `{snapshot.sync_command}` fetches what it had again"
        )
    elif fault.state == "sealed":
        advice = ": if a mirror has it, copy it from there"
    return Finding(f"{snapshot.shown(fault.path)} {fault.what}{advice}", lost, fault=fault)


def standing_in(snapshot: Snapshot, pack: int, size: int = 0) -> tuple[int, ...]:
    """Live elements with bytes beyond the first `size` of a pack."""
    rows = snapshot.rows(
        "select number from element where pack = ?1 and offset + length > ?2 and withdrawn is null union"
        " select number from copy join element on number = copy.element where copy.pack = ?1"
        " and copy.offset + length > ?2 order by 1",
        pack,
        size,
    )
    return tuple(row[0] for row in rows)


def _check_strays(snapshot: Snapshot) -> Iterator[Finding]:
    packs = snapshot.packs
    found = [*packs.open_folder.glob("*.pack"), *packs.sealed_folder.glob("*.pack")]
    unknown = sorted(path for path in found if not _is_known(snapshot, path))
    if not unknown:
        return
    # Asked before the catalog is looked at again: whoever is not writing by then has told it of what he made.
    writing = is_locked(snapshot.path)
    with fresh(snapshot) as now:
        for path in unknown:
            # The catalog hears of most files before they are made, and of all before they go.
            if _is_known(now, path) or not path.exists():
                continue
            shown = now.shown(path)
            if now.rows("select 1 from pack where state = 'absent' and sha256 = ?", path.stem):
                took = (
                    "the next sync takes it" if now.is_mirror else "`haac verify --repair` takes it back in"
                )
                yield Finding(f"{shown} is here, and the catalog does not know it yet: {took}", harmless=True)
                continue
            yield Finding(
                f"{shown} is in no record: `haac verify --repair` moves it to lost/",
                # What stands there is given to whoever asks; but somebody who is writing may have made it just now.
                harmless=path.parent == packs.open_folder or writing or is_locked(now.path),
                fault=Stray(path),
            )


def _is_known(snapshot: Snapshot, path: Path) -> bool:
    if path.parent == snapshot.packs.sealed_folder:
        return bool(
            snapshot.rows(
                "select 1 from pack where sha256 = ?1 and state != 'absent' union select 1 from superseded where sha256 = ?1",
                path.stem,
            )
        )
    number = int(path.stem) if path.stem.isdigit() else -1
    return bool(
        snapshot.rows("select 1 from pack where number = ? and state != 'absent'", min(number, 2**63 - 1))
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1
