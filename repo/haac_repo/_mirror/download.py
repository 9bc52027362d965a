"""Resumable, hash-verified downloads of published files, with retries and backoff, in parallel."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from haac_repo._errors import IntegrityError, TransportError
from haac_repo._files import sync_folder
from haac_repo._mirror.fetch import Fetched, Fetcher, NotThereError, TransientError, WithheldError
from haac_repo._mirror.wire import HEAD_PATH
from haac_repo._store.packs import file_sha256

T = TypeVar("T")

PART = ".part"
"""Suffix of files in `open/` that are being fetched, named by the SHA-256 that they will have."""
_PROGRESS = 2**20


@dataclass(frozen=True, slots=True)
class Patience:
    """Retry policy: how often, and after what pauses, something is tried again."""

    tries: int = 5
    """In a row without progress (1 MiB)."""
    first: float = 0.5
    """Seconds before the second try; doubled each time."""
    longest: float = 60.0
    """Seconds that a server may ask us to wait (Retry-After)."""
    lock: float = 10.0
    """Seconds to wait for another sync of the same mirror to finish."""


class Stopped(TransportError):  # noqa: N818 (no failure: somebody else's ended this)
    """The download was cancelled: the sync is being given up for another reason."""


class Downloader:
    """Downloads published files with retries, and counts requests and bytes. Thread-safe.

    Args:
        fetcher: Where the files come from.
        patience: With it.
        jobs: So many files are fetched at a time.
        on_bytes: Called from any thread with the number of bytes that came in.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        patience: Patience,
        jobs: int,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._fetcher = fetcher
        self._patience = patience
        self._on_bytes = on_bytes
        self._slots = threading.BoundedSemaphore(jobs)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.requests = 0
        self.received = 0
        """Bytes of bodies."""

    def head(self, etag: str) -> tuple[bytes | None, str]:
        """Fetch the head and its ETag; no bytes if it still has that `etag` (conditional request)."""
        tries = _Tries(self)
        while True:
            try:
                with self._fetch(HEAD_PATH, None, etag=etag) as got:
                    if got.unchanged:
                        return None, etag
                    data = b"".join(got.chunks)
                    self.received += len(data)
                    return data, got.etag
            except TransientError as error:
                tries.wait(error)

    def small(self, path: str, most: int) -> bytes | None:
        """Fetch a file of unknown length, of at most `most` bytes; None if the server does not have it.

        Stores that let nobody list their files answer 403 for one that is not there, and some servers with a web page.
        """
        tries = _Tries(self)
        while True:
            try:
                with self._fetch(path, None) as got:
                    blocks, size = [], 0
                    for block in got.chunks:
                        size += len(block)
                        if size > most:
                            raise TransportError(
                                f"{path} goes on after byte {most}, where it must end at the latest"
                            )
                        blocks.append(block)
                    self.received += size
                    return b"".join(blocks)
            except (NotThereError, WithheldError):
                return None
            except TransientError as error:
                tries.wait(error)

    def file(self, path: str, size: int, sha256: str, part: Path, *, urgent: bool = False) -> None:
        """Download a file into `part`, resuming what that holds already, and verify its SHA-256.

        An urgent one does not wait for others to be done.

        Raises:
            IntegrityError: what the server sends has another hash. `part` is gone then.
            TransportError: `part` holds what was received, for the next time.
        """
        for _ in range(2):
            with nullcontext() if urgent else self._slots:
                pieced = self._fill(path, size, part)
            if file_sha256(part) == sha256:
                return
            part.unlink()
            if not pieced:
                break
            # The pieces may have been of different files: once more, in one go.
        raise IntegrityError(
            f"{path}: the server sends bytes that are not what the head promises (SHA-256 {sha256[:12]}...)."
            " Nothing of them was kept"
        )

    def part(self, path: str, size: int, start: int, stop: int) -> bytes | None:
        """Range request: bytes `start` to `stop` of a file; None if the server only sends whole files."""
        tries = _Tries(self)
        while True:
            try:
                with self._fetch(path, size, start=start, stop=stop) as got:
                    if got.whole and (start, stop) != (0, size):
                        return None
                    return b"".join(self._counted(got.chunks))
            except TransientError as error:
                tries.wait(error)

    def stop(self) -> None:
        """Cancel everything in flight: it ends soon, with Stopped."""
        self._stopped.set()

    def _fill(self, path: str, size: int, part: Path) -> bool:
        """Make `part` `size` bytes long. Whether the bytes may be of more than one answer."""
        with part.open("ab") as out:
            if out.tell() > size:
                out.truncate(0)
            pieced = out.seek(0, os.SEEK_END) > 0
            tries = _Tries(self)
            etag: str | None = None
            while (have := out.tell()) < size:
                pieced = pieced or have > 0
                try:
                    with self._fetch(path, size, start=have) as got:
                        changed = etag is not None and got.etag != etag
                        etag = got.etag
                        if have and (changed or got.whole):
                            out.truncate(0)
                            out.seek(0)
                            pieced = False
                            if not got.whole:
                                raise TransientError(
                                    f"{path} changed on the server while it was being fetched"
                                )
                        for block in self._counted(got.chunks):
                            out.write(block)
                except TransientError as error:
                    out.flush()
                    if out.tell() - have >= _PROGRESS:
                        tries = _Tries(self)
                    tries.wait(error)
        return pieced

    def _fetch(
        self, path: str, size: int | None, *, start: int = 0, stop: int | None = None, etag: str = ""
    ) -> AbstractContextManager[Fetched]:
        with self._lock:
            self.requests += 1
        return self._fetcher.fetch(path, size, start=start, stop=stop, etag=etag)

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for block in chunks:
            if self._stopped.is_set():
                raise Stopped("given up")
            with self._lock:
                self.received += len(block)
                self._on_bytes(len(block))
            yield block


class _Tries:
    """Retries left of one download."""

    def __init__(self, downloader: Downloader) -> None:
        self._patience = downloader._patience
        self._stopped = downloader._stopped
        self._failed = 0

    def wait(self, error: TransientError) -> None:
        """Back off before the next try; raises `error` if there is none left."""
        self._failed += 1
        if self._stopped.is_set():
            raise Stopped("given up") from error
        if self._failed >= self._patience.tries:
            raise TransportError(f"{error}; given up after {self._failed} tries") from error
        pause = self._patience.first * 2 ** (self._failed - 1)
        if error.retry_after is not None:
            if error.retry_after > self._patience.longest:
                raise TransportError(
                    f"{error}; it asks to come back in {error.retry_after:.0f} seconds"
                ) from error
            pause = max(pause, error.retry_after)
        if self._stopped.wait(pause):
            raise Stopped("given up") from error


def move_into_place(part: Path, target: Path) -> None:
    """Fsync `part` and atomically rename it to `target`."""
    descriptor = os.open(part, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(target)
    sync_folder(target.parent)


def in_parallel(
    tasks: Iterable[Callable[[], T]], jobs: int, stop: Callable[[], None]
) -> Generator[Future[T], None, None]:
    """Run tasks in a thread pool, a bounded number ahead of the consumer; futures come in order.

    When it is left early, `stop` is called, and tasks that have not begun are dropped.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="haac sync") as pool:
        running: deque[Future[T]] = deque()
        try:
            for task in tasks:
                running.append(pool.submit(task))
                if len(running) >= 2 * jobs:
                    yield _done(running.popleft())
            while running:
                yield _done(running.popleft())
        except BaseException:
            stop()
            for future in running:
                future.cancel()
            raise


def _done(future: Future[T]) -> Future[T]:
    wait([future])
    return future
