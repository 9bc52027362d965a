"""Tasks for the tests of engines: their data says what becomes of them. Worker processes import this by its name."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from haac_pipeline._engine.engine import Job, Limits
from haac_pipeline._engine.pool import Pool
from haac_pipeline._parallel import limit_threads
from haac_repo import PictureError


@dataclass(frozen=True)
class Told:
    """A task."""

    data: bytes


def obey(task: Told) -> str:
    word, _, rest = task.data.decode().partition(" ")
    if word == "sleep":
        time.sleep(float(rest))
    elif word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "die-once":
        if not Path(rest).exists():
            Path(rest).touch()
            os.kill(os.getpid(), signal.SIGKILL)
    elif word == "eat":
        eaten = bytearray(int(rest) * 2**20)
        time.sleep(60)
        del eaten
    elif word == "raise":
        raise PictureError(rest)
    elif word == "unpicklable":
        return lambda: None  # type: ignore[return-value]
    elif word == "threads":
        return os.environ["OMP_NUM_THREADS"]
    return task.data.decode().upper()


def job(
    seconds: float = 30, memory: int = 2**34, survey: Callable[[], dict[str, str]] = dict, threads: int = 1
) -> Job:
    return Job(
        obey, partial(limit_threads, threads), Limits(seconds, memory), crash="it crashed", survey=survey
    )


def lost(task: Told, reason: str) -> str:
    return f"lost {task.data.decode()}: {reason}"


def outcomes(pool: Pool[int, Told, str], words: Iterable[str]) -> list[str]:
    """What comes out, when the pool is used as ingest does."""
    made = []
    with pool:
        for number, word in enumerate(words):
            pool.put(number, Told(word.encode()))
            made += list(pool.outcomes(all_=False))
        made += list(pool.outcomes(all_=True))
    assert [number for number, _, _ in made] == list(range(len(made)))
    return [outcome for _, _, outcome in made]


_calls = itertools.count()


def never_the_same() -> dict[str, str]:
    """A survey that differs from machine to machine."""
    return {"weights of u2net": f"number {next(_calls)}"}
