"""Log records: made of new elements, kept in a writer's log, read back as they are published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from haac_repo._element import Element, NewElement, Provenance
from haac_repo._pixels import MEDIA_TYPE

if TYPE_CHECKING:
    from sqlite_utils import Database

PROVENANCE = ("source", "source_sha256", "model", "software", "licence", "attribution")
_ELSEWHERE = ("seq", "pack", "offset")
# Keys of an `add` that the rows of `log` and `element` say: while the pack is open nobody knows its hash, and what was not published
# yet moves up when something before it is discarded.


def add_record(new: NewElement, number: int, seq: int, sha256: str, offset: int, time: str) -> dict[str, Any]:
    """The log record of a new element; its `pack` is known once that is sealed."""
    full = {
        "seq": seq,
        "op": "add",
        "id": number,
        "sha256": sha256,
        "length": len(new.data),
        "offset": offset,
        "media": MEDIA_TYPE,
        "width": new.width,
        "height": new.height,
        "pixels": new.pixels_sha256,
        "name": new.name,
        "tags": list(new.tags),
        "colour": None if new.colour is None else f"{new.colour:06x}",
        "phash": None if new.phash is None else f"{new.phash:016x}",
        "quality": new.quality,
        "doubts": list(new.doubts),
        "derived_from": new.derived_from,
        **{key: getattr(new.provenance, key) for key in PROVENANCE},
        "time": time,
    }
    return {key: value for key, value in full.items() if value not in ("", [], None)}


def dump_record(record: Mapping[str, Any]) -> str:
    """A record as JSON the way it is published: keys sorted, no spaces."""
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def record_element(record: Mapping[str, Any]) -> Element:
    """The element that an `add` record describes."""
    colour, phash = record.get("colour"), record.get("phash")
    return Element(
        number=record["id"],
        sha256=record["sha256"],
        length=record["length"],
        media_type=record["media"],
        width=record["width"],
        height=record["height"],
        pixels_sha256=record["pixels"],
        name=record.get("name", ""),
        tags=tuple(record.get("tags", ())),
        colour=None if colour is None else int(colour, 16),
        phash=None if phash is None else int(phash, 16),
        quality=record.get("quality"),
        doubts=tuple(record.get("doubts", ())),
        derived_from=record.get("derived_from"),
        provenance=Provenance(**{key: record.get(key, "") for key in PROVENANCE}),
    )


def stored(record: Mapping[str, Any]) -> str:
    """A record as the row of `log` has it."""
    elsewhere = _ELSEWHERE if record["op"] == "add" else ("seq",)
    return dump_record({key: value for key, value in record.items() if key not in elsewhere})


def log_records(db: Database, after: int, limit: int) -> list[dict[str, Any]]:
    """At most `limit` records with a seq above `after`, as they are published.

    An `add` has no `pack` and `offset` if the element's bytes are gone; `pack` is None if it is still open.
    """
    rows = db.execute(
        "select seq, log.op, log.record, pack.number, pack.sha256, element.offset from log"
        " left join element on element.number = log.element left join pack on pack.number = element.pack"
        " where seq > ? order by seq limit ?",
        [after, limit],
    )
    made = []
    for seq, op, text, pack, sha256, offset in rows.fetchall():
        record = json.loads(text) | {"seq": seq}
        if op == "add" and pack is not None:
            record = {
                "pack": sha256,
                "offset": offset,
            } | record  # which knows it, if the first pack was replaced
        made.append(record)
    return made


def keep_published(db: Database, records: Iterable[Mapping[str, Any]]) -> None:
    """Keep in the log what was published of records, so that a lost segment can be written again. Inside the transaction of its row."""
    for record in records:
        db.execute(
            "update log set record = ?2 where seq = ?1 and record != ?2", [record["seq"], stored(record)]
        )
