"""Processes on this machine: what a picture costs the others when it crashes, never ends, or takes all memory."""

from __future__ import annotations

import multiprocessing
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from haac_pipeline._engine.engine import Job
from haac_pipeline._engine.local import Local
from haac_pipeline._engine.pool import Pool
from haac_repo import PictureError
from tests.pipeline.engine.tasks import Told, job, lost, outcomes


def pool(given: Job, jobs: int = 2) -> Pool[int, Told, str]:
    return Pool(Local(given, jobs), lost=lost, again="Start again.")


def test_outcomes_come_in_the_order_of_the_tasks() -> None:
    words = ["sleep 0.3", *(f"w{n}" for n in range(40))]
    assert outcomes(pool(job()), words) == [word.upper() for word in words]


def test_a_picture_that_never_ends_is_refused_and_the_others_go_on() -> None:
    made = outcomes(pool(job(seconds=1)), ["a", "sleep 60", "b", "c", "sleep 60", "d"])
    reason = "it took longer than 1 seconds: allow more with --timeout"
    assert made == ["A", f"lost sleep 60: {reason}", "B", "C", f"lost sleep 60: {reason}", "D"]


def test_others_are_worked_on_while_one_takes_long() -> None:
    engine: Local[Told, str] = Local(job(), 2)
    slow = engine.submit(Told(b"sleep 60"))
    others = [engine.submit(Told(f"w{n}".encode())) for n in range(12)]
    # One small task may have been given to the busy process in advance.
    deadline = time.monotonic() + 30
    while sum(other.done() for other in others) < 11 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert sum(other.done() for other in others) >= 11
    assert not slow.done()
    engine.close(now=True)


def test_a_picture_that_takes_all_memory_is_refused() -> None:
    pytest.importorskip("psutil")
    made = outcomes(pool(job(memory=300 * 2**20)), ["a", "eat 600", "b"])
    assert made[::2] == ["A", "B"]
    assert "it took more than 300 MiB of memory: allow more with --memory" in made[1]


def test_a_crash_costs_its_own_picture_only() -> None:
    assert outcomes(pool(job()), ["a", "die", "b", "c", "die", "d", "e"]) == [
        "A",
        "lost die: it crashed",
        "B",
        "C",
        "lost die: it crashed",
        "D",
        "E",
    ]


def test_a_process_that_is_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    word = f"die-once {tmp_path / 'died'}"
    assert outcomes(pool(job()), ["a", word, "b"]) == ["A", word.upper(), "B"]


def test_an_exception_of_the_work_is_raised() -> None:
    with pytest.raises(PictureError, match="the file is empty"):
        outcomes(pool(job()), ["a", "raise the file is empty", "b"])


def test_an_outcome_that_cannot_travel_is_lost_with_the_reason() -> None:
    made = outcomes(pool(job()), ["unpicklable", "a"])
    assert "cannot be sent" in made[0]
    assert made[1] == "A"


def test_large_tasks_and_outcomes_pass() -> None:
    """More than a pipe holds, both ways at once."""
    words = [letter * 3_000_000 for letter in "abcdef"]
    assert outcomes(pool(job()), words) == [word.upper() for word in words]


def test_processes_have_the_threads_they_are_given() -> None:
    assert outcomes(pool(job(threads=3), jobs=1), ["threads"]) == ["3"]


def interrupted() -> None:
    with pool(job()) as running:
        running.put(0, Told(b"sleep 60"))
        running.put(1, Told(b"sleep 60"))
        raise KeyboardInterrupt


def test_leaving_in_the_middle_ends_all_processes() -> None:
    before, running = set(threading.enumerate()), set(multiprocessing.active_children())
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not [t for t in set(threading.enumerate()) - before if t.name != "haac limits"]
    assert set(multiprocessing.active_children()) <= running


def test_a_change_starts_all_that_is_under_way_again() -> None:
    with pool(job()) as running:
        for number, word in enumerate(("a", "b", "c")):
            running.put(number, Told(word.encode()))
        key, task, made = next(running.outcomes(all_=True))
        assert made == "A"
        running.again(key, task, lambda told: replace(told, data=told.data * 2))
        assert [made for _, _, made in running.outcomes(all_=True)] == ["AA", "BB", "CC"]


def test_a_task_that_was_cancelled_is_refused_in_nobodys_place() -> None:
    """What waits behind it in the same process is not to blame when it takes too long."""
    engine: Local[Told, str] = Local(job(seconds=2), 1)
    slow, small = engine.submit(Told(b"sleep 60")), engine.submit(Told(b"small"))
    time.sleep(0.5)  # so that it is under way
    assert slow.cancel()
    assert small.result(timeout=30) == "SMALL"
    engine.close()
