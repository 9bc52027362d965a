"""Sync: bring a mirror up to date. Head, log segments, packs, in this order; each byte hash-verified, all of it or nothing.

What is fetched becomes files, which a sync that is killed or refused leaves behind: parts in `open/`, and packs in their place once
they were checked as a whole and element by element. The catalog is changed by one transaction, which ends when everything that was
asked for is here. So a server that is found to lie has bound the mirror to nothing, readers see the state before or after, and the
next sync goes on with the files that are of use to it. The file `head` comes last; whoever syncs from this mirror never sees a half.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import (
    ElementNotFoundError,
    HaacError,
    HistoryError,
    IntegrityError,
    RepositoryError,
)
from haac_repo._files import StrPath, storage_errors, sync_folder
from haac_repo._ids import format_id
from haac_repo._lock import LOCK, writer_lock
from haac_repo._mirror import leftovers, mirror, single, start_over
from haac_repo._mirror.download import Patience, in_parallel
from haac_repo._mirror.fetch import Fetcher, NotThereError, open_fetcher
from haac_repo._mirror.mirror import Absent
from haac_repo._mirror.single import Wanted
from haac_repo._mirror.transfer import Progress, Transfer, check_pack
from haac_repo._mirror.trusted import Fresh, fetch_published, notes, publish_files, refusals, withdraw_head
from haac_repo._mirror.wire import (
    HEAD_PATH,
    Head,
    LogOrder,
    Record,
    SegmentInfo,
    pack_path,
    read_segment,
    segment_path,
)
from haac_repo._set_aside import blank_set_aside
from haac_repo._store import catalog, repack
from haac_repo._store.layout import LOST, Identity, keep_identity, published_folder
from haac_repo._store.packs import Packs
from haac_repo._store.repository import create, prepare
from haac_repo._store.schema import CATALOG, bulk_loading, database_class
from haac_repo._trust import state
from haac_repo._trust.pin import Pin

if TYPE_CHECKING:
    from sqlite_utils import Database

JOBS = 4
"""Connections. More make it faster up to about 8 where each answer takes long, and slower where it does not."""

_HEADS = 3
"""So often a head is fetched anew because packs of the one before are gone."""
_BULK = 1_000
"""Records from which it pays to make the indexes again."""
_EVIDENCE = 16 * 2**20
"""Bytes of segments that are kept of a refused log."""


@dataclass(slots=True, kw_only=True)
class SyncReport:
    """Result of a sync."""

    repository: str = ""
    """Id, 32 hex digits."""
    records: int = 0
    """Log records that the mirror has now."""
    elements: int = 0
    """Live elements."""
    new_records: int = 0
    segments: int = 0
    """Log segments fetched."""
    packs: int = 0
    """Packs fetched whole."""
    made: int = 0
    """Packs made here from those that they replace."""
    copies: int = 0
    """Elements fetched one by one."""
    missing_packs: int = 0
    """Packs that the mirror knows but does not hold; 0 if it is complete."""
    withdrawn: tuple[int, ...] = ()
    """Elements that were asked for one by one, and were taken down."""
    kept: str = ""
    """Folder with the catalog and the head of before, after starting over."""
    rebound: int = 0
    """Ids that mean other elements than before, after starting over."""
    requests: int = 0
    received: int = 0
    """Bytes."""
    root: str = ""
    """SHA-256 of the first root that is trusted; empty if the repository is not signed."""
    notes: list[str] = field(default_factory=list)
    """What a person should know, though all went well."""


def sync(
    url: StrPath | Fetcher,
    path: StrPath,
    *,
    only: single.Only = None,
    progress: Progress = lambda _done, _total: None,
    jobs: int = JOBS,
    patience: Patience | None = None,
    pin: Pin | None = None,
    start_over: bool = False,
) -> SyncReport:
    """Make the folder `path` a mirror of the repository published at `url`, or bring it up to date.

    Args:
        url: http, https or file URL of a published repository or mirror, or its folder; or what fetches from it.
        path: The mirror; made if it is not there.
        only: Element numbers; fetch the whole log, but of the elements only these (and what the mirror has already
            is kept). None fetches everything. A function is given the repository's id, before anything is made or fetched.
        progress: Told how far it is, from any thread.
        jobs: Connections.
        patience: When to give up.
        pin: The root to trust, for a new mirror of a signed repository.
        start_over: Forget what the mirror accepted before, but for its root and packs that are of use still; catalog and head go to
            `lost/`.

    Raises:
        TrustError: the repository is signed and no root was given, or its signatures do not hold below the one that is trusted.
        HistoryError: what is published takes back or rewrites what the mirror holds, or is another repository.
        IntegrityError: received bytes are not what their hashes promise, or malformed.
        TransportError: the network or the server failed. What was received is kept for the next time.
        RepositoryError: `path` is not a mirror, or another sync holds it, or it cannot be written.
        ElementNotFoundError: one of `only` does not exist.
    """
    path, patience = Path(path), patience or Patience()
    database_class()  # while there may be no other thread yet: it loads faster then
    with contextlib.closing(
        open_fetcher(os.fspath(url)) if isinstance(url, str | os.PathLike) else url
    ) as source:
        job = _Sync(source.url, path, Transfer(path, source, patience, jobs, progress), pin)
        with storage_errors(path):
            return job.run(patience.lock, only if only is None or callable(only) else set(only), start_over)


def cache_path(url: str) -> Path:
    """Folder of the partial mirror in the user's cache that holds elements fetched on demand from `url`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "haac" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:32]


class _Sync:
    def __init__(self, url: str, path: Path, transfer: Transfer, pin: Pin | None) -> None:
        self.url = url
        self.pin = pin
        self.path = path
        self.public = published_folder(path)
        self.transfer = transfer
        self.report = SyncReport()
        self.made: set[str] = set()
        """Packs that were made from those that they replace."""

    def run(self, wait: float, only: single.Only, anew: bool) -> SyncReport:
        fresh: Fresh | None = None
        if not (self.path / CATALOG).exists():
            # Nothing is made for an address that turns out to be wrong.
            fresh = self._fetch(None)
            single.numbers(only, Head.from_bytes(fresh.published.head).repository)
            self.path.mkdir(parents=True, exist_ok=True)
        # No thread writes after the lock is given back.
        with writer_lock(self.path, wait), contextlib.closing(self.transfer):
            if fresh is not None and not (self.path / CATALOG).exists():
                self._create(Head.from_bytes(fresh.published.head), everything=only is None)
            with contextlib.closing(mirror.open_mirror(self.path)) as db, refusals(self.path):
                if anew and mirror.holds_history(db):
                    self._start_over(db, only)
                else:
                    self._bring(db, fresh, only)
        get = self.transfer.get
        self.report.requests, self.report.received = get.requests, get.received
        return self.report

    def _create(self, head: Head, *, everything: bool) -> None:
        try:
            prepare(self.path)
        except RepositoryError:
            with contextlib.suppress(OSError):  # Windows does not let go of an open file
                (self.path / LOCK).unlink()  # the folder is somebody else's
            raise
        if everything:
            self.transfer.begin(head.packs)  # they come in while SQLite is loaded
        create(self.path, "mirror", head.repository).close()

    def _start_over(self, db: Database, only: single.Only) -> None:
        before = mirror.accepted(db)
        kept = start_over.keep_old(db, self.path)
        try:
            self._bring(db, None, only, anew=True)
        except BaseException:
            if mirror.accepted(db) == before:  # the catalog is as it was
                shutil.rmtree(kept, ignore_errors=True)
            raise
        self.report.kept = str(kept)
        self.report.rebound = start_over.rebound(db, kept / CATALOG)

    def _bring(self, db: Database, fresh: Fresh | None, only: single.Only, *, anew: bool = False) -> None:
        """Update the catalog; with another head, if the publisher replaced packs meanwhile."""
        known, accepted = state.load(db), mirror.accepted(db)
        fresh = fresh or self._fetch(db, anew=anew)
        for tries in range(1, _HEADS + 1):
            head = Head.from_bytes(fresh.published.head)
            try:
                self._update(db, fresh, head, only, anew)
                break
            except NotThereError:
                self.transfer.close()
                newer = self._fetch(db, anew=anew)
                if tries == _HEADS or newer.published.head == fresh.published.head:
                    raise
                fresh = newer
            except (HistoryError, IntegrityError) as error:
                error.evidence = self._refused(fresh, head)
                same = head.repository == catalog.meta(db).repository
                if isinstance(error, HistoryError) and same and mirror.holds_history(db):
                    error.args = (f"{error}. {self._way_out()}",)
                raise
        self.report.root = "" if fresh.trusted is None else state.fingerprint(fresh.trusted.state)
        self.report.notes = notes(head, fresh, known)
        stays = set() if anew else state.published_names(known, accepted.head if accepted else None)
        self._finish(db, fresh, stays)

    def _way_out(self) -> str:
        return (
            f"If the publisher says that it is right, `haac sync --start-over {self.url} {self.path}` takes it, and keeps the"
            " catalog of before"
        )

    def _fetch(self, db: Database | None, *, anew: bool = False) -> Fresh:
        """The head as it is published now, with what vouches for it."""
        with refusals(self.path):
            return fetch_published(self.transfer.get, self.url, self.path, self.pin, db, anew=anew)

    def _accept(self, db: Database, fresh: Fresh) -> None:
        """Store the head, whose records are in the catalog, and what vouches for it. Inside their transaction."""
        trusted = None if fresh.trusted is None else fresh.trusted.state
        if (
            fresh.published != mirror.accepted(db)
            or catalog.meta(db).origin != self.url
            or trusted != state.load(db)
        ):
            mirror.accept(db, fresh.published, origin=self.url, trust=trusted)

    # One transaction

    def _update(self, db: Database, fresh: Fresh, head: Head, only: single.Only, anew: bool) -> None:
        """Verify all that was asked for, and change the catalog; or leave it as it is."""
        self.report = SyncReport()
        self.made = set()
        numbers = single.numbers(only, head.repository)
        with db.atomic():
            before = catalog.meta(db)
            if anew:
                leftovers.sweep(db, self.path, head)
                start_over.forget_accepted(db)
            mirror.bind(db, head.repository)
            mirror.check_history(db, head)
            if not anew:
                leftovers.sweep(db, self.path, head)
            leftovers.mark_lost(db, self.path)
            # Packs that replace others can be made here, and the log says which.
            if numbers is None and not mirror.holds_replaced(db, head):
                self.transfer.begin(mirror.not_held(db, head))
            segments = self._bring_log(db, head)
            self._accept(db, fresh)
            if numbers is None:
                self._bring_packs(db, mirror.absent_packs(db))
            else:
                self._bring_elements(db, numbers)
            single.drop_copies(db, self.path)
            for number, file in segments:
                self.report.segments += self.transfer.place_segment(number, file)
            # Files before the rows that say that they are there.
            if segments:
                sync_folder(self.public / "log")
            if self.report.packs:
                sync_folder(self.public / "packs")
            meta = catalog.meta(db)
            self.report.repository, self.report.records = head.repository, meta.records
            self.report.elements, self.report.new_records = meta.standing, meta.records - before.records

    def _finish(self, db: Database, fresh: Fresh, before: set[str]) -> None:
        """Publish what is complete; delete what was replaced, once no head here lists it any more.

        Args:
            db: The catalog.
            fresh: What it accepted.
            before: Published paths that stay for whoever is reading them now.
        """
        # Only now: what is not committed is not written beside the catalog either.
        keep_identity(self.path, Identity(catalog.meta(db).repository, "mirror", self.report.root))
        self.report.missing_packs = len(mirror.absent_packs(db))
        if not self.report.missing_packs:
            publish_files(self.path, fresh, before)
        gone = repack.superseded(db)
        if gone:
            withdraw_head(self.path, gone)
            packs = Packs(self.path)
            for sha256 in gone:
                packs.sealed_path(sha256).unlink(missing_ok=True)
            sync_folder(packs.sealed_folder)
            leftovers.forget_superseded(db, gone)
            self.report.notes += [
                f"overwrote bytes of withdrawn elements in {self.path / LOST / name}"
                for name in blank_set_aside(db, self.path)
            ]
        leftovers.sweep(db, self.path, Head.from_bytes(fresh.published.head))

    def _refused(self, fresh: Fresh, head: Head) -> dict[str, bytes]:
        files = {HEAD_PATH: fresh.published.head, **(fresh.trusted.files if fresh.trusted else {})}
        left = _EVIDENCE
        for number, info in enumerate(head.segments, 1):
            part = self.transfer.part(info.sha256)
            if part.is_file() and (left := left - info.length) >= 0:
                files[segment_path(number)] = part.read_bytes()
        return files

    # The log

    def _bring_log(self, db: Database, head: Head) -> list[tuple[int, Path]]:
        """Apply new segments; they, and those whose files were lost, with the numbers of their places."""
        known = mirror.segment_count(db)
        lost = {each.number for each in leftovers.missing_segments(self.path, db)}
        todo = [(n, info) for n, info in enumerate(head.segments, 1) if n > known or n in lost]
        self.transfer.expect((info.sha256, info.length) for _, info in todo)
        tasks = (partial(self.transfer.segment, number, info) for number, info in todo)
        files: list[tuple[int, Path]] = []
        new = head.records - catalog.meta(db).records
        many = new > max(_BULK, catalog.meta(db).records)
        with (
            contextlib.closing(in_parallel(tasks, self.transfer.jobs, self.transfer.give_up)) as done,
            bulk_loading(db) if many else contextlib.nullcontext(),
        ):
            for (number, info), future in zip(todo, done, strict=True):
                files.append((number, future.result()))
                if number > known:
                    self._apply_segment(db, head, number, info, files[-1][1])
        mirror.check_applied(db, head)
        return files

    def _apply_segment(self, db: Database, head: Head, number: int, info: SegmentInfo, file: Path) -> None:
        meta = catalog.meta(db)
        lengths = {pack.sha256: pack.length for pack in head.packs}
        order = LogOrder(meta.records, meta.elements, lengths)
        with file.open("rb") as stream:
            records = order.checked(read_segment(stream, info))
            catalog.apply_records(
                db, mirror.with_packs(db, records, lengths), repacked=partial(self._made, db)
            )
        mirror.add_segment(db, number, info, order.records)

    def _made(self, db: Database, record: Record) -> bool:
        made = mirror.make_pack(db, self.path, record, self.made)
        self.report.made = len(self.made)
        return made

    # Whole packs

    def _bring_packs(self, db: Database, todo: list[Absent]) -> None:
        self.transfer.expect((pack.sha256, pack.size) for pack in todo)
        tasks = (partial(self.transfer.pack, pack) for pack in todo)
        failed: list[HaacError] = []
        with contextlib.closing(in_parallel(tasks, self.transfer.jobs, self.transfer.give_up)) as done:
            for pack, future in zip(todo, done, strict=True):
                try:
                    file = future.result()
                    # Here, since threads that hash small pieces keep each other waiting for the interpreter.
                    check_pack(file, mirror.objects(db, pack.number))
                except (IntegrityError, NotThereError) as error:
                    failed.append(error)  # the others may be there, and need not be fetched again then
                else:
                    self.report.packs += self.transfer.place_pack(pack.sha256, file)
                    mirror.seal(db, pack.number)
        if failed:
            more = f" (and {len(failed) - 1} more packs failed)" if len(failed) > 1 else ""
            raise type(failed[0])(f"{failed[0]}{more}") from failed[0]

    # Single elements

    def _bring_elements(self, db: Database, only: list[int]) -> None:
        last = catalog.meta(db).elements
        beyond = [format_id(max(number, 0)) for number in only if not 1 <= number <= last]
        if beyond:
            raise ElementNotFoundError(
                f"element {', '.join(beyond[:5])} is not in the repository at {self.url}: its ids run from 1"
                f" to {format_id(last)}. Is it the repository that the recipe was made with?"
            )
        self.report.withdrawn = tuple(single.withdrawn(db, only))
        whole: list[Absent] = []
        runs: deque[list[Wanted]] = deque()
        tasks = (partial(self._get_run, run) for run in self._runs(single.wanted(db, only), runs, whole))
        with (
            contextlib.closing(single.Copies(db, self.path)) as copies,
            contextlib.closing(in_parallel(tasks, self.transfer.jobs, self.transfer.give_up)) as done,
        ):
            for future in done:
                run, found = runs.popleft(), future.result()
                if found is None:
                    if run[0].pack not in whole:
                        whole.append(run[0].pack)
                    continue
                for each, data in zip(run, found, strict=True):
                    copies.add(each.object.element, data)
                    self.report.copies += 1
        self._bring_packs(db, whole)

    def _runs(
        self, found: list[Wanted], runs: deque[list[Wanted]], whole: list[Absent]
    ) -> Iterator[list[Wanted]]:
        """Range requests, pack by pack, coalesced as it pays by then; packs that are better fetched whole go to `whole`."""
        for pack, some in single.by_pack(found):
            made = single.runs(pack, some, self.transfer.get.gap)
            if not made:
                whole.append(pack)
            for run in made:
                self.transfer.expect([(run[0].object.sha256, run[-1].stop - run[0].start)])
            for run in made:
                runs.append(run)
                yield run

    def _get_run(self, run: list[Wanted]) -> list[bytes] | None:
        """The checked bytes of neighbours in a pack; None if the server sends no ranges."""
        pack = run[0].pack
        data = self.transfer.get.part(pack_path(pack.sha256), pack.size, run[0].start, run[-1].stop)
        return None if data is None else single.cut(run, data)
