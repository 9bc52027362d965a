"""How much each tuned number of the matcher matters: it is changed by a quarter, and small composites are compressed again.

    python -m scripts.train.thresholds --data FOLDER
    python -m scripts.train.thresholds --data FOLDER --only greedy --pictures 3

The pictures are composites of `scripts/bench/scenes.py` with a training seed, of all kinds of backgrounds and inputs, the smallest of
each series; photographs are out of the half of `train` that is in no catalog. Figures that are reported come from other seeds and from
Kodak. Each number is made a quarter larger; where no recipe changes by that, also a quarter smaller. A number that changes none in
either direction does not matter on these pictures. `benchmarks/thresholds.json` gets, for each field: by how much recall, precision and
bytes change, and how many recipes.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import io
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split

from PIL import Image

import haac_match._thresholds as thresholds
from haac import ElementCache, Scene, to_binary
from haac_repo import Repository
from scripts.bench.compress.score import matched
from scripts.bench.record import file_of, write
from scripts.bench.scenes import build_catalog, composites, foreign_photographs

SEED = 7
"""Of training pictures; those that are reported have others."""
CATALOG = 100
CASES = (
    ("plain", "clean"),
    ("gradient", "jpeg85"),
    ("catalog", "clean"),
    ("plain", "x0.7"),
    ("foreign", "clean"),
)
"""Backgrounds and inputs."""
LARGEST = 400_000
"""Pixels of a picture."""
LAYERS = 5
"""Layers of a picture at most."""
FACTORS = {"up": 1.25, "down": 0.75}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One number, or a tuple of them.

    Args:
        group: name of the dataclass' instance.
        name: of the field.
        value: as it is.
        provenance: see `haac_match._thresholds.kinds`.
        compiled: a kernel holds it as a constant.
        owner: the instance.
    """

    group: str
    name: str
    value: Any
    provenance: str
    compiled: bool
    owner: object

    def changed(self, factor: float) -> Any:
        """The value times a factor; whole numbers change by one at least. None if it is no number."""
        return _changed(self.value, factor)


def _changed(value: Any, factor: float) -> Any:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        made = round(value * factor)
        return made if made != value else value + (1 if factor > 1 else -1)
    if isinstance(value, float):
        return value * factor
    if isinstance(value, tuple) and value and all(type(one) in (int, float) for one in value):
        return tuple(_changed(one, factor) if one else one for one in value)
    return None


def all_fields() -> list[Field]:
    """Every field of every group, in the order of the files."""
    found = []
    for module in sorted(pkgutil.iter_modules(thresholds.__path__), key=lambda one: one.name):
        for group, owner in vars(importlib.import_module(f"{thresholds.__name__}.{module.name}")).items():
            if not group.isupper() or not dataclasses.is_dataclass(owner):
                continue
            for field in dataclasses.fields(owner):
                if "provenance" in field.metadata:
                    found.append(
                        Field(
                            group.lower(),
                            field.name,
                            getattr(owner, field.name),
                            field.metadata["provenance"],
                            field.metadata["compiled"],
                            owner,
                        )
                    )
    return found


@dataclass(frozen=True, slots=True)
class Case:
    """A picture, and how it was made."""

    picture: Image.Image
    true: Scene
    scale: float


class Trainer:
    """Compresses the training pictures with numbers as they are at the time."""

    def __init__(self, data: Path, catalog: Path, pictures: int) -> None:
        from haac_match import Matcher  # loads the kernels

        self._repository = Repository.open(catalog)
        self._matcher = Matcher(self._repository)
        foreign = foreign_photographs(data)[: len(foreign_photographs(data)) - 24]
        self._cases = [case for ground, way in CASES for case in self._drawn(ground, way, pictures, foreign)]

    def _drawn(self, ground: str, way: str, count: int, foreign: list[Path]) -> Iterator[Case]:
        made = 0
        for index in range(1000):
            if made == count:
                return
            for one in composites(self._repository, ground, 1, SEED, foreign, first=index):
                if one.picture.width * one.picture.height <= LARGEST and len(one.scene.layers) <= LAYERS:
                    made += 1
                    yield Case(*_degraded(one.picture, way, one.scene))

    def run(self) -> Row:
        """Totals over the training pictures, and their recipes."""
        started = time.process_time()
        source = ElementCache(self._repository)
        true = found = hits = 0
        recipes = []
        for case in self._cases:
            scene = self._matcher.compress(case.picture).scene
            recipes.append(to_binary(scene).hex())
            true += len(case.true.layers)
            found += len(scene.layers)
            hits += len(matched(case.true, scene, case.scale, source))
        return {
            "true": true,
            "found": found,
            "hits": hits,
            "bytes": sum(map(len, recipes)) // 2,
            "seconds": time.process_time() - started,
            "recipes": recipes,
        }


def _degraded(picture: Image.Image, way: str, scene: Scene) -> tuple[Image.Image, Scene, float]:
    if way == "jpeg85":
        coded = io.BytesIO()
        picture.save(coded, "JPEG", quality=85)
        return Image.open(coded).convert("RGB"), scene, 1.0
    if way == "x0.7":
        size = round(0.7 * picture.width), round(0.7 * picture.height)
        return picture.resize(size, Image.Resampling.LANCZOS), scene, 0.7
    return picture, scene, 1.0


_state: dict[str, Any] = {}


def _start(data: Path, catalog: Path, pictures: int) -> None:
    one_core.settle()
    _state["trainer"] = Trainer(data, catalog, pictures)
    _state["base"] = _state["trainer"].run()


def _measured(group: str, name: str, factor: float) -> Row:
    """What one changed number does."""
    field = _named(group, name)
    # Frozen for everybody else.
    object.__setattr__(field.owner, name, field.changed(factor))
    try:
        made: Row = _state["trainer"].run()
    except Exception as error:  # a value that nothing was written for
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        object.__setattr__(field.owner, name, field.value)
    return compared(_state["base"], made)


def compared(base: Row, made: Row) -> Row:
    """Differences of totals."""

    def gained(of: str) -> float:
        shares = [row["hits"] / max(1, row[of]) for row in (base, made)]
        return float(round(shares[1] - shares[0], 4))

    return {
        "recipes_changed": sum(a != b for a, b in zip(base["recipes"], made["recipes"], strict=True)),
        "recall": gained("true"),
        "precision": gained("found"),
        "bytes": made["bytes"] - base["bytes"],
        "time": round(made["seconds"] / max(1e-9, base["seconds"]), 2),
    }


def _alone(field: Field, factor: float, arguments: argparse.Namespace, catalog: Path) -> Row:
    """What a constant that kernels hold does: in a process of its own, which compiles anew."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "scripts.train.thresholds", "--data", str(arguments.data)]
        command += ["--catalog", str(catalog), "--pictures", str(arguments.pictures)]
        command += ["--alone", field.group, field.name, str(factor)]
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": (done.stderr.splitlines() or ["no answer"])[-1]}
    made: Row = json.loads(done.stdout.splitlines()[-1])
    return made


def _answer_alone(arguments: argparse.Namespace) -> None:
    """The other end: kernels load once the number is changed."""
    group, name, factor = arguments.alone
    if group != "base":
        field = _named(group, name)
        object.__setattr__(field.owner, name, field.changed(float(factor)))
    one_core.settle()
    print(json.dumps(Trainer(arguments.data, arguments.catalog, arguments.pictures).run()))


def _named(group: str, name: str) -> Field:
    return next(one for one in all_fields() if (one.group, one.name) == (group, name))


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
        rows = measure(arguments, folder / str(CATALOG))
    target = file_of(arguments.json or "thresholds")
    rows = kept(target, rows) + rows
    rows.sort(key=lambda row: (row["group"], row["name"]))
    figures = {
        "seed": SEED,
        "cases": [list(case) for case in CASES],
        "pictures": arguments.pictures,
        "rows": rows,
    }
    write(target, figures)


def kept(target: Path, rows: list[Row]) -> list[Row]:
    """Rows of an earlier run for fields that are still there and were not asked for now."""
    there = {(field.group, field.name) for field in all_fields()} - {
        (row["group"], row["name"]) for row in rows
    }
    old: list[Row] = json.loads(target.read_text("utf-8"))["rows"] if target.exists() else []
    return [row for row in old if (row["group"], row["name"]) in there]


def measure(arguments: argparse.Namespace, catalog: Path) -> list[Row]:
    """A row for each field that is asked for."""
    only = arguments.only
    fields = [
        field
        for field in all_fields()
        if not only or field.group in only or f"{field.group}.{field.name}" in only
    ]
    rows: dict[tuple[str, str], Row] = {
        (field.group, field.name): {
            "group": field.group,
            "name": field.name,
            "value": field.value,
            "provenance": field.provenance,
        }
        for field in fields
    }
    wanted = [
        (field.group, field.name)
        for field in fields
        if field.provenance == "tuned" and field.changed(1.25) is not None
    ]
    context = get_context("spawn")
    start = arguments.data, catalog, arguments.pictures
    with (
        ProcessPoolExecutor(arguments.processes, context, initializer=_start, initargs=start) as pool,
        ThreadPoolExecutor(arguments.processes) as alone,
    ):
        for direction, factor in FACTORS.items():
            again = [key for key in wanted if not _matters(rows[key].get("up", {}))]
            jobs = {pool.submit(_measured, *key, factor): key for key in again if not _named(*key).compiled}
            _collect(jobs, rows, direction)
            base = pool.submit(_base).result()
            kernels = {
                alone.submit(_compared_alone, base, _named(*key), factor, arguments, catalog): key
                for key in again
                if _named(*key).compiled
            }
            _collect(kernels, rows, direction)
    return list(rows.values())


def _collect(
    jobs: dict[Future[Row], tuple[str, str]], rows: dict[tuple[str, str], Row], direction: str
) -> None:
    for done, job in enumerate(as_completed(jobs), 1):
        rows[jobs[job]][direction] = job.result()
        print(f"{direction} {done}/{len(jobs)} {'.'.join(jobs[job])} {job.result()}", flush=True)


def _base() -> Row:
    base: Row = _state["base"]
    return base


def _compared_alone(
    base: Row, field: Field, factor: float, arguments: argparse.Namespace, catalog: Path
) -> Row:
    made = _alone(field, factor, arguments, catalog)
    return made if "error" in made else compared(base, made)


def _matters(measured: Row) -> bool:
    return bool(measured.get("recipes_changed") or measured.get("error"))


if __name__ == "__main__":
    main()
