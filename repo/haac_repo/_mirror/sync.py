"""Sync: bring a mirror up to date. Head, log segments, packs, in this order; each step durable, each byte hash-verified.

An element is in the catalog as soon as its log segment is applied, and can be read as soon as its bytes are here: a
pack that is `absent` is fetched into `open/<sha256>.part`, checked as a whole and element by element, and only then
renamed and called `sealed`. So a sync may die anywhere: the next one goes on with what is there. The file `head` comes
last, once everything that it lists is here; whoever syncs from this mirror never sees a half of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import (
    ElementNotFoundError,
    HaacError,
    IntegrityError,
    RepositoryError,
)
from haac_repo._files import StrPath, storage_errors, write_file
from haac_repo._ids import format_id
from haac_repo._mirror import mirror
from haac_repo._mirror.download import PART, Downloader, Patience, in_parallel, move_into_place
from haac_repo._mirror.fetch import Fetcher, NotThereError, open_fetcher
from haac_repo._mirror.mirror import Absent, Object, Published, Wanted
from haac_repo._mirror.wire import (
    HEAD_PATH,
    Head,
    LogOrder,
    PackInfo,
    SegmentInfo,
    pack_path,
    read_segment,
    segment_path,
)
from haac_repo._store import catalog
from haac_repo._store.layout import published_folder
from haac_repo._store.lock import LOCK, writer_lock
from haac_repo._store.packs import file_sha256
from haac_repo._store.repository import create
from haac_repo._store.schema import CATALOG

if TYPE_CHECKING:
    from sqlite_utils import Database

JOBS = 4
"""Connections. More make it faster up to about 8 where each answer takes long, and slower where it does not."""

Progress = Callable[[int, int], None]
"""Called with the bytes fetched so far, and in all as far as is known."""

_GAP = 128 * 2**10
# Bytes that are fetched along rather than asking once more: what a line of 2.5 MB/s brings in 50 ms.
_AHEAD = 64
# Packs that are begun before the log is applied.
_RANGE_MAX = 4 * 2**20
_COMMIT_BYTES = 8 * 2**20


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
    copies: int = 0
    """Elements fetched one by one."""
    missing_packs: int = 0
    """Packs that the mirror knows but does not hold; 0 if it is complete."""
    requests: int = 0
    received: int = 0
    """Bytes."""


def sync(
    url: StrPath,
    path: StrPath,
    *,
    only: Iterable[int] | None = None,
    progress: Progress = lambda _done, _total: None,
    jobs: int = JOBS,
    wait: float = 10.0,
    fetcher: Fetcher | None = None,
    patience: Patience | None = None,
) -> SyncReport:
    """Make the folder `path` a mirror of the repository published at `url`, or bring it up to date.

    Args:
        url: http, https or file URL of a published repository or mirror, or its folder.
        path: The mirror; made if it is not there.
        only: Element numbers; fetch the whole log, but of the elements only these (and what the mirror has already
            is kept). None fetches everything.
        progress: Told how far it is, from any thread.
        jobs: Connections.
        wait: Seconds to wait for another sync of this mirror to finish.
        fetcher: Used instead of one for `url`.
        patience: When to give up.

    Raises:
        HistoryError: what is published takes back or rewrites what the mirror holds, or is another repository.
        IntegrityError: received bytes are not what their hashes promise, or malformed.
        TransportError: the network or the server failed. What was received is kept for the next time.
        RepositoryError: `path` is not a mirror, or another sync holds it, or it cannot be written.
        ElementNotFoundError: one of `only` does not exist.
    """
    url, path = os.fspath(url), Path(path)
    with contextlib.closing(fetcher or open_fetcher(url)) as source:
        job = _Sync(url, path, source, patience or Patience(), progress, jobs)
        with storage_errors(path):
            return job.run(wait, None if only is None else sorted(set(only)))


def cache_path(url: str) -> Path:
    """Folder of the partial mirror in the user's cache that holds elements fetched on demand from `url`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "haac" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:32]


@dataclass
class _Sync:
    url: str
    path: Path
    source: Fetcher
    patience: Patience
    progress: Progress
    jobs: int
    report: SyncReport = field(default_factory=SyncReport)
    done: int = 0
    total: int = 0
    public: Path = field(init=False)
    early: dict[str, Future[Path]] = field(default_factory=dict)
    """Packs that are being fetched while the log is still being applied."""

    def __post_init__(self) -> None:
        self.public = published_folder(self.path)

    def run(self, wait: float, only: list[int] | None) -> SyncReport:
        self.get = Downloader(self.source, self.patience, self.jobs, self._on_bytes)
        fresh: Published | None = None
        if not (self.path / CATALOG).exists():
            # Nothing is made for an address that turns out to be wrong.
            fresh = self._fetch_head(None)
            identity = Head.from_bytes(fresh.head).repository
            self.path.mkdir(parents=True, exist_ok=True)
        with writer_lock(self.path, wait):
            if fresh is not None and not (self.path / CATALOG).exists():
                try:
                    create(self.path, "mirror", identity).close()
                except RepositoryError:
                    (self.path / LOCK).unlink(missing_ok=True)  # the folder is somebody else's
                    raise
            with contextlib.closing(mirror.open_mirror(self.path)) as db:
                self._update(db, fresh, only)
        self.report.requests, self.report.received = self.get.requests, self.get.received
        return self.report

    def _update(self, db: Database, fresh: Published | None, only: list[int] | None) -> None:
        before = catalog.meta(db)
        accepted = mirror.accepted(db)
        if fresh is None:
            fresh = self._fetch_head(accepted if before.origin == self.url else None)
        head = Head.from_bytes(fresh.head)
        mirror.check_history(db, head)
        mirror.tidy(db, self.path, head)
        with self._packs_ahead([] if only is not None else mirror.not_held(db, head)):
            self._bring_log(db, head)
            if fresh != accepted or before.origin != self.url:
                mirror.accept(db, fresh, origin=self.url)
            if only is None:
                self._bring_packs(db, mirror.absent_packs(db))
        meta = catalog.meta(db)
        self.report.repository, self.report.records = head.repository, meta.records
        self.report.elements, self.report.new_records = meta.standing, meta.records - before.records

        if only is not None:
            beyond = [format_id(max(number, 0)) for number in only if not 1 <= number <= meta.elements]
            if beyond:
                raise ElementNotFoundError(
                    f"element {', '.join(beyond[:5])} is not in the repository at {self.url}: its ids run from 1"
                    f" to {format_id(meta.elements)}. Is it the repository that the recipe was made with?"
                )
            self._bring_elements(db, mirror.wanted(db, only))
        mirror.drop_copies(db, self.path)
        self.report.missing_packs = len(mirror.absent_packs(db))
        target = self.public / HEAD_PATH
        if not self.report.missing_packs and (not target.is_file() or target.read_bytes() != fresh.head):
            write_file(target, fresh.head)

    def _fetch_head(self, known: Published | None) -> Published:
        """The head as it is published now; `known` itself if that is it."""
        try:
            data, etag = self.get.head(known.etag if known else "")
        except NotThereError as error:
            raise NotThereError(
                f"no repository is published at {self.url} ({error}). Was `haac publish` run there? A mirror that"
                " holds only a part of its repository publishes nothing"
            ) from error
        if data is not None:
            return Published(data, etag)
        assert known is not None  # or there was nothing that could be unchanged
        return known

    # The log

    def _bring_log(self, db: Database, head: Head) -> None:
        known = mirror.segment_count(db)
        todo = list(enumerate(head.segments, 1))[known:]
        self._expect((info.sha256, info.length) for _, info in todo)
        tasks = (partial(self._get_segment, number, info) for number, info in todo)
        with contextlib.closing(in_parallel(tasks, self.jobs, self._give_up)) as done:
            for (number, info), future in zip(todo, done, strict=True):
                part = future.result()
                self._apply_segment(db, head, number, info, part)
        mirror.check_applied(db, head)

    def _get_segment(self, number: int, info: SegmentInfo) -> Path:
        """The checked segment: a part, or already in its place if a crash came before its transaction."""
        final = self.public / segment_path(number)
        if final.is_file() and not final.is_symlink() and file_sha256(final) == info.sha256:
            return final
        part = self._part(info.sha256)
        self.get.file(segment_path(number), info.length, info.sha256, part, urgent=True)
        return part

    def _apply_segment(self, db: Database, head: Head, number: int, info: SegmentInfo, part: Path) -> None:
        final = self.public / segment_path(number)
        if part != final:
            move_into_place(part, final)
            self.report.segments += 1
        meta = catalog.meta(db)
        lengths = {pack.sha256: pack.length for pack in head.packs}
        order = LogOrder(meta.records, meta.elements, lengths)
        try:
            with final.open("rb") as file, db.atomic():
                records = order.checked(read_segment(file, info))
                catalog.apply_records(db, mirror.with_packs(db, records, lengths))
                mirror.add_segment(db, number, info, order.records)
                if number == len(head.segments):
                    mirror.check_applied(db, head)
        except HaacError:
            final.unlink()  # nothing stays that was not accepted
            raise

    # Whole packs

    @contextlib.contextmanager
    def _packs_ahead(self, packs: list[PackInfo]) -> Iterator[None]:
        """Prefetch packs, which needs nothing of the log, while the block runs."""
        self._expect((pack.sha256, pack.length) for pack in packs)
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="haac sync ahead") as pool:
            try:
                for pack in packs[:_AHEAD]:
                    self.early[pack.sha256] = pool.submit(self._fetch_pack, pack.sha256, pack.length)
                yield
            except BaseException:
                self._give_up()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _fetch_pack(self, sha256: str, size: int) -> Path:
        """The pack, with the hash it should have: a part, or already in its place."""
        final = self.public / pack_path(sha256)
        if final.is_file() and not final.is_symlink() and file_sha256(final) == sha256:
            return final
        part = self._part(sha256)
        self.get.file(pack_path(sha256), size, sha256, part)
        return part

    def _bring_packs(self, db: Database, todo: list[Absent]) -> None:
        tasks = (partial(self._get_pack, pack, mirror.objects(db, pack.number)) for pack in todo)
        failed: list[HaacError] = []
        with contextlib.closing(in_parallel(tasks, self.jobs, self._give_up)) as done:
            for pack, future in zip(todo, done, strict=True):
                try:
                    self.report.packs += future.result()
                except (IntegrityError, NotThereError) as error:
                    failed.append(error)  # the others may be there
                else:
                    mirror.seal(db, pack.number)
        if failed:
            more = (
                f" (and {len(failed) - 1} more packs failed; all others are here)" if len(failed) > 1 else ""
            )
            raise type(failed[0])(f"{failed[0]}{more}") from failed[0]

    def _get_pack(self, pack: Absent, objects: list[Object]) -> bool:
        """Have the pack in its place, checked. False if it was there already, before a crash or a repair."""
        early = self.early.get(pack.sha256)
        path = early.result() if early else self._fetch_pack(pack.sha256, pack.size)
        final = self.public / pack_path(pack.sha256)
        try:
            mirror.check_objects(path, objects)
        except IntegrityError:
            path.unlink()
            raise
        if path != final:
            move_into_place(path, final)
        return path != final

    # Single elements

    def _bring_elements(self, db: Database, wanted: list[Wanted]) -> None:
        whole: list[Absent] = []
        ranges: list[list[Wanted]] = []
        for pack, found in _by_pack(wanted):
            runs = list(_runs(found))
            # A pack that is mostly needed is fetched as one.
            if 2 * sum(run[-1].stop - run[0].start for run in runs) >= pack.size:
                whole.append(pack)
            else:
                ranges += runs
        self._expect([("", run[-1].stop - run[0].start) for run in ranges])
        self._expect((pack.sha256, pack.size) for pack in whole)
        tasks = (partial(self._get_run, run) for run in ranges)
        with (
            contextlib.closing(mirror.Copies(db, self.path)) as copies,
            contextlib.closing(in_parallel(tasks, self.jobs, self._give_up)) as done,
        ):
            for run, future in zip(ranges, done, strict=True):
                found_bytes = future.result()
                if found_bytes is None:
                    if run[0].pack not in whole:
                        whole.append(run[0].pack)
                    continue
                for each, data in zip(run, found_bytes, strict=True):
                    copies.add(each.element, data)
                    self.report.copies += 1
                if copies.pending >= _COMMIT_BYTES:
                    copies.commit()
            copies.commit()
        self._bring_packs(db, whole)

    def _get_run(self, run: list[Wanted]) -> list[bytes] | None:
        """The checked bytes of neighbours in a pack; None if the server sends no ranges."""
        pack, start = run[0].pack, run[0].start
        data = self.get.part(pack_path(pack.sha256), pack.size, start, run[-1].stop)
        if data is None:
            return None
        found = [data[each.start - start : each.stop - start] for each in run]
        for each, piece in zip(run, found, strict=True):
            if hashlib.sha256(piece).hexdigest() != each.sha256:
                raise IntegrityError(
                    f"element {format_id(each.element)}: the server sends bytes that are not what the log promises."
                    " Nothing of them was kept"
                )
        return found

    # Helpers

    def _give_up(self) -> None:
        self.get.stop()
        self.source.close()  # wakes the threads that wait for it

    def _part(self, sha256: str) -> Path:
        return self.path / "open" / f"{sha256}{PART}"

    def _expect(self, files: Iterable[tuple[str, int]]) -> None:
        """Count in what is going to be fetched (SHA-256, bytes), and see whether there is room for it."""
        needed = 0
        for sha256, size in files:
            part = self._part(sha256)
            needed += max(0, size - (part.stat().st_size if part.exists() else 0))
        free = shutil.disk_usage(self.path).free
        if needed > free:
            raise RepositoryError(
                f"{self.path} needs {needed:,} bytes more, and {free:,} are free on that disk: make room, or"
                " fetch only what you need with --for RECIPE"
            )
        self.total += needed
        if needed:
            self.progress(self.done, self.total)

    def _on_bytes(self, count: int) -> None:
        self.done += count
        self.progress(self.done, self.total)


def _by_pack(wanted: list[Wanted]) -> Iterator[tuple[Absent, list[Wanted]]]:
    packs: dict[int, list[Wanted]] = {}
    for each in wanted:
        packs.setdefault(each.pack.number, []).append(each)
    for found in packs.values():
        yield found[0].pack, sorted(found, key=lambda each: (each.start, each.stop))


def _runs(wanted: list[Wanted]) -> Iterator[list[Wanted]]:
    """Coalesce a pack's wanted elements, in order, into range requests."""
    run: list[Wanted] = []
    for each in wanted:
        if run and (each.start - run[-1].stop > _GAP or each.stop - run[0].start > _RANGE_MAX):
            yield run
            run = []
        run.append(each)
    if run:
        yield run
