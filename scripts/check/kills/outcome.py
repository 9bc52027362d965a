"""What is compared after a kill: nothing that was said to be done is lost, all fits, and a rerun ends as if nothing had been."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haac_repo import ElementNotFoundError, Repository, format_id, read_head, verify
from haac_repo._store.schema import CATALOG, connect
from scripts.check.kills.scenarios import element

ROOT = Path(__file__).resolve().parents[3]
_TABLES = ("meta", "pack", "element", "copy", "log", "source", "published", "superseded", "accepted")
State = dict[str, object]


class Driver:
    """The process that is told what to do, and whose children die."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.check.kills.driver"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, **job: Any) -> dict[str, Any]:
        """Have a job done.

        Raises:
            RuntimeError: it failed, other than by being killed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(job), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "failed" in answer:
            raise RuntimeError(f"{job}: {answer['failed']}")
        return answer

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(30)


@contextlib.contextmanager
def driver() -> Iterator[Driver]:
    """A driver, ended afterwards."""
    made = Driver()
    try:
        yield made
    finally:
        made.close()


def state(folder: Path) -> State:
    """All that must be the same: catalog rows, every file of `public/`, open packs, and the match index, as hashes.

    But neither the numbers of packs, by which only the catalog itself knows them, nor ETags, which are the server's.
    """
    repo = folder / "repo"
    found: State = {}
    with contextlib.closing(connect(repo / CATALOG)) as db:
        names = dict(
            db.execute("select number, coalesce(sha256, 'open') from pack where size > 0").fetchall()
        )
        for table in _TABLES:
            cursor = db.execute(f"select * from {table}")
            columns = [column[0] for column in cursor.description]
            key = "number" if table == "pack" else "pack"
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            found[table] = sorted(
                json.dumps(
                    {k: names.get(v, "none") if k == key else v for k, v in row.items() if k != "etag"},
                    default=bytes.hex,
                )
                for row in rows
                if table != "pack" or row["size"]
            )
    for path in sorted(repo.rglob("*")):
        name = path.relative_to(repo).as_posix()
        if path.is_file() and name.startswith(("public/", "open/", "match/index")):
            name = name if not name.startswith("open/") else "open/pack"
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def check_standing(folder: Path) -> int:
    """After a kill: it opens and verifies, and what was said to be done is there. Returns how much was said.

    Raises:
        AssertionError: something is wrong.
    """
    said = _said(folder)
    report = verify(folder / "repo")
    assert report.ok, [str(problem) for problem in report.problems]
    with Repository.open(folder / "repo") as repository:
        for number, _ in repository.held():
            name = repository.element(number).name
            if name.startswith("n"):  # else it went through a file
                assert repository.data(number) == element(int(name[1:])).data
        for fact in said:
            _check_fact(repository, fact)
    head = read_head(folder / "repo")
    for pack in head.packs if head else ():  # somebody may sync at this moment
        path = folder / "repo" / "public" / "packs" / f"{pack.sha256}.pack"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == pack.sha256
    return len(said)


def _check_fact(repository: Repository, fact: dict[str, Any]) -> None:
    for number in fact.get("withdrawn", ()):
        assert repository.element(number).withdrawn is not None, format_id(number)
    for number in fact.get("discarded", ()):
        with contextlib.suppress(ElementNotFoundError):
            repository.element(number)
            raise AssertionError(f"element {format_id(number)} is back")
    for number in range(1, fact.get("elements", 0) + 1):
        repository.element(number)
    if "records" in fact:
        head = read_head(repository.path)
        assert head is not None
        assert head.records >= fact["records"]


def _said(folder: Path) -> list[dict[str, Any]]:
    path = folder / "said"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass(frozen=True, slots=True)
class Kills:
    """Kills of one scenario."""

    points: int
    """Where it can be killed."""
    kills: int
    after_first_commit: int
    at_times: int
    """Of the kills: at random times, since there are fewer points."""
    before_done: int
    """Kills before anything was said to be done."""


def chosen(points: int, first_commit: int, count: int, dice: random.Random) -> list[int]:
    """So many different points, or all there are; half of them or more after the first commit."""
    late = dice.sample(range(first_commit + 1, points + 1), min(count - count // 2, points - first_commit))
    others = [point for point in range(1, points + 1) if point not in late]
    return sorted([*late, *dice.sample(others, min(count - len(late), len(others)))])


def _difference(expected: State, found: State) -> str:
    """What two states differ in, for people."""
    lines = []
    for key in sorted({*expected, *found}):
        a, b = expected.get(key), found.get(key)
        if isinstance(a, list) and isinstance(b, list):
            lines += [f"{key}: not there: {row}" for row in a if row not in b]
            lines += [f"{key}: not expected: {row}" for row in b if row not in a]
        elif a != b:
            lines.append(f"{key}: {b} instead of {a}")
    return "\n".join(lines)


def kill(drive: Driver, scenario: str, folder: Path, count: int, seed: int = 17) -> Kills:
    """Kill a scenario at some points, and check each time.

    Args:
        drive: Does it.
        scenario: Its name.
        folder: For what is made; empty.
        count: Of kills.
        seed: By which points and times are chosen.

    Raises:
        AssertionError: something was lost, does not fit, or ends otherwise.
    """
    base, work = (
        folder / "base",
        folder / "work",
    )  # always the same one: the catalog knows where pictures were
    base.mkdir(parents=True)
    drive.do(scenario=scenario, prepare=str(base))
    shutil.copytree(base, work)
    whole = drive.do(scenario=scenario, folder=str(work))
    check_standing(work)
    expected = state(work)
    dice = random.Random(seed)
    points = chosen(whole["points"], whole["first_commit"], count, dice)
    trials = [_try(drive, scenario, folder, expected, point=point) for point in points]
    horizon, missing = whole["seconds"], count - len(points)
    while missing and horizon > 0.001:
        delay = dice.uniform(0, horizon)
        trial = _try(drive, scenario, folder, expected, delay=delay)
        if trial.killed:
            trials.append(trial)
            missing -= 1
        else:  # it was done by then
            horizon = delay
    killed = [trial for trial in trials if trial.killed]
    assert len(killed) >= count * 0.9  # threads share out the work: a run may once need fewer steps
    return Kills(
        points=whole["points"],
        kills=len(killed),
        after_first_commit=sum(point > whole["first_commit"] for point in points),
        at_times=len(trials) - len(points),
        before_done=sum(trial.silent for trial in killed),
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    killed: bool
    silent: bool
    """Nothing was said to be done by then."""


def _try(drive: Driver, scenario: str, folder: Path, expected: State, **job: float) -> _Trial:
    """Kill it once, check, start it again, check."""
    work = folder / "work"
    shutil.rmtree(work)
    shutil.copytree(folder / "base", work)
    killed = "killed" in drive.do(scenario=scenario, folder=str(work), **job)
    silent = check_standing(work) == 0
    drive.do(scenario=scenario, folder=str(work))
    check_standing(work)
    found = state(work)
    assert found == expected, f"{scenario}, killed at {job}: {_difference(expected, found)}"
    report = verify(work / "repo")
    # Where nothing is published after a takedown, its bytes wait for that.
    notes = [note for note in report.notes if "`haac publish` takes them out" not in note]
    assert (report.problems, notes) == ([], []), (scenario, job, report)
    return _Trial(killed, silent)
