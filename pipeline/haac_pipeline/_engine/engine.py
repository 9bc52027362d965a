"""What runs tasks: the interface of local processes and of a cluster, and how they say that a task is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from haac_repo import HaacError

MIB = 2**20


class Sized(Protocol):
    """A task: it holds the `data` of a picture file."""

    @property
    def data(self) -> bytes: ...


T = TypeVar("T", bound=Sized)
M = TypeVar("M")
_In = TypeVar("_In", bound=Sized, contravariant=True)


class TaskLostError(HaacError):
    """One task has no outcome, the others go on: its process crashed, took too long or too much memory."""


class EngineError(HaacError):
    """No task can be run any more: the cluster is gone, or its workers are not what they must be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may use. Whoever uses more is ended, and only its own task is lost."""

    seconds: float
    """0: as long as it takes."""
    memory: int
    """Bytes of the process that works on it; 0: half of what its machine has, so that one task never takes all."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every process of an engine does. It travels by pickle: its functions are a module's, or partials of them."""

    work: Callable[..., object]
    """Makes an outcome of a task."""
    start: Callable[[], object]
    """What a process calls first, before numpy loads."""
    limits: Limits
    crash: str
    """Said of a task whose process dies."""
    survey: Callable[[], dict[str, str]] = dict
    """What must be the same on all machines, each with its name: see `preflight`."""


class Engine(Protocol[_In, M]):
    """Runs tasks, and gives a future of each."""

    @property
    def slots(self) -> int:
        """Tasks that run at one time."""

    def submit(self, task: _In) -> Future[M]:
        """Run a task. Its future raises TaskLostError, EngineError, or what the work raises."""

    def interrupt(self) -> None:
        """Begin nothing more, and let what is under way come to an end early, if that can be; called from any thread."""

    def close(self, *, now: bool = False) -> None:
        """End all processes; `now`: in the middle of their tasks."""
