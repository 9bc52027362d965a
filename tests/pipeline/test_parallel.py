"""Worker processes: what becomes of exceptions, and how many threads a worker's libraries get."""

from __future__ import annotations

import errno
import os

import pytest

from haac_pipeline._parallel import attempt, cores, limit_threads
from haac_repo import MissingExtraError, PictureError


def raising(error: Exception) -> object:
    def work() -> None:
        raise error

    return attempt(work, lambda reason: ("failed", reason), "out.haac")


def test_an_outcome_is_passed_on() -> None:
    assert attempt(lambda: 3, str) == 3


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PictureError("the file is empty"), "the file is empty"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device: out.haac"),
        (OSError(errno.EACCES, "Permission denied", "a.png"), "Permission denied: a.png"),
        (MemoryError(), "not enough memory for it"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
    ],
)
def test_an_exception_becomes_a_reason(error: Exception, reason: str) -> None:
    assert raising(error) == ("failed", reason)


def test_what_is_wrong_for_every_file_ends_the_run() -> None:
    with pytest.raises(MissingExtraError):
        raising(MissingExtraError("pip install it"))


def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_threads_are_limited_for_every_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    for name in names:
        monkeypatch.setenv(name, "7")
    limit_threads(2)
    assert [os.environ[name] for name in names] == ["2", "2", "2"]
