"""Publishing: new log records become immutable segments, and a new head lists them and all sealed packs.

Nothing that a published head names ever changes, and the head is replaced in one step, after all that it names is there. So a crash at
any point leaves the old head or the new one, valid, and the next publishing goes on. Packs with bytes of withdrawn elements are
replaced on the way, and deleted once no head names them.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_repo._errors import IntegrityError, RepositoryError
from haac_repo._files import StrPath, now, storage_errors, write_file, write_newer
from haac_repo._limits import LIMITS
from haac_repo._mirror.wire import HEAD_PATH, Head, PackInfo, SegmentInfo, segment_path, write_segment
from haac_repo._publish import erase, segments
from haac_repo._publish.disclosure import SourceNames, disclosed, remember, remembered
from haac_repo._publish.erase import Erased
from haac_repo._set_aside import blank_set_aside
from haac_repo._store import catalog, repack
from haac_repo._store.layout import published_folder
from haac_repo._store.records import dump_record, keep_published, log_records
from haac_repo._store.repository import connect_to
from haac_repo._store.schema import CATALOG, connect
from haac_repo._trust import sign

if TYPE_CHECKING:
    from sqlite_utils import Database

    from haac_repo._store.repository import Repository

_INFLATED_TARGET = LIMITS.segment_inflated_bytes // 8
_PAGE = 1_000
_A_LOT = 10**6
"""Packs: more than any head lists."""


def publish(
    repository: Repository,
    *,
    wait: float = 10.0,
    source_names: SourceNames | None = None,
    tell: Callable[[Erased], None] = lambda _: None,
) -> Head:
    """Publish all records so far: seal the open pack, write log segments, then atomically replace the head.

    The bytes of withdrawn elements go, unless their takedown keeps them: see docs/repository.md, Publishing.

    Args:
        repository: With the role 'writer'.
        wait: Seconds to wait for a writer to finish.
        source_names: What becomes public of the names of the pictures that elements came from: the 'full' path or address, its
            'base' name, or 'none'. It is remembered; None is as the last time, and 'base' at first.
        tell: Told what was done about withdrawn elements, once the head is written.

    Returns:
        The head that is published now. If there was nothing new, it is the old one, and the file is as it was.

    Raises:
        RepositoryError: it is a mirror, cannot be written to, or publishes what it does not hold; or the head would be larger than
            mirrors accept, and nothing was written.
        RepositoryBusyError: somebody else is writing.
        IntegrityError: all is published, but a pack with bytes of withdrawn elements stays as it is, since it is damaged.
    """
    if repository.role == "mirror":
        raise RepositoryError(
            f"{repository.path} is a mirror: it publishes what its origin published, as it stands, and `haac serve` or"
            " any static server can serve it"
        )
    path = repository.path
    with repository.writer(wait=wait) as writer:
        erased = Erased()
        with storage_errors(path), contextlib.closing(connect(path / CATALOG)) as db:
            _check_room(db, path)
            if source_names is not None:
                remember(path, source_names)
            names = remembered(path)
            seq, last = catalog.published(db)
            before = erase.without_bytes(db)
            # What was never published is not published with bytes of withdrawn elements.
            erased.bytes += writer.erase()
            writer.seal()
            wasteful = repack.wasteful(db)
            if erase.has_unpublished(db, wasteful, last):
                # That they are in these packs must be published before the record that replaces them.
                _write_segments(db, path, names)
            erase.replace_packs(db, writer, wasteful, seq, erased)
            _write_segments(db, path, names)
            head = _write_head(db, path)
            erase.delete_superseded(db, path, head)
            erased.elements = erase.without_bytes(db) - before
            erased.set_aside = blank_set_aside(db, path)
    tell(erased)
    if erased.damaged:
        raise IntegrityError(
            "bytes of withdrawn elements are still published, in packs that cannot be rewritten:"
            f" {'; '.join(erased.damaged)}. All else is published. Bring such a pack back from a mirror or a backup, or take"
            " down what is damaged in it, and publish again"
        )
    return head


def check_room(repository: Repository) -> None:
    """Find out whether mirrors would accept the next head; changes nothing.

    Raises:
        RepositoryError: it would be too large.
    """
    with storage_errors(repository.path), contextlib.closing(connect_to(repository.path)) as db:
        _check_room(db, repository.path)


def _check_room(db: Database, path: Path) -> None:
    """Refuse what would end in a head that is too large: with all that is to be published, and one pack more for what moves."""
    rows = db.execute("select number, size from pack where sha256 is not null or size > 0").fetchall()
    # Which packs are replaced and go takes reading all elements: it is asked only where that matters.
    if len(_largest_head(db, [size for _, size in rows], _A_LOT).to_bytes()) <= LIMITS.head_bytes:
        return
    wasteful = repack.wasteful(db)
    gone = {number for number, *_ in wasteful if not repack.ranges(db, [number])}
    expected = _largest_head(db, [size for number, size in rows if number not in gone], len(wasteful))
    if (size := len(expected.to_bytes())) > LIMITS.head_bytes:
        raise RepositoryError(
            f"{path}: the head would have about {size:,} bytes, with {len(expected.packs):,} packs and {len(expected.segments):,} log"
            f" segments; mirrors accept at most {LIMITS.head_bytes:,}. Nothing was published. `haac compact` merges small packs; where"
            " that is not enough, the repository is full: add to another one"
        )


def _largest_head(db: Database, sizes: list[int], replaced: int) -> Head:
    """The head as large as it can become.

    Args:
        db: The catalog.
        sizes: Bytes of the packs that stay.
        replaced: How many packs are replaced by others.
    """
    meta = catalog.meta(db)
    new = _new_segments(db, catalog.published(db)[0], replaced)
    if new:
        sizes = [*sizes, LIMITS.pack_bytes]
    hexes, largest = "0" * 64, LIMITS.segment_inflated_bytes
    segment = SegmentInfo(sha256=hexes, length=LIMITS.segment_bytes, inflated=largest, records=largest)
    return Head(
        repository=meta.repository,
        records=meta.records + replaced,
        elements=meta.elements,
        segments=(*_segment_infos(db), *[segment] * new),
        packs=tuple(PackInfo(sha256=hexes, length=size) for size in sizes),
        previous=hexes,
        time=now(),
    )


def _new_segments(db: Database, seq: int, repacks: int) -> int:
    """How many segments the records after `seq` take at most, and those of packs that are replaced."""
    count, size = db.execute(
        "select count(*), coalesce(sum(length(record)), 0) from log where seq > ?", [seq]
    ).fetchone()
    # Each but the last has as many records as will do, or as many bytes; 200 of these are for `seq`, `pack` and `offset`.
    full = int(count) // (LIMITS.segment_records - _PAGE + 1)
    full += (int(size) + 200 * int(count)) // _INFLATED_TARGET
    return full + bool(count) + bool(repacks)


def read_head(path: StrPath) -> Head | None:
    """The head that the folder `path` publishes; None if it publishes none.

    Raises:
        IntegrityError: it is damaged.
    """
    found = _read(Path(path))
    return None if found is None else found[0]


def _read(path: Path) -> tuple[Head, bytes] | None:
    try:
        data = (published_folder(path) / HEAD_PATH).read_bytes()
    except FileNotFoundError:
        return None
    return Head.from_bytes(data), data


def _write_head(db: Database, path: Path) -> Head:
    """Write the head of what is published now, if that is another one; the head that stands."""
    old = None
    with contextlib.suppress(IntegrityError):  # a damaged head is replaced
        old = _read(path)
    head = _make_head(db, old)
    if old is not None and (old[0].records, old[0].segments, old[0].packs) == (
        head.records,
        head.segments,
        head.packs,
    ):
        sign.renew(path)
        return old[0]
    sign.sign_head(path, head.to_bytes())
    write_newer(published_folder(path) / HEAD_PATH, head.to_bytes())
    return head


def _write_segments(db: Database, path: Path, names: SourceNames) -> None:
    """Write log segments of the records that are in none yet; and those again that were lost."""
    segments.heal(path, db)
    last = db.execute("select coalesce(max(last_seq), 0), count(*) from published").fetchone()
    seq, number = int(last[0]), int(last[1])
    while records := _next_records(db, seq):
        number += 1
        records = disclosed(db, records, names)
        data, info = write_segment(records)
        # The file first: a row says that it is there, and from then on it never changes.
        write_file(published_folder(path) / segment_path(number), data)
        seq = records[-1]["seq"]
        with db.atomic():
            db.execute(
                "insert into published (number, sha256, bytes, inflated, last_seq) values (?, ?, ?, ?, ?)",
                [number, info.sha256, info.length, info.inflated, seq],
            )
            keep_published(db, records)


def _next_records(db: Database, seq: int) -> list[dict[str, Any]]:
    """The records after `seq` that go into one segment."""
    records: list[dict[str, Any]] = []
    size = 0
    while page := log_records(db, seq, _PAGE):
        records += page
        size += sum(len(dump_record(record)) for record in page)
        seq = page[-1]["seq"]
        if len(records) + _PAGE > LIMITS.segment_records or size >= _INFLATED_TARGET:
            break
    return records


def _make_head(db: Database, old: tuple[Head, bytes] | None) -> Head:
    meta = catalog.meta(db)
    infos = _segment_infos(db)
    last = sum(each.records for each in infos)
    # Also a pack that was lost: it was published, and mirrors may have it.
    rows = db.execute("select sha256, size from pack where sha256 is not null order by number").fetchall()
    if last != meta.records:
        raise RepositoryError(
            f"the catalog's log ends at record {last}, and it counts {meta.records}: run `haac verify --repair`"
        )
    return Head(
        repository=meta.repository,
        records=meta.records,
        elements=meta.elements,
        segments=tuple(infos),
        packs=tuple(PackInfo(sha256=sha256, length=size) for sha256, size in rows),
        previous=hashlib.sha256(old[1]).hexdigest() if old else "",
        time=now(),
    )


def _segment_infos(db: Database) -> list[SegmentInfo]:
    """All segments that were written, as the head lists them."""
    infos = []
    before = 0
    for sha256, length, inflated, last in db.execute(
        "select sha256, bytes, inflated, last_seq from published order by number"
    ).fetchall():
        infos.append(SegmentInfo(sha256=sha256, length=length, inflated=inflated, records=last - before))
        before = last
    return infos
