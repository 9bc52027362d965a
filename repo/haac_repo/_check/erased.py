"""Check that takedowns took the bytes away: none of withdrawn elements are here, and no sealed pack has bytes of nobody."""

from __future__ import annotations

from collections.abc import Iterator

from haac_repo._check.published import readable_head
from haac_repo._check.report import Finding
from haac_repo._check.snapshot import Row, Snapshot, persistent
from haac_repo._store import repack

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
    head = readable_head(snapshot)
    listed = {pack.sha256 for pack in head.packs} if head else set()
    replaced = [sha256 for sha256 in repack.superseded(snapshot.db) if sha256 not in listed]
    if here := [sha256 for sha256 in replaced if snapshot.packs.sealed_path(sha256).exists()]:
        what = "haac sync" if snapshot.is_mirror else "haac publish"
        yield Finding(
            f"packs that were replaced are still here ({len(here):,}): `{what}` deletes them", harmless=True
        )
    yield from _check_bare(snapshot)


def _published_takedowns(snapshot: Snapshot, left: list[Row]) -> tuple[int, ...] | None:
    """Those of the withdrawn elements whose takedown stands in the writer's published head."""
    head = readable_head(snapshot)
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
            f"{sum(length for _, _, length in bare):,} bytes in packs {', '.join(map(str, packs[:10]))}"
            f"{'...' if len(packs) > 10 else ''} belong to no element"
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
