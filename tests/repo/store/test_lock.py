"""One writer at a time, also between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Repository, RepositoryBusyError
from haac_repo._lock import writer_lock
from tests.repo.elements import MakeElement

HOLD = """
import sys
from pathlib import Path
from haac_repo._lock import writer_lock
with writer_lock(Path(sys.argv[1]), 0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(repository: Repository) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(repository.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_writes(repository: Repository, holder: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(RepositoryBusyError, match=f"written to by process {holder.pid}, and 0.1 seconds"),
        repository.writer(wait=0.1),
    ):
        pass
    assert list(repository.elements()) == []  # readers do not mind


def test_a_second_process_waits(
    repository: Repository, holder: subprocess.Popen[str], make_element: MakeElement
) -> None:
    assert holder.stdin is not None
    ending = threading.Timer(0.3, holder.stdin.close)
    ending.start()
    with repository.writer(wait=30) as writer:
        writer.add(make_element(1))
    ending.join()
    assert len(repository) == 1


def test_a_killed_writer_holds_nothing(
    repository: Repository, holder: subprocess.Popen[str], make_element: Any
) -> None:
    holder.kill()
    holder.wait()
    with repository.writer(wait=5) as writer:
        writer.add(make_element(1))
    assert len(repository) == 1


def test_two_writers_of_one_process_exclude_each_other(repository: Repository) -> None:
    with (
        repository.writer(),
        Repository.open(repository.path) as other,
        pytest.raises(RepositoryBusyError),
        other.writer(wait=0),
    ):
        pass
    with repository.writer(wait=0):
        pass


def test_an_error_releases_the_lock(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), writer_lock(tmp_path, 0):
            raise ZeroDivisionError
