"""Transfer: the files of a mirror on their way, from parts in `open/` to their places, with what is known of how far it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from haac_repo._errors import IntegrityError, RepositoryError
from haac_repo._mirror import mirror
from haac_repo._mirror.download import Downloader, Patience
from haac_repo._mirror.fetch import Fetcher
from haac_repo._mirror.mirror import Absent, Object
from haac_repo._mirror.wire import PackInfo, SegmentInfo, pack_path, segment_path
from haac_repo._store.layout import PART, published_folder
from haac_repo._store.packs import file_sha256

Progress = Callable[[int, int], None]
"""Called with the bytes fetched so far, and in all as far as is known."""

_AHEAD = 64
# Packs that are begun before the log is applied.


class Transfer:
    """Fetches segments and packs of one head into a mirror's folder; what is there already is taken, if its hash is right.

    Args:
        path: The mirror; the caller holds its lock.
        source: Where the files come from.
        patience: With it.
        jobs: Connections.
        progress: Told how far it is, from any thread.
    """

    def __init__(
        self, path: Path, source: Fetcher, patience: Patience, jobs: int, progress: Progress
    ) -> None:
        self.jobs = jobs
        self.get = Downloader(source, patience, jobs, self._on_bytes)
        self._path = path
        self._public = published_folder(path)
        self._source = source
        self._progress = progress
        self._done = self._total = 0
        self._pool: ThreadPoolExecutor | None = None
        self._early: dict[str, Future[Path]] = {}
        self._expected: set[str] = set()

    def segment(self, number: int, info: SegmentInfo) -> Path:
        """The checked log segment: a part, or already in its place."""
        final = self._public / segment_path(number)
        if _is(final, info.sha256):
            return final
        part = self.part(info.sha256)
        self.get.file(segment_path(number), info.length, info.sha256, part, urgent=True)
        return part

    def place_segment(self, number: int, file: Path) -> bool:
        """Move a segment into its place, if it is not there. Whether it was moved."""
        return _move(file, self._public / segment_path(number))

    def begin(self, packs: Iterable[PackInfo]) -> None:
        """Prefetch packs, which needs nothing of the log; those that were begun already are left as they are."""
        packs = list(packs)
        self.expect((pack.sha256, pack.length) for pack in packs)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="haac sync ahead")
        for pack in packs[: max(0, _AHEAD - len(self._early))]:
            if pack.sha256 not in self._early:
                self._early[pack.sha256] = self._pool.submit(self._fetch_pack, pack.sha256, pack.length)

    def pack(self, pack: Absent) -> Path:
        """The pack, with the hash it should have: a part, or already in its place."""
        early = self._early.get(pack.sha256)
        return early.result() if early else self._fetch_pack(pack.sha256, pack.size)

    def place_pack(self, sha256: str, file: Path) -> bool:
        """Move a pack into its place, if it is not there. Whether it was moved."""
        return _move(file, self._public / pack_path(sha256))

    def _fetch_pack(self, sha256: str, size: int) -> Path:
        final = self._public / pack_path(sha256)
        if _is(final, sha256):
            return final
        part = self.part(sha256)
        self.get.file(pack_path(sha256), size, sha256, part)
        return part

    def part(self, sha256: str) -> Path:
        """Path of a file while it is fetched."""
        return self._path / "open" / f"{sha256}{PART}"

    def expect(self, files: Iterable[tuple[str, int]]) -> None:
        """Count in what is going to be fetched (SHA-256, bytes), each once.

        Raises:
            RepositoryError: there is no room for it.
        """
        needed = 0
        for sha256, size in files:
            if sha256 not in self._expected:
                part = self.part(sha256)
                needed += max(0, size - (part.stat().st_size if part.exists() else 0))
                self._expected.add(sha256)
        free = shutil.disk_usage(self._path).free
        if needed > free:
            raise RepositoryError(
                f"{self._path} needs {needed:,} bytes more, and {free:,} are free on that disk: make room, or"
                " fetch only what you need with --for RECIPE"
            )
        self._total += needed
        if needed:
            self._progress(self._done, self._total)

    def give_up(self) -> None:
        """End all that is under way, soon."""
        self.get.stop()
        self._source.close()  # wakes the threads that wait for it

    def close(self) -> None:
        """End all that is under way, and wait until nothing is. It can begin anew then, with another head."""
        if self._pool is not None:
            if not all(future.done() for future in self._early.values()):
                self.give_up()
            self._pool.shutdown(cancel_futures=True)
        self.get.restart()
        self._pool, self._early, self._expected = None, {}, set()
        self._total = self._done

    def _on_bytes(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._total)


def check_pack(file: Path, objects: Iterable[Object]) -> None:
    """Check the objects of a pack whose own hash is right; it is deleted if they are not what the log promises.

    Raises:
        IntegrityError: they are not.
    """
    try:
        mirror.check_objects(file, objects)
    except IntegrityError:
        file.unlink()
        raise


def _is(file: Path, sha256: str) -> bool:
    return file.is_file() and not file.is_symlink() and file_sha256(file) == sha256


def _move(file: Path, final: Path) -> bool:
    """Rename a file that is durable. Its new name is, once its folder is."""
    if file == final:
        return False
    file.replace(final)
    return True
