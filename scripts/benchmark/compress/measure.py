"""One composite, compressed and judged: what `python -m scripts.benchmark.compress` repeats."""

from __future__ import annotations

import contextlib
import hashlib
import io
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split
import numpy as np
from PIL import Image

from haac import ElementCache, Inline, Plate, Scene, render, to_binary
from haac_match import Compressed, Matcher, Options
from haac_pipeline._compress.quality import psnr
from haac_repo import Repository
from scripts.benchmark.compress import scenes_life
from scripts.benchmark.compress.scenes_life import LIFE, life
from scripts.benchmark.compress.score import Row, judge
from scripts.benchmark.scenes import (
    FOREIGN,
    composites,
    foreign_photographs,
)

ROOT = Path(__file__).resolve().parents[3]

INPUTS = ("clean", "jpeg85", "x0.7")

NOTHING = "nothing"
"""Background of pictures that hold nothing of the catalog: foreign photographs as they are. Compressed clean only."""


T = TypeVar("T")
Dump = Callable[[Scene, Image.Image, Image.Image, str, Compressed, ElementCache], None]
Key = tuple[str, int, str, int, int, str, int]
"""Code, size of the catalog, background, seed, index, input, effort: what makes a row the one of a task."""


@dataclass(frozen=True, slots=True)
class Task:
    """One composite, and the inputs made of it that are to be compressed."""

    catalog: Path
    data: Path
    size: int
    background: str
    seed: int
    index: int
    inputs: tuple[str, ...]
    effort: int
    code: str
    limit: int
    threads: int = 1

    def key(self, input: str) -> Key:
        """Of the row of one input."""
        return (self.code, self.size, self.background, self.seed, self.index, input, self.effort)


KEY = ("code", "size", "background", "seed", "index", "input", "effort")


def key(row: Row) -> Key:
    """As `Task.key`."""
    code, size, background, seed, index, input, effort = (row[name] for name in KEY)
    return code, size, background, seed, index, input, effort


def code() -> str:
    """Hash of what the figures depend on: the compressor's and the codec's code, its weights, and the composites."""
    digest = hashlib.sha256()
    files = [*(ROOT / "pipeline" / "haac_match").rglob("*.py"), *(ROOT / "codec" / "haac").rglob("*.py")]
    weights = (ROOT / "pipeline" / "haac_match").rglob("*.onnx")
    pictures = [ROOT / "scripts" / "benchmark" / "scenes.py", Path(scenes_life.__file__)]
    for path in [*sorted(files), *sorted(weights), *pictures]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def picture_of(task: Task, repository: Repository) -> tuple[Scene, Image.Image]:
    """The true scene and its picture, RGB."""
    photographs = foreign_photographs(task.data) if task.background in ("foreign", NOTHING) else []
    if task.background == NOTHING:
        random.Random(task.seed).shuffle(photographs)
        picture = Image.open(photographs[task.index % len(photographs)]).convert("RGB")
        picture.thumbnail((1600, 1600))
        return Scene(*picture.size, Plate(FOREIGN)), picture
    if task.background in LIFE:
        found = life(repository, task.background, task.seed, task.index)
        return found.scene, found.picture
    made = next(composites(repository, task.background, 1, task.seed, photographs, first=task.index))
    return made.scene, made.picture


def altered(picture: Image.Image, input: str) -> Image.Image:
    """The picture as the compressor gets it."""
    if input == "jpeg85":
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=85)
        return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
    if input == "x0.7":
        size = round(picture.width * 0.7), round(picture.height * 0.7)
        return picture.resize(size, Image.Resampling.LANCZOS)
    return picture


_matchers: dict[Path, tuple[Repository, Matcher]] = {}


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in this, the main, thread when it takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def matcher_of(path: Path, threads: int) -> tuple[Repository, Matcher]:
    """A catalog and its matcher, made once a process."""
    if path not in _matchers:
        repository = Repository.open(path)
        _matchers[path] = repository, Matcher(repository, threads=threads)
    return _matchers[path]


def measure(task: Task, dump: Dump | None = None) -> list[Row]:
    """Compress, and judge; `dump` gets what a person needs to look into it."""
    repository, matcher = matcher_of(task.catalog / str(task.size), task.threads)
    true, picture = picture_of(task, repository)
    cache = ElementCache(repository)
    rows = []
    for input in task.inputs:
        given = altered(picture, input)
        row: Row = dict(zip(KEY, task.key(input), strict=True))
        row |= {"width": given.width, "height": given.height}
        started, busy = time.perf_counter(), time.process_time()
        try:
            with within(task.limit):
                done = matcher.compress(given, Options(effort=task.effort))
            row |= {
                "seconds": round(time.perf_counter() - started, 3),
                "cpu_seconds": round(time.process_time() - busy, 3),
            }
            row |= worth(true, picture, given, input, done, cache)
            if dump is not None:
                dump(true, picture, given, input, done, cache)
        except Exception:  # of one picture; the run goes on
            row |= {"seconds": round(time.perf_counter() - started, 3), "error": traceback.format_exc()}
            row |= {"true_layers": len(true.layers), "found_layers": 0, "hits": 0, "exact_layers": 0}
            row |= {"identical": False, "background_right": None, "psnr": 0.0, "psnr_input": 0.0, "bytes": 0}
        rows.append(row)
    return rows


def worth(
    true: Scene,
    picture: Image.Image,
    given: Image.Image,
    input: str,
    done: Compressed,
    cache: ElementCache,
) -> Row:
    """Figures of one recipe."""
    recipe = to_binary(done.scene)
    made = np.asarray(render(done.scene, cache).convert(given.mode))
    scale = given.width / picture.width if input == "x0.7" else 1.0
    original = given if input == "x0.7" else picture
    identical = bool((made == np.asarray(original)).all())
    return {
        "bytes": len(recipe),
        "recipe": recipe.hex(),
        "identical": identical,
        "told_exact": bool(done.exact),
        "psnr": finite(psnr(np.asarray(original), made)),
        "psnr_input": finite(psnr(np.asarray(given), made)),
        "unexplained": round(float(done.unexplained.mean()), 5),
        **judge(true, catalogued(done.scene), scale, cache),
    }


def catalogued(scene: Scene) -> Scene:
    """The scene without what it brings along: the border of a window."""
    return replace(scene, layers=[layer for layer in scene.layers if not isinstance(layer.element, Inline)])


def finite(value: float) -> float | None:
    """JSON knows no infinity: None."""
    return round(value, 3) if value != float("inf") else None


def run(work: Callable[..., T], tasks: Sequence[tuple[object, ...]], processes: int) -> Iterator[T]:
    """Outcomes as they are finished."""
    if processes == 1:
        one_core.settle()
        for task in tasks:
            yield work(*task)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=one_core.settle) as pool:
        for future in as_completed([pool.submit(work, *task) for task in tasks]):
            yield future.result()
