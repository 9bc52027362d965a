"""Worker processes on this machine. One that crashes, takes too long or too much memory costs its own task only.

`concurrent.futures` breaks as a whole with one process, and knows no limits; pools that know them (pebble, loky) limit time but not
memory, or end all for one. With a pipe for each process it is known which task is to blame.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from pickle import PicklingError
from queue import SimpleQueue
from typing import Any, Generic

from haac_pipeline._engine.engine import MIB, Job, Limits, M, T, TaskLostError
from haac_pipeline._engine.stopping import listen

_SMALL = 2**16
"""Bytes of a task that a busy process is given in advance: what a pipe takes without waiting for its reader."""
_TICK = 0.1
"""Seconds between two looks at what the processes use."""
_END = 5.0
"""Seconds that a process has to end by itself."""
_SPAWN = multiprocessing.get_context("spawn")  # forking a process that has threads is unsafe


@dataclass(slots=True, eq=False)
class _Task(Generic[T, M]):
    task: T
    future: Future[M] = field(default_factory=Future)
    tried: bool = False


@dataclass(slots=True, eq=False)
class _Worker(Generic[T, M]):
    """A process, as this side sees it."""

    process: BaseProcess
    connection: Connection
    tasks: deque[_Task[T, M]] = field(default_factory=deque)
    """Given to it and not answered; it works on the first."""
    unsent: deque[_Task[T, M]] = field(default_factory=deque)
    sending: threading.Lock = field(default_factory=threading.Lock)
    listener: threading.Thread = field(default_factory=threading.Thread)
    ready: bool = False
    since: float = 0.0
    """When it began with the first, in seconds of the monotonic clock."""
    verdict: str = ""
    """Why it was ended."""


class Local(Generic[T, M]):
    """An engine: `jobs` processes on this machine.

    A task whose process dies by itself (a decoder's fault, the system out of memory) is tried once more in another.
    """

    def __init__(self, job: Job, jobs: int) -> None:
        self._job, self._jobs = job, jobs
        self._limits = Limits(job.limits.seconds, job.limits.memory or _machine_memory() // 2)
        self._queue: deque[_Task[T, M]] = deque()
        self._workers: list[_Worker[T, M]] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        if self._limits.seconds or self._limits.memory:
            threading.Thread(target=self._watch, name="haac limits", daemon=True).start()

    @property
    def slots(self) -> int:
        """Tasks that run at one time."""
        return self._jobs

    def submit(self, task: T) -> Future[M]:
        """Run a task."""
        one: _Task[T, M] = _Task(task)
        with self._lock:
            self._queue.append(one)
        self._feed()
        return one.future

    def close(self, *, now: bool = False) -> None:
        """End all processes; `now`: in the middle of their tasks."""
        with self._lock:
            self._closed.set()
            waiting = [*self._queue, *(one for worker in self._workers for one in worker.tasks)]
            self._queue.clear()
            workers = list(self._workers)
        for one in waiting:  # somebody may wait for them
            one.future.cancel()
        for worker in workers:
            if now or worker.tasks:
                worker.process.kill()
            else:
                with contextlib.suppress(OSError):
                    worker.connection.send(None)
        for worker in workers:  # each is waited for by its listener, and by nobody else
            worker.listener.join(_END)
            worker.process.kill()
            worker.listener.join()

    def interrupt(self) -> None:
        """Ask the processes to come to an end with the best so far; what waits is not begun."""
        with self._lock:
            waiting = list(self._queue)
            self._queue.clear()
            running = [worker.process.pid for worker in self._workers]
        for one in waiting:
            one.future.cancel()
        for pid in running:
            with contextlib.suppress(OSError, TypeError):  # it has just ended
                os.kill(pid, signal.SIGINT)  # type: ignore[arg-type]

    def _feed(self) -> None:
        """Give what waits to processes that have room for it."""
        while True:
            with self._lock:
                worker = self._free() if self._queue and not self._closed.is_set() else None
                if worker is None:
                    return
                one = self._queue.popleft()
                if one.future.cancelled() or one.future.done():
                    continue
                if not worker.tasks:
                    worker.since = time.monotonic()
                worker.tasks.append(one)
                worker.unsent.append(one)
            with worker.sending, contextlib.suppress(OSError):  # if it died, its thread finds out
                worker.connection.send(worker.unsent.popleft().task)

    def _free(self) -> _Worker[T, M] | None:
        """One with nothing to do, a new one, or one that may have the next small task in advance."""
        if idle := next((worker for worker in self._workers if not worker.tasks), None):
            return idle
        if len(self._workers) < self._jobs:
            return self._started()
        if len(self._queue[0].task.data) > _SMALL:
            return None
        return next((worker for worker in self._workers if len(worker.tasks) < 2), None)

    def _started(self) -> _Worker[T, M]:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(theirs, self._job), name="haac worker", daemon=True)
        process.start()
        theirs.close()  # so that its end is seen here
        worker: _Worker[T, M] = _Worker(process, ours)
        worker.listener = threading.Thread(target=self._listen, args=(worker,), daemon=True)
        worker.listener.start()
        self._workers.append(worker)
        return worker

    def _listen(self, worker: _Worker[T, M]) -> None:
        try:
            while True:
                self._answered(worker, worker.connection.recv())
        except Exception:  # its end, or an answer that cannot be read
            worker.process.kill()
        worker.process.join()
        self._died(worker)
        worker.connection.close()

    def _answered(self, worker: _Worker[T, M], message: tuple[bool, Any] | None) -> None:
        one = None
        with self._lock:
            if message is None:
                worker.ready = True
            elif worker.tasks:
                one = worker.tasks.popleft()
            worker.since = time.monotonic()
        if one is not None and message is not None:
            _settle(one.future, *message)
        self._feed()

    def _died(self, worker: _Worker[T, M]) -> None:
        with self._lock:
            self._workers.remove(worker)
            running = worker.tasks[0] if worker.tasks and not worker.tasks[0].future.cancelled() else None
            left = [one for one in worker.tasks if not one.future.cancelled()]
            worker.tasks.clear()
            blamed = None
            if running is not None:  # those behind it waited, and are not to blame
                blamed = running if worker.verdict or running.tried else None
                running.tried = True
            self._queue.extendleft(reversed([one for one in left if one is not blamed]))
        if blamed is not None:
            _settle(blamed.future, False, TaskLostError(worker.verdict or self._job.crash))
        self._feed()

    def _watch(self) -> None:
        limits, memory = self._limits, _resident if find_spec("psutil") else None
        while not self._closed.wait(_TICK):
            with self._lock:
                busy = [worker for worker in self._workers if worker.ready and worker.tasks]
            for worker in busy:
                if limits.seconds and time.monotonic() - worker.since > limits.seconds:
                    reason = f"it took longer than {limits.seconds:g} seconds: allow more with --timeout"
                elif limits.memory and memory and memory(worker.process.pid) > limits.memory:
                    reason = (
                        f"it took more than {limits.memory // MIB:,} MiB of memory: allow more with --memory"
                    )
                else:
                    continue
                self._end(worker, reason)

    def _end(self, worker: _Worker[T, M], reason: str) -> None:
        with self._lock:
            if not worker.tasks or worker.verdict:
                return
            worker.verdict = reason
        worker.process.kill()


def _settle(future: Future[Any], fine: bool, value: Any) -> None:
    with contextlib.suppress(InvalidStateError):  # cancelled meanwhile
        if fine:
            future.set_result(value)
        else:
            future.set_exception(value)


def _resident(pid: int | None) -> int:
    """Bytes of memory that a process has of its own; 0 if it is gone."""
    import psutil

    try:
        memory = psutil.Process(pid).memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))  # not what it maps of a repository's files


def _machine_memory() -> int:
    """Bytes of memory that this machine, or this container, has; 0 if that is not known."""
    if find_spec("psutil") is None:
        return 0
    import psutil

    total = int(psutil.virtual_memory().total)
    with contextlib.suppress(OSError, ValueError):  # a container's own limit, on Linux
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def _serve(connection: Connection, job: Job) -> None:
    """What a process does: answer tasks until there are no more."""
    listen()
    job.start()
    inbox: SimpleQueue[Any] = SimpleQueue()
    # A thread reads, so that neither end waits for the other with both pipes full.
    threading.Thread(target=_receive, args=(connection, inbox), daemon=True).start()
    connection.send(None)
    while (task := inbox.get()) is not None:
        try:
            answer = True, job.work(task)
        except Exception as error:
            answer = False, error
        try:
            connection.send(answer)
        except (TypeError, AttributeError, PicklingError) as error:
            connection.send((False, TaskLostError(f"its outcome cannot be sent: {error}")))


def _receive(connection: Connection, inbox: SimpleQueue[Any]) -> None:
    try:
        while (task := connection.recv()) is not None:
            inbox.put(task)
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)  # the parent was killed: nobody would ever end us
    inbox.put(None)
