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
from haac_repo._store.schema import CATALOG, connect
from haac_repo._trust import sign

if TYPE_CHECKING:
    from sqlite_utils import Database

    from haac_repo._store.repository import Repository

_INFLATED_TARGET = LIMITS.segment_inflated_bytes // 8
_PAGE = 1_000


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
        RepositoryError: it is a mirror, cannot be written to, or publishes what it does not hold.
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
    infos = []
    before = 0
    for sha256, length, inflated, last in db.execute(
        "select sha256, bytes, inflated, last_seq from published order by number"
    ).fetchall():
        infos.append(SegmentInfo(sha256=sha256, length=length, inflated=inflated, records=last - before))
        before = last
    # Also a pack that was lost: it was published, and mirrors may have it.
    rows = db.execute("select sha256, size from pack where sha256 is not null order by number").fetchall()
    if before != meta.records:
        raise RepositoryError(
            f"the catalog's log ends at record {before}, and it counts {meta.records}: run `haac verify --repair`"
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
