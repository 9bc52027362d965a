"""Worker processes: cores, threads of numerical libraries, and a bounded process pool that survives crashing tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from haac_pipeline._extra import need_matching
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import HaacError, MissingExtraError


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads(threads: int) -> None:
    """Limit OpenMP and BLAS threads. They look at the environment when they load: call it before numpy is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def numeric_threads() -> int:
    """The threads that `limit_threads` left to this process's numerical libraries; without a limit, one a core."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else cores()


def one_core(*, matching: bool = True) -> None:
    """One thread a process: processes share the cores, small sums are quicker so, and come out the same on any machine.

    For before numpy loads (a repository that is opened loads it), and for workers.

    Args:
        matching: OpenCV and faiss too, which take no notice of the environment.

    Raises:
        MissingExtraError: what matching needs is not installed.
    """
    limit_threads(1)
    if not matching:
        return
    need_matching()
    import cv2
    import faiss

    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)


def start_worker(threads: int = 1, *, interruptible: bool = False) -> None:
    """Initialise a worker process: signals, thread limits, and an end together with its parent.

    Args:
        threads: of its numerical libraries.
        interruptible: Ctrl-C ends it in the middle of a task; otherwise the parent decides.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL if interruptible else signal.SIG_IGN)
    limit_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)  # it was killed: nobody would ever end us


K = TypeVar("K")
M = TypeVar("M")
N = TypeVar("N")


def attempt(work: Callable[[], M], failed: Callable[[str], N], where: object = "") -> M | N:
    """Call `work`; an exception becomes an outcome with its reason, so that one bad file never stops a run.

    Args:
        work: what may go wrong.
        failed: makes the outcome of a reason, a sentence for people.
        where: named where an error of the operating system names no file.

    Raises:
        MissingExtraError: it would be the same for every file.
    """
    try:
        return work()
    except MissingExtraError:
        raise
    except HaacError as error:
        reason = str(error)
    except OSError as error:
        place = error.filename or where
        reason = f"{error.strerror or error}: {place}" if place else f"{error.strerror or error}"
    except MemoryError:
        reason = "not enough memory for it"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    return failed(reason)


class _Sized(Protocol):
    @property
    def data(self) -> bytes: ...


T = TypeVar("T", bound=_Sized)


@dataclass(slots=True)
class _Job(Generic[K, T, M]):
    key: K
    task: T
    future: Future[M] | None


class Pool(Generic[K, T, M]):
    """Process pool with outcomes in the order of the tasks, and a bounded number of tasks and bytes in flight.

    Runs `work` on tasks, each of which holds the `data` of a picture file. A context manager.

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
        return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=self._first)

    @property
    def full(self) -> bool:
        """Whether so much is in flight that an outcome must be taken before the next task goes in."""
        return len(self._pending) >= 8 * self._jobs or self._bytes > INGEST_LIMITS.in_flight_bytes

    def put(self, key: K, task: T) -> None:
        """Submit a task; `key` comes back with its outcome."""
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
        """Resubmit a task at the front of the queue, and `change` it and all in flight, which start again."""
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
