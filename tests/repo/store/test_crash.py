"""kill -9 at every point of a writing process: what was reported done is there, and the folder opens and verifies."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Repository, RepositoryError, format_id, publish, read_head, verify
from tests.house import ROOT
from tests.repo.elements import MakeElement

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the crashes are made with fork and SIGKILL")

Crash = Callable[..., str]


@pytest.fixture(scope="module")
def crash() -> Iterator[Crash]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.repo.store.crash_driver"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ask, answer = process.stdin, process.stdout
    assert ask is not None
    assert answer is not None

    def run(folder: Path, scenario: str, **job: Any) -> str:
        print(json.dumps({"folder": str(folder), "scenario": scenario, **job}), file=ask, flush=True)
        return answer.readline().strip()

    yield run
    ask.close()
    answer.close()
    assert process.wait(10) == 0


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Path]:
    """Makes copies of an empty repository."""
    made = tmp_path / "empty"
    Repository.create(made).close()
    count = iter(range(10**6))

    def copy() -> Path:
        target = tmp_path / f"r{next(count)}"
        shutil.copytree(made, target)
        return target

    return copy


def reported(folder: Path) -> dict[str, int]:
    path = Path(f"{folder}.reported")
    done: dict[str, int] = {"elements": 0, "withdrawn": 0, "published": 0}
    for line in path.read_text().splitlines():
        done |= json.loads(line)
    return done


def check(folder: Path, make_element: MakeElement) -> int:
    """That nothing reported is lost, before and after the next writer. Returns how much was reported."""
    done = reported(folder)
    with Repository.open(folder) as repository:
        for number in range(1, done["elements"] + 1):
            element = repository.element(number)
            assert element.tags == (f"t{number - 1}",)
            if element.withdrawn is None:
                assert repository.data(number) == make_element(number - 1).data
        if done["withdrawn"]:
            assert repository.element(done["withdrawn"]).withdrawn == "gone"
        report = verify(repository)
        assert report.ok, [str(problem) for problem in report.problems]
        known = max((e.number for e in repository.elements(withdrawn=True)), default=0)
        assert known >= done["elements"]
        head = read_head(folder)
        assert (head.records if head else 0) >= done["published"]
        # The next writer goes on as if nothing had been.
        with repository.writer(wait=0) as writer:
            element, is_new = writer.add(make_element(1000))
            assert (element.number, is_new) == (known + 1, True)
        head = publish(repository)
        assert head.elements == known + 1
        report = verify(repository)
        assert (report.problems, report.notes) == ([], [])
        for info in head.packs:
            assert (folder / "public" / "packs" / f"{info.sha256}.pack").stat().st_size == info.length
        assert repository.data(known + 1) == make_element(1000).data
    return sum(done.values())


@pytest.mark.parametrize("lose", [False, True], ids=["kill", "power cut"])
def test_killed_at_every_point(
    crash: Crash, fresh: Callable[[], Path], make_element: MakeElement, lose: bool
) -> None:
    whole = fresh()
    points = int(crash(whole, "add"))
    check(whole, make_element)
    assert points > 150
    chosen = random.Random(7).sample(range(1, points + 1), 120)
    progress = set()
    for point in sorted(chosen):
        folder = fresh()
        assert crash(folder, "add", point=point, lose=lose) == "killed"
        progress.add(check(folder, make_element))
        shutil.rmtree(folder)
    assert len(progress) > 5  # the deaths were early and late ones


def test_killed_at_random_times(crash: Crash, fresh: Callable[[], Path], make_element: MakeElement) -> None:
    times = random.Random(11)
    for _ in range(25):
        folder = fresh()
        assert crash(folder, "add", delay=times.uniform(0.002, 0.12)) is not None
        if not Path(f"{folder}.reported").exists():
            Path(f"{folder}.reported").touch()
        check(folder, make_element)
        shutil.rmtree(folder)


def test_killed_twice_in_the_same_place(
    crash: Crash, fresh: Callable[[], Path], make_element: MakeElement
) -> None:
    """Recovery may be cut short as well."""
    points = int(crash(fresh(), "add"))
    for point in random.Random(13).sample(range(1, points), 15):
        folder = fresh()
        crash(folder, "add", point=point)
        for again in (1, 2, 3, 4, 5):
            # The run adds the same pictures anew: those that are there keep their ids.
            crash(folder, "add", point=again)
        with Repository.open(folder) as repository:
            assert verify(repository).ok
            for number in range(1, reported(folder)["elements"] + 1):
                if repository.element(number).withdrawn is None:
                    assert repository.data(number) == make_element(number - 1).data
        shutil.rmtree(folder)


def test_killed_while_creating(crash: Crash, tmp_path: Path) -> None:
    points = int(crash(tmp_path / "whole", "create"))
    for point in range(1, points + 1):
        folder = tmp_path / f"r{point}"
        assert crash(folder, "create", point=point) == "killed"
        try:
            repository = Repository.open(folder)
        except RepositoryError:
            repository = Repository.create(folder)
        with repository, repository.writer():
            pass
        assert verify(folder, repair=True).ok


def test_killed_while_repairing(crash: Crash, fresh: Callable[[], Path], make_element: MakeElement) -> None:
    """A lost catalog is made again out of what was published, however often that is cut short."""
    whole = fresh()
    crash(whole, "add")

    def damaged() -> Path:
        folder = fresh()
        shutil.rmtree(folder)
        shutil.copytree(whole, folder)
        for path in folder.glob("catalog.sqlite*"):
            path.unlink()
        return folder

    points = int(crash(damaged(), "repair"))
    assert points > 5
    for point in range(1, points + 1):
        folder = damaged()
        assert crash(folder, "repair", point=point) == "killed"
        report = verify(folder, repair=True)
        assert report.ok, [str(problem) for problem in report.problems]
        with Repository.open(folder) as repository:
            assert len(repository) == 39
            for element in repository.elements():
                assert repository.data(element.number) == make_element(element.number - 1).data
            assert repository.element(3).withdrawn == "gone"
            assert [e.id for e in repository.search("t9")] == [format_id(10)]
        assert not list(folder.glob("*.tmp*"))
