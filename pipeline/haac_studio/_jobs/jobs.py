"""Jobs: what takes longer than an answer may. Each has a thread, tells its progress as events, and can be cancelled."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from haac_repo import HaacError
from haac_repo._internal import debugging
from haac_studio._limits import STUDIO_LIMITS

_RUNNING = 8
"""Jobs that may run at one time."""
_OFTEN = 0.1
"""Seconds between two events that say the same of different numbers."""


class CancelledJobError(HaacError):
    """Somebody cancelled the job."""


class BusyError(HaacError):
    """Too much is under way already."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a job says: how far it is, what came out, or what went wrong. One of the last two ends it."""

    name: Literal["progress", "result", "error"]
    data: dict[str, Any]


class Job:
    """One job, as its thread and whoever listens see it."""

    def __init__(self) -> None:
        self.ended = False
        self._events: list[tuple[int, Event]] = []
        self._count = 0
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()
        self._ending: set[Callable[[], None]] = set()
        self._said, self._when = "", 0.0

    def progress(self, done: int, total: int, text: str) -> None:
        """Tell how far it is.

        Args:
            done: of `total`.
            total: 0: not known.
            text: what is being done.
        """
        now = time.monotonic()
        if text != self._said or now - self._when >= _OFTEN or (done == total and total):
            self._said, self._when = text, now
            self._tell(Event("progress", {"done": done, "total": total, "text": text}))

    def check(self) -> None:
        """Stop here if somebody cancelled it.

        Raises:
            CancelledJobError: somebody did.
        """
        if self._cancelled.is_set():
            raise CancelledJobError("it was cancelled")

    @contextmanager
    def cancelling(self, end: Callable[[], None]) -> Iterator[None]:
        """While the block runs, cancelling calls `end`, from another thread.

        Raises:
            CancelledJobError: it was cancelled before, or while the block ran.
        """
        self.check()
        with self._lock:
            self._ending.add(end)
        try:
            if self._cancelled.is_set():  # between the two lines above
                end()
            yield
        except CancelledJobError:
            raise
        except BaseException as error:
            if self._cancelled.is_set():
                raise CancelledJobError("it was cancelled") from error
            raise
        finally:
            with self._lock:
                self._ending.discard(end)
        self.check()

    def cancel(self) -> None:
        """Ask it to end; it does as soon as it can."""
        self._cancelled.set()
        with self._lock:
            ending = list(self._ending)
        for end in ending:
            end()

    def finish(self, event: Event) -> None:
        """Tell what became of it, once."""
        self._tell(event)
        self.ended = True
        self._wake()

    def events(self, after: int) -> list[tuple[int, Event]]:
        """The events with a higher number, which are still remembered, with their numbers."""
        with self._lock:
            return [each for each in self._events if each[0] > after]

    def listen(self, told: Callable[[], None]) -> None:
        """Call `told`, from any thread, whenever there is a new event."""
        with self._lock:
            self._listeners.add(told)

    def leave(self, told: Callable[[], None]) -> None:
        """Call it no more."""
        with self._lock:
            self._listeners.discard(told)

    def _tell(self, event: Event) -> None:
        with self._lock:
            # Of many that say how far the same is, only the last is remembered.
            if self._events and _repeats(self._events[-1][1], event):
                del self._events[-1]
            self._count += 1
            self._events.append((self._count, event))
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()


def _repeats(one: Event, other: Event) -> bool:
    return one.name == other.name == "progress" and bool(one.data["text"] == other.data["text"])


Work = Callable[[Job], dict[str, Any]]
"""Does what a job is for, in its thread; what it returns is the result."""


class Jobs:
    """All jobs of a studio."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._count = 0
        self._closed = False
        self._closing: list[Callable[[], None]] = []

    def start(self, work: Work) -> str:
        """Begin a job; its name.

        Raises:
            BusyError: so many run already that this one would only wait.
        """
        job = Job()
        with self._lock:
            running = [name for name, each in self._jobs.items() if not each.ended]
            if self._closed or len(running) >= _RUNNING:
                raise BusyError(
                    f"{len(running)} jobs are under way already: wait for one of them, or cancel it"
                )
            self._count += 1
            name = str(self._count)
            self._jobs[name] = job
            for old in [key for key, each in self._jobs.items() if each.ended]:
                if len(self._jobs) > STUDIO_LIMITS.jobs:
                    del self._jobs[old]
            thread = threading.Thread(target=self._run, args=(name, job, work), daemon=True)
            self._threads[name] = thread
            thread.name = f"haac studio job {name}"
        thread.start()
        return name

    def get(self, name: str) -> Job | None:
        """The job of that name, if it is still remembered."""
        with self._lock:
            return self._jobs.get(name)

    def at_end(self, close: Callable[[], None]) -> None:
        """Have something closed together with the jobs."""
        self._closing.append(close)

    def close(self) -> None:
        """Cancel all that run, and close what they used."""
        with self._lock:
            self._closed = True
            jobs, threads = list(self._jobs.values()), list(self._threads.values())
        for job in jobs:
            if not job.ended:
                job.cancel()
        for close in self._closing:
            close()
        for thread in threads:
            thread.join(5)

    def _run(self, name: str, job: Job, work: Work) -> None:
        try:
            event = Event("result", work(job))
        except CancelledJobError as error:
            event = Event("error", {"error": str(error), "cancelled": True})
        except Exception as error:
            if debugging():
                import traceback

                traceback.print_exc()
            event = Event("error", {"error": told(error)})
        with suppress(KeyError):
            del self._threads[name]
        job.finish(event)


def told(error: Exception) -> str:
    """What is said of an error that ended a job, or a request."""
    if isinstance(error, HaacError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, MemoryError):
        return "not enough memory for this"
    return f"{type(error).__name__}: {error}. This is a fault of haac: please report it, with what HAAC_DEBUG=1 shows"
