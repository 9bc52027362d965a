"""Resumable, hash-verified downloads of published files, with retries and backoff, in parallel."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TypeVar

from haac_repo._errors import IntegrityError, TransportError
from haac_repo._files import sync_file
from haac_repo._mirror.fetch import Fetched, Fetcher, NotThereError, TransientError, WithheldError
from haac_repo._mirror.wire import HEAD_PATH
from haac_repo._store.packs import file_sha256

T = TypeVar("T")

_PROGRESS = 2**20
_GAP = 2**18
_GAP_LEAST, _GAP_MOST = 2**16, 2**20
_MEASURED = 2**17
# Bytes of a body from which its time says how fast the line is.
_NEAR = 0.005
# Seconds until an answer begins, below which one connection is faster than several: measured, by 5 to 10 %.


@dataclass(frozen=True, slots=True)
class Patience:
    """Retry policy: how often, and after what pauses, something is tried again, and for how long a server may take.

    A server that drips is not silent, so it would be waited for for weeks: the least rate holds over each object as a whole.
    """

    tries: int = 5
    """In a row without progress (1 MiB)."""
    first: float = 0.5
    """Seconds before the second try; doubled each time."""
    longest: float = 60.0
    """Seconds that a server may ask us to wait (Retry-After)."""
    rate: int = 4096
    """Bytes a second that an object must come in with, all answers together, ..."""
    grace: float = 60.0
    """... after so many seconds: what an answer, and the pauses between them, may take beside."""
    deadline: float = 120.0
    """Seconds for the head and each file of metadata, all tries together."""
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
        self._latency = float("inf")
        self._bandwidth = 0.0

    @property
    def gap(self) -> int:
        """Bytes that are better fetched along than asked around: what comes in while a request is answered, as measured so far."""
        with self._lock:
            if not self._bandwidth:
                return _GAP
            return round(min(max(self._latency * self._bandwidth, _GAP_LEAST), _GAP_MOST))

    def suit(self) -> None:
        """Fetch one file at a time from now on, if the server answers so soon that a second connection brings nothing but work."""
        if self._latency < _NEAR:
            self._slots = threading.BoundedSemaphore(1)

    def head(self, etag: str, path: str = HEAD_PATH) -> tuple[bytes | None, str]:
        """Fetch the head and its ETag; no bytes if it still has that `etag` (conditional request).

        Args:
            etag: Of the one that is known; '' if none is.
            path: Of another file whose length nobody has promised.
        """
        tries = _Tries(self, None)
        while True:
            data = bytearray()  # grows with the bytes that come, in however many pieces
            try:
                with self._fetch(path, None, etag=etag) as got:
                    if got.unchanged:
                        return None, etag
                    for block in self._counted(got.chunks, tries, told=False):
                        data += block
                    return bytes(data), got.etag
            except TransientError as error:
                tries.wait(error)

    def small(self, path: str, most: int) -> bytes | None:
        """Fetch a file of unknown length, of at most `most` bytes; None if the server does not have it.

        Stores that let nobody list their files answer 403 for one that is not there, and some servers with a web page.
        """
        tries = _Tries(self, None)
        while True:
            data = bytearray()
            try:
                with self._fetch(path, None) as got:
                    for block in self._counted(got.chunks, tries, told=False):
                        data += block
                        if len(data) > most:
                            raise TransportError(
                                f"{path} goes on after byte {most}, where it must end at the latest"
                            )
                    return bytes(data)
            except (NotThereError, WithheldError):
                return None
            except TransientError as error:
                tries.wait(error)

    def file(self, path: str, size: int, sha256: str, part: Path, *, urgent: bool = False) -> None:
        """Download a file into `part`, resuming what that holds already, and verify its SHA-256. Durable on return.

        An urgent one does not wait for others to be done.

        Raises:
            IntegrityError: what the server sends has another hash. `part` is gone then.
            TransportError: `part` holds what was received, for the next time.
        """
        for _ in range(2):
            with nullcontext() if urgent else self._slots:
                self._go_on()  # or it waited for its turn in vain
                pieced, digest = self._fill(path, size, part)
            if (digest or file_sha256(part)) == sha256:
                sync_file(part)  # while the next one comes in
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
        tries = _Tries(self, stop - start)
        while True:
            try:
                with self._fetch(path, size, start=start, stop=stop) as got:
                    if got.whole and (start, stop) != (0, size):
                        return None
                    return b"".join(self._counted(got.chunks, tries))
            except TransientError as error:
                tries.wait(error)

    def stop(self) -> None:
        """Cancel everything in flight: it ends soon, with Stopped."""
        self._stopped.set()

    def restart(self) -> None:
        """Take downloads again, after `stop`."""
        self._stopped = threading.Event()

    def _fill(self, path: str, size: int, part: Path) -> tuple[bool, str]:
        """Make `part` `size` bytes long. Whether its bytes may be of more than one answer, and if not, their SHA-256."""
        with part.open("ab", buffering=0) as out:
            if out.tell() > size:
                out.truncate(0)
            pieced = out.seek(0, os.SEEK_END) > 0
            tries = _Tries(self, size)
            digest = hashlib.sha256()
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
                            pieced, digest = False, hashlib.sha256()
                            if not got.whole:
                                raise TransientError(
                                    f"{path} changed on the server while it was being fetched"
                                )
                        for block in self._counted(got.chunks, tries):
                            digest.update(block)
                            _write(out, block)
                except TransientError as error:
                    if out.tell() - have >= _PROGRESS:
                        tries.count = 0
                    tries.wait(error)
        return pieced, "" if pieced else digest.hexdigest()

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise Stopped("given up")

    @contextmanager
    def _fetch(
        self, path: str, size: int | None, *, start: int = 0, stop: int | None = None, etag: str = ""
    ) -> Iterator[Fetched]:
        with self._lock:
            self.requests += 1
        with self._fetcher.fetch(path, size, start=start, stop=stop, etag=etag) as got:
            with self._lock:
                self._latency = min(self._latency, got.waited)
            yield got

    def _counted(self, chunks: Iterable[bytes], tries: _Tries, *, told: bool = True) -> Iterator[bytes]:
        began, size = time.monotonic(), 0
        for block in chunks:
            self._go_on()
            size += len(block)
            tries.check_rate(len(block))
            with self._lock:
                self.received += len(block)
                if told:
                    self._on_bytes(len(block))
            yield block
        if size >= _MEASURED:
            with self._lock:
                self._bandwidth = max(self._bandwidth, size / (time.monotonic() - began or 1e-9))


def _write(out: FileIO, block: bytes) -> None:
    view = memoryview(block)
    while view:  # a disk that is filling up may take a part
        view = view[out.write(view) :]


class _Tries:
    """Retries and time left of one download.

    Args:
        downloader: Whose patience counts.
        size: Bytes to come; None if nobody knows, which has a deadline.
    """

    def __init__(self, downloader: Downloader, size: int | None) -> None:
        self._patience = downloader._patience
        self._stopped = downloader._stopped
        self.count = 0
        """Failed tries since the last progress."""
        self._began = time.monotonic()
        self._deadline = self._patience.deadline if size is None else None
        self._got = 0

    def check_rate(self, count: int) -> None:
        """Count bytes that came in.

        Raises:
            TransportError: they come too slowly, over the whole object.
        """
        self._got += count
        spent = time.monotonic() - self._began
        if self._deadline is not None and spent > self._deadline:
            raise TransportError(
                f"the server has sent {self._got} bytes of the head or its metadata in {spent:.1f} seconds; {self._deadline:g} are"
                " allowed: try again later, or another mirror"
            )
        if self._deadline is None and self._got < self._patience.rate * (spent - self._patience.grace):
            raise TransportError(
                f"the server has sent {self._got} bytes of a file in {spent:.0f} seconds, fewer than"
                f" {self._patience.rate} a second: try again later (what came is kept), or another mirror"
            )

    def wait(self, error: TransientError) -> None:
        """Back off before the next try; raises `error` if there is none left."""
        self.count += 1
        if self._stopped.is_set():
            raise Stopped("given up") from error
        if self.count >= self._patience.tries:
            raise TransportError(f"{error}; given up after {self.count} tries") from error
        pause = self._patience.first * 2 ** (self.count - 1)
        if error.retry_after is not None:
            if error.retry_after > self._patience.longest:
                raise TransportError(
                    f"{error}; it asks to come back in {error.retry_after:.0f} seconds"
                ) from error
            pause = max(pause, error.retry_after)
        if self._stopped.wait(pause):
            raise Stopped("given up") from error
        self._began += pause  # nobody was slow meanwhile


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
