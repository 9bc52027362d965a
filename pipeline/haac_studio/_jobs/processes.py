"""Worker processes of jobs: the server goes on answering, and cancelling ends the process in the middle of what it does."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from haac_pipeline._internal import Job as EngineJob
from haac_pipeline._internal import Limits, Local
from haac_studio._jobs.jobs import Job

Say = Callable[[int, int, str], None]
"""Told how far a task is: done, total (0: not known), in words."""
_TURN = 0.2
"""Seconds between two looks whether a job that waits was cancelled."""
_LAST = 5.0
"""Seconds that what a task said last may be later than its answer, which comes another way."""
_SECONDS = 3600.0
"""That one task may take."""


@dataclass(frozen=True, slots=True)
class Request:
    """One task for a worker process."""

    data: bytes
    """Of a picture file."""
    call: Callable[[bytes, Say], Any]
    """A module's function, or a partial of one."""
    count: int = 0
    """Which of its process's it is, given by `Process.run`."""


class Process:
    """A worker process for jobs of one kind, one job at a time. It starts with the first, and keeps what it loaded for the next.

    Args:
        start: what the process calls first: a module's function, or a partial of one.
        crash: said of a task whose process dies.
    """

    def __init__(self, start: Callable[[], object], crash: str) -> None:
        self._start, self._crash = start, crash
        self._turn = threading.Lock()
        self._stamp: object = None
        self._job: Job | None = None
        self._count = 0
        self._heard = threading.Event()
        self._engine: Local[Request, Any] | None = None
        self._told: Connection | None = None

    def run(self, job: Job, request: Request, stamp: object = None) -> Any:
        """Have a task done for a job, whose progress is told.

        Args:
            job: the job; cancelling it ends the process.
            request: the task.
            stamp: of what the process has loaded; where it differs from the last one, a new process begins.

        Raises:
            CancelledJobError: the job was cancelled.
            TaskLostError: the process crashed, or took all memory.
        """
        while not self._turn.acquire(timeout=_TURN):
            job.progress(0, 0, "waiting for another job")
            job.check()
        try:
            with job.cancelling(self.close):
                if stamp != self._stamp:
                    self.close()
                self._stamp, self._job = stamp, job
                self._count += 1
                self._heard.clear()
                result = self._started().submit(replace(request, count=self._count)).result()
                self._heard.wait(_LAST)
                return result
        finally:
            self._job = None
            self._turn.release()

    def close(self) -> None:
        """End the process, in the middle of its task too."""
        engine, told = self._engine, self._told
        self._engine = self._told = None
        if engine is not None:
            engine.close(now=True)
        if told is not None:
            told.close()

    def _started(self) -> Local[Request, Any]:
        if self._engine is None:
            # The process has a copy of one end, and so may another that takes its place.
            ours, self._told = multiprocessing.Pipe(duplex=False)
            threading.Thread(target=self._listen, args=(ours,), daemon=True).start()
            work = partial(_work, self._told)
            self._engine = Local(EngineJob(work, self._start, Limits(_SECONDS, 0), self._crash), 1)
        return self._engine

    def _listen(self, connection: Connection) -> None:
        """Pass on what the process says, until it is ended."""
        with connection, suppress(EOFError, OSError):
            while True:
                count, progress = connection.recv()
                if (job := self._job) is None or count != self._count:
                    continue  # of a task that failed
                if progress is None:
                    self._heard.set()
                else:
                    job.progress(*progress)


def _work(connection: Connection, request: Request) -> Any:
    """What the process does with a task: it says how far it is, and at last that this was all."""

    def say(*progress: Any) -> None:
        with suppress(OSError):
            connection.send((request.count, progress or None))

    result = request.call(request.data, say)
    say()
    return result
