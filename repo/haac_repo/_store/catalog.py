"""Queries on the SQLite catalog, and the one mutation: applying log records.

Each function reads all it needs at once, so that no cursor holds up the writer's checkpoints. Whoever calls it
turns sqlite3.Error into RepositoryError (`storage_errors`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haac_repo._element import Element, Provenance
from haac_repo._limits import LIMITS
from haac_repo._search.vocabulary import match_expression
from haac_repo._store import repack
from haac_repo._store.packs import Place
from haac_repo._store.records import PROVENANCE, stored

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS = (
    "element.number, element.sha256, element.length, media_type, width, height, pixels, element.name, element.tags,"
    " colour, phash, withdrawn, keep_bytes, quality, doubts, derived_from, " + ", ".join(PROVENANCE)
)
_RANKED = 10_000
"""So many matches of a search are ranked; a word that more elements have tells them apart badly anyway."""


@dataclass(frozen=True, slots=True)
class Meta:
    """The row of `meta`."""

    repository: str
    role: str
    created: str
    origin: str
    """Where a mirror was last synced from."""
    elements: int
    """Highest element number given out."""
    standing: int
    """Live elements: those that were not withdrawn."""
    records: int
    """Log records; the last one's seq."""


def meta(db: Database) -> Meta:
    """Read the row of `meta`."""
    row = db.execute(
        "select repository, role, created, origin, elements, standing, records from meta where row = 1"
    ).fetchone()
    return Meta(*row)


def find(db: Database, number: int) -> Element | None:
    """The element of that number, also if it was withdrawn."""
    row = db.execute(f"select {_COLUMNS} from element where number = ?", [number]).fetchone()
    return None if row is None else _element(row)


def by_pixels(db: Database, pixels_sha256: str) -> Element | None:
    """The live element with these pixels (see `pixel_hash`); the first one, should there be several."""
    row = db.execute(
        f"select {_COLUMNS} from element where pixels = ? and withdrawn is null order by number limit 1",
        [pixels_sha256],
    ).fetchone()
    return None if row is None else _element(row)


def recuts(db: Database, number: int) -> list[Element]:
    """The live elements that are re-cuts of an element, in order."""
    rows = db.execute(
        f"select {_COLUMNS} from element where derived_from = ? and withdrawn is null order by number",
        [number],
    )
    return [_element(row) for row in rows.fetchall()]


def page(
    db: Database, after: int, limit: int, withdrawn: bool, last: int = LIMITS.id_max, tag: str = ""
) -> list[Element]:
    """At most `limit` elements with numbers above `after` and up to `last`, in order; only those with the tag if one is given."""
    only = "" if withdrawn else "and withdrawn is null"
    if tag:
        only += " and instr(',' || element.tags || ',', ',' || ?4 || ',')"
    rows = db.execute(
        f"select {_COLUMNS} from element where number > ?1 and number <= ?2 {only} order by number limit ?3",
        [after, last, limit, *([tag] if tag else [])],
    )
    return [_element(row) for row in rows.fetchall()]


def held(db: Database) -> list[tuple[int, str]]:
    """Numbers and pixel hashes of the live elements whose bytes are held, in order."""
    rows = db.execute(
        "select element.number, pixels from element join pack on pack.number = element.pack where withdrawn is null"
        " and (state != 'absent' or exists (select 1 from copy where copy.element = element.number))"
        " order by element.number"
    )
    return rows.fetchall()


def places(db: Database, number: int) -> list[Place]:
    """Locations of the element's bytes: where the log puts them, then a mirror's own copy."""
    rows = db.execute(
        "select pack.number, state, pack.sha256, offset from element join pack on pack.number = element.pack"
        " where element.number = ?1 union all"
        " select pack.number, state, pack.sha256, offset from copy join pack on pack.number = copy.pack"
        " where copy.element = ?1",
        [number],
    )
    return [Place(*row) for row in rows.fetchall()]


_DOUBTFUL = " and doubts != ''"


def search(
    db: Database, words: str, limit: int, *, doubtful: bool = False, exact: bool = False
) -> list[Element]:
    """Full-text search: live elements with all words in name or tags, best first; all if none given.

    A word stands for what begins with it and for its other forms; not if `exact`. Those that are `doubtful` only: without words the worst
    first.
    """
    if match := match_expression(db, words, exact=exact):
        rows = db.execute(
            f"select {_COLUMNS} from"
            f" (select rowid, rank from element_fts where element_fts match ? limit {_RANKED}) as found"
            f" join element on number = found.rowid where withdrawn is null{_DOUBTFUL if doubtful else ''}"
            " order by found.rank, number limit ?",
            [match, limit],
        )
    elif doubtful:
        rows = db.execute(
            f"select {_COLUMNS} from element where withdrawn is null{_DOUBTFUL} order by quality, number limit ?",
            [limit],
        )
    else:
        return page(db, 0, limit, withdrawn=False)
    return [_element(row) for row in rows.fetchall()]


def colours(
    db: Database, words: str, *, doubtful: bool = False, exact: bool = False
) -> Iterator[list[tuple[int, int]]]:
    """(colour, number) of the live (and `doubtful`) elements with all the words (as in `search`), some thousands at a time."""
    only = _DOUBTFUL if doubtful else ""
    if match := match_expression(db, words, exact=exact):
        cursor = db.execute(
            "select colour, number from element_fts join element on number = element_fts.rowid"
            f" where element_fts match ? and colour is not null and withdrawn is null{only}",
            [match],
        )
    else:
        cursor = db.execute(
            f"select colour, number from element where colour is not null and withdrawn is null{only}"
        )
    while rows := cursor.fetchmany(65_536):
        yield rows


def hashes(db: Database, after: int) -> Iterator[list[tuple[int, int]]]:
    """(number, perceptual hash as a signed integer) of elements above `after`, some thousands at a time."""
    cursor = db.execute(
        "select number, phash from element where phash is not null and number > ? order by number", [after]
    )
    while rows := cursor.fetchmany(65_536):
        yield rows


def discards(db: Database) -> int:
    """How often unpublished elements were discarded: since then numbers may mean other elements."""
    count: int = db.execute("select discards from meta where row = 1").fetchone()[0]
    return count


def published(db: Database) -> tuple[int, int]:
    """Last log record that stands in a published segment, and the highest element number given out up to it; 0, 0 if none.

    A segment counts from when it is written, before a head lists it: somebody may have it.
    """
    seq = db.execute("select coalesce(max(last_seq), 0) from published").fetchone()[0]
    row = db.execute(
        "select element from log where op = 'add' and seq <= ? order by seq desc limit 1", [seq]
    ).fetchone()
    return seq, 0 if row is None else row[0]


def source_done(db: Database, sha256: str, settings: str) -> bool:
    """Whether a source picture was ingested with these settings."""
    row = db.execute("select 1 from source where sha256 = ? and settings = ?", [sha256, settings]).fetchone()
    return row is not None


def apply_record(db: Database, record: Mapping[str, Any], pack: int | None = None) -> None:
    """Apply one log record; see `apply_records`."""
    apply_records(db, [record], pack)


def new_pack(db: Database) -> tuple[int, int]:
    """Create the row of an open pack; returns number and size (0).

    The row comes before the file, so that a file in `open` without one was never ours.
    """
    with db.atomic():
        number, size = db.execute(
            "insert into pack (number, state, size)"
            " select coalesce(max(number), 0) + 1, 'open', 0 from pack returning number, size"
        ).fetchone()
    return number, size


def apply_records(
    db: Database,
    records: Iterable[Mapping[str, Any]],
    pack: int | None = None,
    *,
    repacked: Callable[[Mapping[str, Any]], bool] = lambda _: False,
) -> None:
    """Apply log records in order: rows of `element` (full text by triggers), of `log`, and the counters.

    A mirror keeps the log as it was published, in `log/`, and has no rows of it.

    To be called inside `db.atomic()`, with records that were checked against docs/repository.md: nothing is
    checked here but that an id is not bound twice, which SQLite refuses.

    Args:
        db: The catalog.
        records: As published. The record of an `add` has `pack`, the SHA-256 of a row of `pack`, ...
        pack: ... unless this is given: the number of the open pack that it went into. Without either, its bytes are gone.
        repacked: Asked for each `repack` record before it is applied, whether the new pack's file is here, verified.
    """
    keeps_log = meta(db).role == "writer"
    numbers: dict[str, int] = {}
    new: list[list[object]] = []
    added = withdrawn = 0
    last = highest = 0
    for record in records:
        op = record["op"]
        if op == "add":
            number = pack
            if number is None and "pack" in record:
                sha256 = record["pack"]
                if sha256 not in numbers:
                    numbers[sha256] = _pack_number(db, sha256)
                number = numbers[sha256]
            new.append(_row(record, number))
            added += 1
            highest = record["id"]
            if len(new) == _AT_ONCE:
                _insert(db, new)
        elif op == "tag":
            _insert(db, new)
            db.execute(
                "update element set name = ?, tags = ? where number = ?",
                [record.get("name", ""), ",".join(record.get("tags", ())), record["id"]],
            )
        elif op == "withdraw":
            _insert(db, new)
            withdrawn += _withdraw(db, record)
        else:
            _insert(db, new)
            repack.apply(db, record, held=repacked(record))
            numbers.clear()
        last = record["seq"]
        if not keeps_log:
            continue
        db.execute(
            "insert into log (seq, op, element, record) values (?, ?, ?, ?)",
            [last, op, record.get("id"), stored(record)],
        )
    _insert(db, new)
    db.execute(
        "update meta set elements = max(elements, ?), standing = standing + ?, records = max(records, ?)",
        [highest, added - withdrawn, last],
    )


def _withdraw(db: Database, record: Mapping[str, Any]) -> int:
    """Apply a takedown; how many live elements there are fewer. A later one counts only if it lets go of bytes that were kept."""
    reason, keeps, number = record.get("reason", ""), record.get("keep_bytes", False), record["id"]
    live: int = db.execute(
        "update element set withdrawn = ?, keep_bytes = ? where number = ? and withdrawn is null",
        [reason, keeps, number],
    ).rowcount
    if not keeps:
        db.execute(
            "update element set withdrawn = ?, keep_bytes = 0 where number = ? and keep_bytes",
            [reason, number],
        )
    return live


_INSERT = (
    "insert into element (number, sha256, length, pack, offset, media_type, width, height, pixels, name, tags, colour,"
    " phash, quality, doubts, derived_from, source, source_sha256, model, software, licence, attribution, time) values "
)
_AT_ONCE = 40
# Rows of one statement: the full-text index is written out after each statement, and that is what takes the time.


def _insert(db: Database, rows: list[list[object]]) -> None:
    """Insert rows of `element`, and empty the list."""
    if rows:
        one = f"({', '.join('?' * len(rows[0]))})"
        db.execute(_INSERT + ", ".join([one] * len(rows)), [value for row in rows for value in row])
        rows.clear()


def _row(record: Mapping[str, Any], pack: int | None) -> list[object]:
    get = record.get
    colour, phash = get("colour"), get("phash")
    signed = None if phash is None else int(phash, 16)
    return [
        record["id"],
        record["sha256"],
        record["length"],
        pack,
        get("offset", 0),
        record["media"],
        record["width"],
        record["height"],
        record["pixels"],
        get("name", ""),
        ",".join(get("tags", ())),
        None if colour is None else int(colour, 16),
        None if signed is None else signed - (signed >> 63 << 64),
        get("quality"),
        ",".join(get("doubts", ())),
        get("derived_from"),
        *[get(key, "") for key in PROVENANCE],
        record["time"],
    ]


def _pack_number(db: Database, sha256: str) -> int:
    number: int = db.execute("select number from pack where sha256 = ?", [sha256]).fetchone()[0]
    return number


def _element(row: Sequence[Any]) -> Element:
    number, sha256, length, media_type, width, height, pixels, name, tags, colour, phash, withdrawn = row[:12]
    keep_bytes, quality, doubts, derived_from = row[12:16]
    return Element(
        number=number,
        sha256=sha256,
        length=length,
        media_type=media_type,
        width=width,
        height=height,
        pixels_sha256=pixels,
        name=name,
        tags=tuple(tags.split(",")) if tags else (),
        colour=colour,
        phash=None if phash is None else phash & 0xFFFF_FFFF_FFFF_FFFF,
        quality=quality,
        doubts=tuple(doubts.split(",")) if doubts else (),
        derived_from=derived_from,
        withdrawn=withdrawn,
        keep_bytes=bool(keep_bytes),
        provenance=Provenance(**dict(zip(PROVENANCE, row[16:], strict=True))),
    )
