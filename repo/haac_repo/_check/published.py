"""Check of what is published: the head, the log segments, and whether a mirror holds what its head lists."""

from __future__ import annotations

from collections.abc import Iterator

from haac_repo._check.report import BadSegment, Finding
from haac_repo._check.snapshot import Row, Snapshot, fresh, is_locked, persistent
from haac_repo._errors import HaacError
from haac_repo._mirror.leftovers import missing_segments
from haac_repo._mirror.wire import Head
from haac_repo._publish.publish import read_head
from haac_repo._trust import sign


def check_published(snapshot: Snapshot, *, quick: bool, alone: bool) -> Iterator[Finding]:
    """Check head, signatures and log segments against what was published.

    Args:
        snapshot: Of the catalog.
        quick: Read no segment.
        alone: The caller holds the writer's lock, so nobody else is writing.
    """
    yield from _check_head(snapshot, alone=alone)
    if not snapshot.is_mirror:
        yield from (Finding(text) for text in sign.problems(snapshot.path))
    for bad in missing_segments(snapshot.path, snapshot.db, quick=quick):
        mends = (
            f"`{snapshot.sync_command}` brings it again"
            if snapshot.is_mirror
            else "`haac verify --repair` writes it again"
        )
        yield Finding(
            f"{bad.path.name}, a published log segment, {bad.what}, and new mirrors fail: {mends}",
            fault=BadSegment(bad.number, bad.path),
        )


def _check_head(snapshot: Snapshot, *, alone: bool) -> Iterator[Finding]:
    again = f"`{snapshot.sync_command}`" if snapshot.is_mirror else "`haac publish`"
    # Asked before: who writes lets go of the lock once the head is there.
    busy = not alone and is_locked(snapshot.path)
    try:
        head = read_head(snapshot.path)
    except HaacError as error:
        yield Finding(f"{error}; {again} writes it again")
        return
    if head is None:
        with fresh(snapshot) as now:  # a mirror that is to lose packs loses its head first
            expected = _was_published(snapshot) and _was_published(now)
        if expected:
            yield Finding(
                f"log segments are written, and no head lists them: it is lost, or what wrote them was cut short. Nobody can sync: {again}"
                " writes it",
                harmless=busy or (not alone and is_locked(snapshot.path)),
            )
        return
    if head.repository != snapshot.meta.repository:
        yield Finding(f"the head is of another repository, {head.repository}; {again} writes it again")
        return
    rows = snapshot.rows("select sha256, bytes, inflated from published order by number")
    listed = [(info.sha256, info.length, info.inflated) for info in head.segments]
    if listed[: len(rows)] != rows[: len(listed)]:
        yield Finding(f"the head lists other log segments than were written; {again} writes it again")


def _was_published(snapshot: Snapshot) -> bool:
    """Whether a head must be there: of a writer if segments are, of a mirror if it accepted one and has all packs."""
    if snapshot.is_mirror:
        return bool(snapshot.rows("select 1 from accepted")) and not _absent(snapshot)
    return bool(snapshot.rows("select 1 from published limit 1"))


def readable_head(snapshot: Snapshot) -> Head | None:
    """The folder's head; None if there is none, or a damaged one."""
    try:
        return read_head(snapshot.path)
    except HaacError:
        return None


def check_held(snapshot: Snapshot) -> Iterator[Finding]:
    """Check whether a mirror holds all that it publishes, or what of its repository it holds."""
    if not snapshot.is_mirror:
        return
    found = persistent(snapshot, _absent, _promised)
    missing = held(snapshot)[1]
    if found is None and not missing and not _absent(snapshot):
        return
    live = snapshot.meta.standing
    holds = f"this mirror holds {live - len(missing):,} of {live:,} elements"
    if found:
        yield Finding(
            f"{holds}, and lacks packs that it publishes ({len(found):,}): `{snapshot.sync_command}` brings them again",
            tuple(missing),
        )
    else:
        yield Finding(f"{holds}: `{snapshot.sync_command}` brings the rest", harmless=True)


def held(snapshot: Snapshot) -> tuple[int, list[int]]:
    """How many live elements are held, and the numbers of the others."""
    missing = [
        row[0]
        for row in snapshot.rows(
            "select element.number from element join pack on pack.number = element.pack where withdrawn is null"
            " and state = 'absent' and not exists (select 1 from copy where copy.element = element.number)"
            " order by element.number"
        )
    ]
    return snapshot.meta.standing - len(missing), missing


def _absent(snapshot: Snapshot) -> list[Row]:
    return snapshot.rows("select sha256 from pack where state = 'absent' order by number")


def _promised(snapshot: Snapshot, absent: list[Row]) -> list[str] | None:
    """Absent packs that the head lists."""
    head = readable_head(snapshot) if absent else None
    promised = {pack.sha256 for pack in head.packs} if head else set()
    return [row[0] for row in absent if row[0] in promised] or None
