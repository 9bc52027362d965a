"""Check of what is published: the head, the log segments, takedowns that took the bytes away."""

from __future__ import annotations

from collections.abc import Iterator

from haac_repo._check.report import BadSegment, Finding
from haac_repo._check.snapshot import Row, Snapshot, persistent
from haac_repo._errors import HaacError
from haac_repo._mirror import segments
from haac_repo._mirror.publish import read_head
from haac_repo._mirror.wire import Head
from haac_repo._store import repack


def check_published(snapshot: Snapshot, *, quick: bool) -> Iterator[Finding]:
    """Check head and log segments against what was published.

    The signed metadata of `public/metadata` has its check in the room of trust, which is called from here once there is one: its hashes
    against the table `trust` and against the head, without a network.
    """
    yield from _check_head(snapshot)
    for bad in segments.missing(snapshot.path, snapshot.db, quick=quick):
        mends = (
            f"`{snapshot.sync_command}` brings it again"
            if snapshot.is_mirror
            else "`haac verify --repair` writes it again"
        )
        yield Finding(
            f"{bad.path.name}, a published log segment, {bad.what}, and new mirrors fail: {mends}",
            fault=BadSegment(bad.number, bad.path),
        )


def _check_head(snapshot: Snapshot) -> Iterator[Finding]:
    again = f"`{snapshot.sync_command}`" if snapshot.is_mirror else "`haac publish`"
    try:
        head = read_head(snapshot.path)
    except HaacError as error:
        yield Finding(f"{error}; {again} writes it again")
        return
    if head is None:
        return
    if head.repository != snapshot.meta.repository:
        yield Finding(f"the head is of another repository, {head.repository}; {again} writes it again")
        return
    rows = snapshot.rows("select sha256, bytes, inflated from published order by number")
    listed = [(info.sha256, info.length, info.inflated) for info in head.segments]
    if listed[: len(rows)] != rows[: len(listed)]:
        yield Finding(f"the head lists other log segments than were written; {again} writes it again")


def _readable_head(snapshot: Snapshot) -> Head | None:
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
            f"{holds}, and publishes {len(found):,} packs that are not here: `{snapshot.sync_command}` brings them again",
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
    head = _readable_head(snapshot) if absent else None
    promised = {pack.sha256 for pack in head.packs} if head else set()
    return [row[0] for row in absent if row[0] in promised] or None


_WITHDRAWN = (
    f"select element.number from element join pack on pack.number = element.pack where not {repack.KEEPS} and state != 'absent'"
    " and not exists (select 1 from element as other where other.pack = element.pack and other.offset = element.offset"
    " and other.length = element.length and (other.withdrawn is null or other.keep_bytes)) order by element.number"
)


def check_erased(snapshot: Snapshot) -> Iterator[Finding]:
    """Check that the bytes of withdrawn elements are gone, and that no sealed pack has bytes of nobody.

    Before they are published, takedowns leave bytes where they are; and a mirror has what its origin publishes.
    """
    left = snapshot.rows(_WITHDRAWN)
    late = persistent(snapshot, lambda view: view.rows(_WITHDRAWN), _published_takedowns) or ()
    if late:
        yield Finding(
            f"{_elements(len(late))} taken down, which is published, and the bytes are here still: `haac publish` takes them out",
            late,
        )
    if len(left) > len(late):
        goes = (
            "`haac sync` takes them out, after a `haac publish` where it came from"
            if snapshot.is_mirror
            else "`haac publish` takes them out"
        )
        yield Finding(
            f"{_elements(len(left) - len(late))} taken down, and the bytes are here still: {goes}",
            harmless=True,
        )
    head = _readable_head(snapshot)
    listed = {pack.sha256 for pack in head.packs} if head else set()
    replaced = [sha256 for sha256 in repack.superseded(snapshot.db) if sha256 not in listed]
    if here := [sha256 for sha256 in replaced if snapshot.packs.sealed_path(sha256).exists()]:
        what = "haac sync" if snapshot.is_mirror else "haac publish"
        yield Finding(
            f"{len(here)} packs that were replaced are still here: `{what}` deletes them", harmless=True
        )
    yield from _check_bare(snapshot)


def _published_takedowns(snapshot: Snapshot, left: list[Row]) -> tuple[int, ...] | None:
    """Those of the withdrawn elements whose takedown stands in the writer's published head."""
    head = _readable_head(snapshot)
    if snapshot.is_mirror or head is None:
        return None
    public = {
        row[0]
        for row in snapshot.rows("select element from log where op = 'withdraw' and seq <= ?", head.records)
    }
    return tuple(number for (number,) in left if number in public) or None


def _check_bare(snapshot: Snapshot) -> Iterator[Finding]:
    """Bytes of nobody, but for those that discarding left, which are noted with their pack, and those of withdrawn elements."""
    ends: dict[tuple[int, int], int] = {
        (pack, offset): offset + length
        for pack, offset, length in snapshot.rows(
            "select pack, offset, length from element where pack is not null and withdrawn is not null"
        )
    }
    discarded = {row[0] for row in snapshot.rows("select number from pack where discarded > 0")}
    bare = [
        each
        for each in repack.unaccounted(snapshot.db)
        if each[0] not in discarded and not _is_covered(each, ends)
    ]
    if bare:
        packs = sorted({pack for pack, _, _ in bare})
        yield Finding(
            f"{sum(length for _, _, length in bare):,} bytes in {len(packs)} packs (the first is pack {packs[0]}) belong to no element"
            + ("" if snapshot.is_mirror else ": `haac publish` takes them out"),
            harmless=snapshot.is_mirror,
        )


def _elements(count: int) -> str:
    return f"{count:,} {'element was' if count == 1 else 'elements were'}"


def _is_covered(bare: tuple[int, int, int], ends: dict[tuple[int, int], int]) -> bool:
    """Whether a range of bytes is filled by those of withdrawn elements, whose ends are given."""
    pack, at, length = bare
    stop = at + length
    while at < stop and (pack, at) in ends:
        at = ends[pack, at]
    return at >= stop
