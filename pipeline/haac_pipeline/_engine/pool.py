"""Outcomes in the order of the tasks, over any engine, with a bounded number of tasks and bytes in flight."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from haac_pipeline._engine.engine import Engine, EngineError, M, T, TaskLostError
from haac_pipeline._engine.stopping import stopping
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import HaacError

K = TypeVar("K")

STOPPED = "stopped before its turn"
"""Said of a task that Ctrl-C came before."""

_EACH = 8
"""Tasks in flight for each that runs: so many others are done while one takes long."""


@dataclass(slots=True)
class _Pending(Generic[K, T, M]):
    key: K
    task: T
    future: Future[M]


class Pool(Generic[K, T, M]):
    """Tasks go in, outcomes come out in the same order. A context manager.

    The window is what bounds memory: engines take whatever they are given.

    Args:
        engine: Runs the tasks; ends with the pool.
        lost: Makes the outcome of a task that is lost, with the reason.
        again: Said when the engine is lost, after how many outcomes there were: what starting again does.
    """

    def __init__(self, engine: Engine[T, M], *, lost: Callable[[T, str], M], again: str) -> None:
        self._engine, self._lost, self._again = engine, lost, again
        self._pending: deque[_Pending[K, T, M]] = deque()
        self._bytes = self._done = 0

    def __enter__(self) -> Pool[K, T, M]:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._engine.close(now=kind is not None)

    def stop(self) -> None:
        """End in the middle of the tasks, from another thread; whoever waits for outcomes gets `concurrent.futures.CancelledError`."""
        self._engine.close(now=True)

    def interrupt(self) -> None:
        """Begin nothing more: outcomes of what waits say so; what is under way comes to an end early. From any thread."""
        self._engine.interrupt()

    @property
    def full(self) -> bool:
        """Whether so much is in flight that an outcome must be taken before the next task goes in."""
        return len(self._pending) >= _EACH * self._engine.slots or self._bytes > INGEST_LIMITS.in_flight_bytes

    def put(self, key: K, task: T) -> None:
        """Submit a task; `key` comes back with its outcome."""
        self._pending.append(_Pending(key, task, self._submit(task)))
        self._bytes += len(task.data)

    def outcomes(self, *, all_: bool) -> Iterator[tuple[K, T, M]]:
        """Outcomes in order: until there is room for a task, or until there are no more if `all_`.

        Raises:
            HaacError: the engine is lost.
        """
        while self._pending and (all_ or self.full or self._pending[0].future.done()):
            job = self._pending[0]
            try:
                made = job.future.result()
            except TaskLostError as error:
                made = self._lost(job.task, str(error))
            except CancelledError:
                if not stopping():
                    raise
                made = self._lost(job.task, STOPPED)
            except EngineError as error:
                raise self._ended(error) from error
            self._pending.popleft()
            self._bytes -= len(job.task.data)
            yield job.key, job.task, made
            self._done += 1  # here: whoever took it has stored it

    def again(self, key: K, task: T, change: Callable[[T], T]) -> None:
        """Resubmit a task at the front of the queue, and `change` it and all in flight, which start again."""
        self._done -= 1
        for job in self._pending:
            job.future.cancel()
            job.task = change(job.task)
        task = change(task)
        self._pending.appendleft(_Pending(key, task, self._submit(task)))
        self._bytes += len(task.data)
        for job in list(self._pending)[1:]:
            job.future = self._submit(job.task)

    def _submit(self, task: T) -> Future[M]:
        try:
            return self._engine.submit(task)
        except EngineError as error:
            raise self._ended(error) from error

    def _ended(self, error: EngineError) -> HaacError:
        return EngineError(f"{error}. {self._done:,} were done before. {self._again}")
