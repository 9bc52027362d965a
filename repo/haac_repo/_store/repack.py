"""Repacking: packs are replaced by one that holds what is left of them, without the bytes of withdrawn elements.

Which bytes that one holds follows from the log alone, so a mirror that has the old packs makes the new one itself: pack by pack in
the order of the record, each byte range that an element keeps, in order of its offset, back to back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haac_repo._errors import IntegrityError
from haac_repo._ids import format_id
from haac_repo._store.packs import Packs

if TYPE_CHECKING:
    from sqlite_utils import Database

MOST = 256
"""Packs that one log record replaces."""
_PIECE = 2**20

KEEPS = "(withdrawn is null or keep_bytes)"
"""SQL: an element whose bytes stay."""


@dataclass(frozen=True, slots=True)
class Range:
    """A byte range that stays, in a pack that is replaced."""

    pack: int
    """Number of the pack."""
    offset: int
    length: int


def ranges(db: Database, packs: Iterable[int]) -> list[Range]:
    """The byte ranges that elements keep in packs, as they follow one another in the pack that replaces these.

    A range goes only if every element that has it was withdrawn.
    """
    found = []
    for pack in packs:
        rows = db.execute(
            f"select distinct offset, length from element where pack = ? and {KEEPS} order by offset, length",
            [pack],
        )
        found += [Range(pack, *row) for row in rows.fetchall()]
    return found


_UNACCOUNTED = f"""
with kept as (select distinct pack, offset, offset + length as stop from element where pack is not null and {KEEPS}),
bare as (
    select pack as owner, offset as stop,
        max(stop) over (partition by pack order by offset, stop rows between unbounded preceding and 1 preceding) as start
    from kept
    union all
    select number, size, max(stop) from pack left join kept on kept.pack = number where sha256 is not null group by number
)
select number, sha256, state, coalesce(start, 0) as start, stop - coalesce(start, 0) as length
from bare join pack on number = owner where stop > coalesce(start, 0) order by number, start
"""
# Between each kept range and the furthest end of those before it, and behind the last one.


def unaccounted(db: Database) -> list[tuple[int, int, int]]:
    """Byte ranges in sealed packs that no element keeps: of withdrawn elements, and those that no element has at all.

    Returns:
        Number of the pack, offset and length of each, in order. Empty once all takedowns are published.
    """
    rows = db.execute(_UNACCOUNTED).fetchall()
    return [(number, offset, length) for number, _, state, offset, length in rows if state == "sealed"]


def wasteful(db: Database) -> list[tuple[int, str, int]]:
    """Number, SHA-256 and bytes to be saved of the packs with bytes that no element keeps, in order; absent ones too.

    Packs that no element was ever in are left out: no log record names them, so none can replace them.
    """
    saved: dict[tuple[int, str], int] = {}
    for number, sha256, _, _, length in db.execute(_UNACCOUNTED).fetchall():
        saved[number, sha256] = saved.get((number, sha256), 0) + length
    has_elements = "select 1 from element where pack = ? limit 1"
    return [
        (*pack, length) for pack, length in saved.items() if db.execute(has_elements, pack[:1]).fetchone()
    ]


def write(db: Database, packs: Packs, numbers: Iterable[int]) -> tuple[str, int] | None:
    """Write the pack that replaces some; SHA-256 (hex) and size, None if nothing is left of them. Durable on return.

    The catalog follows with the log record. Every element is compared with its SHA-256 on the way: mirrors make the same pack out of
    what they hold, so damage must not get into it.

    Raises:
        IntegrityError: something that is to be kept is damaged or gone.
    """
    kept = ranges(db, numbers)
    return packs.write_sealed(_pieces(db, packs, kept)) if kept else None


def damage(db: Database, packs: Packs, number: int) -> str:
    """What keeps a pack from being replaced; '' if nothing does. Reads it."""
    try:
        for _ in _pieces(db, packs, ranges(db, [number])):
            pass
    except IntegrityError as error:
        return str(error)
    return ""


def _pieces(db: Database, packs: Packs, kept: Iterable[Range]) -> Iterator[bytes]:
    """The checked bytes of ranges, some at a time."""
    for each in kept:
        element, sha256, pack = db.execute(
            "select element.number, element.sha256, pack.sha256 from element join pack on pack.number = element.pack"
            f" where element.pack = ? and offset = ? and length = ? and {KEEPS} order by element.number",
            [each.pack, each.offset, each.length],
        ).fetchone()
        path = packs.path(each.pack, pack)
        digest, left = hashlib.sha256(), each.length
        try:
            with path.open("rb") as file:
                file.seek(each.offset)
                while left and (piece := file.read(min(left, _PIECE))):
                    left -= len(piece)
                    digest.update(piece)
                    yield piece
        except FileNotFoundError as error:
            raise IntegrityError(f"{path.name} is gone") from error
        if digest.hexdigest() != sha256:
            raise IntegrityError(f"element {format_id(element)} in {path.name} is damaged")


def record(packs: Sequence[str], new: str | None, length: int, seq: int, time: str) -> dict[str, Any]:
    """The log record that packs (SHA-256, hex) are replaced by `new`, of `length` bytes; None if nothing is left."""
    made: dict[str, Any] = {"op": "repack", "seq": seq, "packs": list(packs), "time": time}
    return made if new is None else made | {"pack": new, "length": length}


def apply(db: Database, record: Mapping[str, Any], *, held: bool) -> None:
    """Apply a `repack` record to the catalog, inside `db.atomic()`: elements move, the replaced packs leave the catalog.

    The replaced packs are noted in `superseded`: their files go once the head that lists them no more is written.

    Args:
        db: The catalog.
        record: Checked as `parse_record` does.
        held: Whether the new pack's file is here and was verified.

    Raises:
        IntegrityError: it replaces a pack that is not there, or the new one's length is not that of what is left.
    """
    numbers = [_number(db, sha256, record["seq"]) for sha256 in record["packs"]]
    kept = ranges(db, numbers)
    total = sum(each.length for each in kept)
    if total != record.get("length", 0):
        raise IntegrityError(
            f"log record {record['seq']} replaces packs by one of {record.get('length', 0)} bytes; what is left of them has {total}"
        )
    replaced = [json.dumps(numbers)]
    among = "(select value from json_each(?1))"
    _keep_places(db, among, replaced)
    new = _new_row(db, record["pack"], total, held=held) if kept else None
    offset = 0
    for each in kept:
        db.execute(
            "update element set pack = ?, offset = ? where pack = ? and offset = ? and length = ?",
            [new, offset, each.pack, each.offset, each.length],
        )
        offset += each.length
    # A mirror's own copies of what is gone: their pack says that it has bytes of nobody.
    db.execute(
        "update pack set discarded = discarded + lost from (select copy.pack as owner, sum(length) as lost from copy"
        f" join element on element.number = copy.element where element.pack in {among} group by copy.pack) where number = owner",
        replaced,
    )
    db.execute(
        f"delete from copy where element in (select number from element where element.pack in {among})",
        replaced,
    )
    db.execute(f"update element set pack = null, offset = 0 where pack in {among}", replaced)
    db.execute(
        f"insert or ignore into superseded (sha256) select sha256 from pack where number in {among}", replaced
    )
    db.execute(f"delete from pack where number in {among}", replaced)


def _keep_places(db: Database, among: str, replaced: list[str]) -> None:
    """Note in a writer's log where elements were published to be, before they move: a lost segment is written again out of that."""
    db.execute(
        "update log set record = json_set(record, '$.pack', place.sha256, '$.offset', place.offset) from"
        " (select element.number, pack.sha256, element.offset from element join pack on pack.number = element.pack"
        f" where element.pack in {among}) as place"
        " where op = 'add' and log.element = place.number and json_extract(record, '$.pack') is null",
        replaced,
    )


def superseded(db: Database) -> list[str]:
    """SHA-256 of packs that were replaced, and whose files have not been deleted yet."""
    return [row[0] for row in db.execute("select sha256 from superseded order by sha256").fetchall()]


def forget_superseded(db: Database, sha256: str) -> None:
    """The file of a replaced pack is gone."""
    with db.atomic():
        db.execute("delete from superseded where sha256 = ?", [sha256])


def add_row(db: Database, sha256: str, size: int, *, held: bool) -> int:
    """The row of a new sealed (or absent) pack, inside a transaction; its number.

    It may have the bytes of one that was replaced before.
    """
    db.execute("delete from superseded where sha256 = ?", [sha256])
    number: int = db.execute(
        "insert into pack (number, state, sha256, size) select coalesce(max(number), 0) + 1, ?, ?, ? from pack"
        " returning number",
        ["sealed" if held else "absent", sha256, size],
    ).fetchone()[0]
    return number


def _new_row(db: Database, sha256: str, size: int, *, held: bool) -> int:
    row = db.execute("select number from pack where sha256 = ?", [sha256]).fetchone()
    if row is None:
        return add_row(db, sha256, size, held=held)
    number: int = row[0]
    if held:  # it may have been lost
        db.execute("update pack set state = 'sealed' where number = ?", [number])
    return number


def _number(db: Database, sha256: str, seq: int) -> int:
    row = db.execute("select number from pack where sha256 = ?", [sha256]).fetchone()
    if row is None:
        raise IntegrityError(f"log record {seq} replaces pack {sha256[:12]}..., in which no element is")
    number: int = row[0]
    return number
