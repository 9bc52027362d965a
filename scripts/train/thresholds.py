"""How much each tuned number of the matcher matters: it is changed by a quarter, and small composites are compressed again.

    python -m scripts.train.thresholds --data FOLDER
    python -m scripts.train.thresholds --data FOLDER --only greedy --only photo.edges --pictures 3

The pictures are composites of `scripts/benchmark/scenes.py` with a training seed, of all kinds of backgrounds and inputs, the smallest of
each series; photographs are out of the half of `train` that is in no catalog. Figures that are reported come from other seeds, and from
Kodak. Each number is made a quarter larger and the pictures that read it are compressed again (photographs, which take longest, only
for numbers that nothing else reads); where no recipe changes by that, it is made a quarter smaller too. A number that changes no recipe
in either direction does not matter on these pictures. `benchmarks/thresholds.json` gets a row for each field; those that are not asked
for keep theirs.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split

from PIL import Image

from haac import ElementCache, Scene, to_binary
from haac_repo import Repository
from scripts.benchmark.compress.score import matched
from scripts.benchmark.record import file_of, write
from scripts.benchmark.scenes import build_catalog, composites, foreign_photographs
from scripts.train.numbers import Field, Key, all_fields, changed, field_named, watched

SEED = 7
"""Of training pictures; those that are reported have others."""
CATALOG = 100
"""Elements."""
CASES = (
    ("plain", "clean"),
    ("gradient", "jpeg85"),
    ("catalog", "clean"),
    ("plain", "x0.7"),
    ("foreign", "clean"),
)
"""Backgrounds and inputs."""
LARGEST, LAYERS = 400_000, 5
"""Pixels of a picture, and its layers, at most."""
MOST = 2
"""Pictures that are compressed again for one number."""
SLOWEST = 4
"""A number that makes it take so many times as long is not waited for."""
FACTORS = {"up": 1.25, "down": 0.75}

Row = dict[str, Any]
Outcomes = dict[str, Row]
"""What came of each picture, by its place in the series."""


@dataclass(frozen=True, slots=True)
class Case:
    """A picture, and how it was made."""

    picture: Image.Image
    true: Scene
    scale: float
    photograph: bool
    """Whether its background is a photograph that is in no catalog."""


class Trainer:
    """Compresses the training pictures with numbers as they are at the time."""

    def __init__(self, data: Path, catalog: Path, pictures: int) -> None:
        from haac_match import Matcher  # loads the kernels

        self._repository = Repository.open(catalog)
        self._matcher = Matcher(self._repository)
        foreign = [path for path in foreign_photographs(data) if path.parent.name == "train"]
        self._cases = [case for kind in CASES for case in self._drawn(*kind, pictures, foreign)]

    def _drawn(self, background: str, way: str, count: int, foreign: list[Path]) -> Iterator[Case]:
        index = 0
        while count:
            for one in composites(self._repository, background, 1, SEED, foreign, first=index):
                if one.picture.width * one.picture.height <= LARGEST and len(one.scene.layers) <= LAYERS:
                    count -= 1
                    picture, scale = degraded(one.picture, way)
                    yield Case(picture, one.scene, scale, background == "foreign")
            index += 1

    def run(self, cases: Iterable[int] | None = None) -> Outcomes:
        """Compress some cases; None: all."""
        chosen = range(len(self._cases)) if cases is None else cases
        return {str(at): self._compressed(self._cases[at]) for at in chosen}

    def _compressed(self, case: Case) -> Row:
        started = time.process_time()
        scene = self._matcher.compress(case.picture).scene
        return {
            "true": len(case.true.layers),
            "found": len(scene.layers),
            "hits": len(matched(case.true, scene, case.scale, ElementCache(self._repository))),
            "recipe": to_binary(scene).hex(),
            "seconds": time.process_time() - started,
        }

    def readers(self) -> dict[Key, list[int]]:
        """Up to MOST cases that read each field; photographs are left out where others do too."""
        found: dict[Key, list[int]] = {}
        for at in range(len(self._cases)):
            with watched() as read:
                self.run([at])
            for key in read:
                found.setdefault(key, []).append(at)
        known = [at for at, case in enumerate(self._cases) if not case.photograph]
        return {key: ([at for at in many if at in known] or many)[:MOST] for key, many in found.items()}


def degraded(picture: Image.Image, way: str) -> tuple[Image.Image, float]:
    """The picture as it is given to the compressor, and how large beside what it was."""
    if way == "jpeg85":
        coded = io.BytesIO()
        picture.save(coded, "JPEG", quality=85)
        return Image.open(coded).convert("RGB"), 1.0
    if way == "x0.7":
        size = round(0.7 * picture.width), round(0.7 * picture.height)
        return picture.resize(size, Image.Resampling.LANCZOS), 0.7
    return picture, 1.0


def compared(base: Outcomes, made: Outcomes) -> Row:
    """Differences of totals over the cases that were compressed again."""
    pairs = [(base[at], row) for at, row in made.items()]

    def total(which: int, name: str) -> float:
        return float(sum(pair[which][name] for pair in pairs))

    def gained(of: str) -> float:
        before, after = (total(which, "hits") / max(1.0, total(which, of)) for which in (0, 1))
        return round(after - before, 4)

    return {
        "pictures": len(pairs),
        "recipes_changed": sum(a["recipe"] != b["recipe"] for a, b in pairs),
        "recall": gained("true"),
        "precision": gained("found"),
        "bytes": sum(len(b["recipe"]) - len(a["recipe"]) for a, b in pairs) // 2,
        "time": round(total(1, "seconds") / max(1e-9, total(0, "seconds")), 2),
    }


# In worker processes

_trainer: list[Trainer] = []
_base: Outcomes = {}
_readers: dict[Key, list[int]] = {}


def _start(data: Path, catalog: Path, pictures: int) -> None:
    one_core.settle()
    _trainer.append(Trainer(data, catalog, pictures))
    _base.update(_trainer[0].run())
    _readers.update(_trainer[0].readers())


def _base_outcomes() -> Outcomes:
    return _base


def _measured(key: Key, factor: float) -> Row:
    """What one changed number does."""
    if key not in _readers:
        return {"unread": True}
    cases = _readers[key]
    usual = sum(_base[str(at)]["seconds"] for at in cases)
    with changed(field_named(key), factor):
        try:
            with at_most(10 + SLOWEST * usual):
                return compared(_base, _trainer[0].run(cases))
        except Exception as error:  # a value that nothing was written for
            return {"error": f"{type(error).__name__}: {error}"}


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes more of the processor than that."""

    def late(*_: object) -> None:
        raise TimeoutError(f"took more than {SLOWEST} times as long")

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _measured_alone(
    base: Outcomes, field: Field, factor: float, arguments: argparse.Namespace, catalog: Path
) -> Row:
    """What a constant that kernels hold does: in a process of its own, which compiles anew."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "scripts.train.thresholds", "--data", str(arguments.data)]
        command += ["--catalog", str(catalog), "--pictures", str(arguments.pictures)]
        command += ["--alone", field.group, field.name, str(factor)]
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": (done.stderr.splitlines() or ["no answer"])[-1]}
    return compared(base, json.loads(done.stdout.splitlines()[-1]))


def _answer_alone(arguments: argparse.Namespace) -> None:
    """The other end: kernels load once the number is changed."""
    group, name, factor = arguments.alone
    with changed(field_named((group, name)), float(factor)):
        one_core.settle()
        print(json.dumps(Trainer(arguments.data, arguments.catalog, arguments.pictures).run()))


# In the first process


class Figures:
    """Rows of the JSON file, written as they come: a run takes an hour.

    Args:
        fields: that are measured now; the rows of others are kept.
        arguments: of the command line.
    """

    def __init__(self, fields: list[Field], arguments: argparse.Namespace) -> None:
        self._arguments, self._target = arguments, file_of(arguments.json or "thresholds")
        there = {field.key for field in all_fields()}
        old: list[Row] = json.loads(self._target.read_text("utf-8"))["rows"] if self._target.exists() else []
        self.rows: dict[Key, Row] = {
            (row["group"], row["name"]): row for row in old if (row["group"], row["name"]) in there
        }
        for field in fields:
            row = self.rows.get(field.key, {})
            if arguments.resume and row.get("value") == field.plain and ("up" in row) == measured(field):
                continue
            about = {"group": field.group, "name": field.name, "value": field.plain}
            self.rows[field.key] = {**about, "provenance": field.provenance}

    def collect(self, jobs: dict[Future[Row], Key], direction: str) -> None:
        """Take rows as they are done."""
        for done, job in enumerate(as_completed(jobs), 1):
            self.rows[jobs[job]][direction] = job.result()
            print(f"{direction} {done}/{len(jobs)} {'.'.join(jobs[job])} {job.result()}", flush=True)
            if done % 10 == 0 or done == len(jobs):
                self._write()

    def _write(self) -> None:
        content = {
            "seed": SEED,
            "catalog": CATALOG,
            "cases": [" ".join(case) for case in CASES],
            "pictures_a_case": self._arguments.pictures,
            "rows": [self.rows[key] for key in sorted(self.rows)],
        }
        write(self._target, content)


def measure(arguments: argparse.Namespace, catalog: Path) -> None:
    """A row for each field that is asked for."""
    only = arguments.only
    fields = [
        field for field in all_fields() if not only or field.group in only or ".".join(field.key) in only
    ]
    figures = Figures(fields, arguments)
    wanted = [field for field in fields if measured(field)]
    start = arguments.data, catalog, arguments.pictures
    with (
        ProcessPoolExecutor(
            arguments.processes, get_context("spawn"), initializer=_start, initargs=start
        ) as pool,
        ThreadPoolExecutor(arguments.processes) as alone,
    ):
        for direction, factor in FACTORS.items():
            again = [
                field
                for field in wanted
                if direction not in figures.rows[field.key]
                and not _settled(figures.rows[field.key].get("up", {}))
            ]
            figures.collect(
                {
                    pool.submit(_measured, field.key, factor): field.key
                    for field in again
                    if not field.compiled
                },
                direction,
            )
            base = pool.submit(_base_outcomes).result()
            jobs = {
                alone.submit(_measured_alone, base, field, factor, arguments, catalog): field.key
                for field in again
                if field.compiled
            }
            figures.collect(jobs, direction)


def measured(field: Field) -> bool:
    """Whether it is perturbed at all."""
    return field.provenance == "tuned" and field.times(1.25) is not None


def _settled(found: Row) -> bool:
    """Whether the other direction can tell nothing more."""
    return any(found.get(name) for name in ("recipes_changed", "error", "unread"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="has emoji/128, train and photos")
    parser.add_argument(
        "--catalog", type=Path, help="where the training catalog is, or is made; else a temporary folder"
    )
    parser.add_argument("--pictures", type=int, default=1, help="of each case")
    parser.add_argument("--only", action="append", help="groups, or group.field")
    parser.add_argument(
        "--resume", action="store_true", help="keep what was measured of numbers that are as they were"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--alone", nargs=3, metavar=("GROUP", "FIELD", "FACTOR"), help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="instead of benchmarks/thresholds.json")
    arguments = parser.parse_args()
    if arguments.alone:
        _answer_alone(arguments)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.catalog or Path(scratch)
        build_catalog(arguments.data, folder, CATALOG)
        measure(arguments, folder / str(CATALOG))


if __name__ == "__main__":
    main()
