"""Worker processes that may crash: tasks go in, outcomes come out in the same order, a bounded number under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Generic, Protocol, TypeVar

from haac_pipeline._limits import INGEST_LIMITS


class _Sized(Protocol):
    @property
    def data(self) -> bytes: ...


K = TypeVar("K")
T = TypeVar("T", bound=_Sized)
M = TypeVar("M")


@dataclass(slots=True)
class _Job(Generic[K, T, M]):
    key: K
    task: T
    future: Future[M] | None


class Pool(Generic[K, T, M]):
    """Runs `work` on tasks, each of which holds the `data` of a picture file. A context manager.

    A task whose process dies (a decoder's fault, the system out of memory) is tried once more by itself, as are
    those that were under way with it; the one that dies again is refused and the rest goes on.

    Args:
        jobs: Processes.
        work: A module's function.
        start: What each process calls first: a module's function.
        crashed: The outcome of a task that dies.
    """

    def __init__(
        self, jobs: int, work: Callable[[T], M], *, start: Callable[[], None], crashed: Callable[[T], M]
    ) -> None:
        self._jobs, self._work, self._first, self._crashed = jobs, work, start, crashed
        self._executor = self._start(jobs)
        self._pending: deque[_Job[K, T, M]] = deque()
        self._bytes = 0

    def __enter__(self) -> Pool[K, T, M]:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self, jobs: int) -> ProcessPoolExecutor:
        # spawn: forking a process that has threads (SQLite, a progress bar) is unsafe.
        return ProcessPoolExecutor(jobs, get_context("spawn"), initializer=self._first)

    @property
    def full(self) -> bool:
        """Whether to take an outcome before the next task goes in."""
        return len(self._pending) >= 8 * self._jobs or self._bytes > INGEST_LIMITS.in_flight_bytes

    def put(self, key: K, task: T) -> None:
        """Start a task."""
        self._pending.append(_Job(key, task, self._submit(task)))
        self._bytes += len(task.data)

    def outcomes(self, *, all_: bool) -> Iterator[tuple[K, T, M]]:
        """Outcomes in order: until there is room for a task, or until there are no more if `all_`."""
        while self._pending and (all_ or self.full or self._done(self._pending[0])):
            job = self._pending[0]
            made = self._outcome(job)
            self._pending.popleft()
            self._bytes -= len(job.task.data)
            yield job.key, job.task, made

    def again(self, key: K, task: T, change: Callable[[T], T]) -> None:
        """Put a task back to the front, and change those under way likewise."""
        self._pending.appendleft(_Job(key, task, None))
        self._bytes += len(task.data)
        for job in self._pending:
            if job.future is not None:
                job.future.cancel()
            job.task = change(job.task)
            job.future = self._submit(job.task)

    @staticmethod
    def _done(job: _Job[K, T, M]) -> bool:
        return job.future is not None and job.future.done()

    def _submit(self, task: T) -> Future[M] | None:
        try:
            return self._executor.submit(self._work, task)
        except BrokenProcessPool:
            return None  # found out when its turn comes

    def _outcome(self, job: _Job[K, T, M]) -> M:
        try:
            if job.future is not None:
                return job.future.result()
        except (BrokenProcessPool, CancelledError):
            pass
        # Some task killed its process, and with it all that were under way: one at a time shows which.
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._start(1)
        try:
            made = self._executor.submit(self._work, job.task).result()
        except BrokenProcessPool:
            made = self._crashed(job.task)
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._start(self._jobs)
        for other in self._pending:
            if other is not job and not _answered(other.future):
                other.future = self._submit(other.task)
        return made


def _answered(future: Future[M] | None) -> bool:
    return future is not None and future.done() and not future.cancelled() and future.exception() is None
