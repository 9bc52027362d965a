"""How well `haac_match` finds the elements of a picture: composites with a seed, compressed clean, as JPEG 85 and scaled by 0.7.

    python -m scripts.bench.compress --data FOLDER --catalog FOLDER
    python -m scripts.bench.compress --catalog FOLDER --sizes 3583 --grounds plain --inputs clean --count 8
    python -m scripts.bench.compress --catalog FOLDER --sizes 3583 --grounds plain --inputs clean --only 3/17 --dump FOLDER

--data has `emoji/128`, `train` and `photos`: real cut-outs and photographs, which are nobody's to pass on. From them, the
catalogs are built under --catalog, where they are not there yet. Each finished picture is a line in --rows; a run that was cut goes
on from there, as long as the compressor is the same, to the letter.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields, replace
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split
import numpy as np
from PIL import Image

from haac import ElementCache, Inline, Layer, Plate, Scene, from_binary, render, to_binary, to_script
from haac_pipeline._compress.quality import psnr, ssim
from haac_repo import Repository, format_id
from scripts.bench.peers import available, smallest, versions
from scripts.bench.record import file_of, write
from scripts.bench.scenes import CATALOGS, FOREIGN, GROUNDS, build_catalog, composites, foreign_photographs
from scripts.bench.scenes_life import LIFE, life
from scripts.bench.score import Row, confused, judge, matched, same_pixels, summary

ROOT = Path(__file__).resolve().parents[2]
INPUTS = ("clean", "jpeg85", "x0.7")
SOME = 10
"""Pictures of each of LIFE."""
NOTHING = "nothing"
"""BackgroundEstimate of pictures that hold nothing of the catalog: foreign photographs as they are. Compressed clean only."""

PEERED = {
    "plain or gradient ground, clean": 12,
    "catalog-photo ground, clean": 12,
    "JPEG 85": 12,
}
"""Rows of the table for which other codecs are asked, and for how many pictures."""

GROUPS = {
    "plain or gradient ground, clean": (("plain", "gradient"), "clean"),
    "catalog-photo ground, clean": (("catalog",), "clean"),
    "JPEG 85": (("plain", "gradient", "catalog"), "jpeg85"),
    "scaled x0.7": (("plain", "gradient", "catalog"), "x0.7"),
    "foreign-photo ground": (("foreign",), "clean"),
    "nothing of the catalog": ((NOTHING,), "clean"),
    "screenshot with a border": (("border",), "clean"),
    "several copies": (("copies",), "clean"),
    "transparent ground": (("transparent",), "clean"),
}
"""Row of the table -> grounds, input."""


@dataclass(frozen=True, slots=True)
class Task:
    """One composite, and the inputs made of it that are to be compressed."""

    catalog: Path
    data: Path
    size: int
    ground: str
    seed: int
    index: int
    inputs: tuple[str, ...]
    effort: int
    code: str
    limit: int
    threads: int = 1

    def key(self, input: str) -> tuple[Any, ...]:
        """What makes a row the one of this task."""
        return (self.code, self.size, self.ground, self.seed, self.index, input, self.effort)


def key(row: Row) -> tuple[Any, ...]:
    """As `Task.key`."""
    return tuple(row[name] for name in ("code", "size", "ground", "seed", "index", "input", "effort"))


def code() -> str:
    """Hash of what the figures depend on: the compressor's and the codec's code, its weights, and the composites."""
    digest = hashlib.sha256()
    files = [*(ROOT / "pipeline" / "haac_match").rglob("*.py"), *(ROOT / "codec" / "haac").rglob("*.py")]
    weights = (ROOT / "pipeline" / "haac_match").rglob("*.onnx")
    for path in [*sorted(files), *sorted(weights), ROOT / "scripts" / "_composites.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def picture_of(task: Task, repository: Repository) -> tuple[Scene, Image.Image]:
    """The true scene and its picture, RGB."""
    photographs = foreign_photographs(task.data) if task.ground in ("foreign", NOTHING) else []
    if task.ground == NOTHING:
        random.Random(task.seed).shuffle(photographs)
        picture = Image.open(photographs[task.index % len(photographs)]).convert("RGB")
        picture.thumbnail((1600, 1600))
        return Scene(*picture.size, Plate(FOREIGN)), picture
    if task.ground in LIFE:
        found = life(repository, task.ground, task.seed, task.index)
        return found.scene, found.picture
    made = next(composites(repository, task.ground, 1, task.seed, photographs, first=task.index))
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


_matchers: dict[Path, tuple[Repository, Any]] = {}


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


def _matcher(path: Path, threads: int) -> tuple[Repository, Any]:
    if path not in _matchers:
        from haac_match import Matcher

        repository = Repository.open(path)
        _matchers[path] = repository, Matcher(repository, threads=threads)
    return _matchers[path]


def measure(task: Task, dump: Path | None = None) -> list[Row]:
    """Compress, and judge."""
    from haac_match import Options

    repository, matcher = _matcher(task.catalog / str(task.size), task.threads)
    true, picture = picture_of(task, repository)
    cache = ElementCache(repository)
    rows = []
    for input in task.inputs:
        given = altered(picture, input)
        row: Row = dict(
            zip(("code", "size", "ground", "seed", "index", "input", "effort"), task.key(input), strict=True)
        )
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
                dump_picture(dump, true, picture, given, input, done, cache)
        except Exception:  # of one picture; the run goes on
            row |= {"seconds": round(time.perf_counter() - started, 3), "error": traceback.format_exc()}
            row |= {"true_layers": len(true.layers), "found_layers": 0, "hits": 0, "exact_layers": 0}
            row |= {"identical": False, "ground_right": None, "psnr": 0.0, "psnr_input": 0.0, "bytes": 0}
        rows.append(row)
    return rows


def worth(
    true: Scene,
    picture: Image.Image,
    given: Image.Image,
    input: str,
    done: Any,
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


def measure_peers(task: Task, row: Row) -> Row:
    """The smallest files of other codecs that come as near to what the compressor was given as its recipe does."""
    repository = Repository.open(task.catalog / str(task.size))
    given = altered(picture_of(task, repository)[1], row["input"])
    made = render(from_binary(bytes.fromhex(row["recipe"])), repository).convert("RGB")
    least = ssim(np.asarray(given), np.asarray(made))
    found: Row = {
        "of": list(key(row)),
        "bytes": row["bytes"],
        "identical": row["identical"],
        "ssim": round(least, 6),
    }
    found["peers"] = {codec.name: smallest(codec, given, least) for codec in available()}
    return found


def finite(value: float) -> float | None:
    """JSON knows no infinity: None."""
    return round(value, 3) if value != float("inf") else None


def shortly(layer: Layer) -> str:
    """What is said of a layer, without what is not."""
    said = {
        f.name: getattr(layer, f.name)
        for f in fields(layer)
        if getattr(layer, f.name) != f.default and f.name != "element"
    }
    return f"{format_id(layer.element)} ({layer.element}) " + " ".join(f"{k}={v}" for k, v in said.items())


def dump_picture(
    folder: Path,
    true: Scene,
    picture: Image.Image,
    given: Image.Image,
    input: str,
    done: Any,
    cache: ElementCache,
) -> None:
    """Write what a person needs to see why something went wrong; print which layers did."""
    folder.mkdir(parents=True, exist_ok=True)
    made = render(done.scene, cache).convert(given.mode)
    difference = np.abs(np.asarray(made).astype(np.int16) - np.asarray(given))
    picture.save(folder / "original.png")
    given.save(folder / "input.png")
    made.save(folder / "render.png")
    Image.fromarray((difference[:, :, :3] * 8).clip(0, 255).astype(np.uint8)).save(
        folder / "difference-x8.png"
    )
    Image.fromarray(done.unexplained).save(folder / "unexplained.png")
    (folder / "true.py").write_text(
        to_script(true) if FOREIGN not in true.elements() else repr(true), encoding="utf-8"
    )
    (folder / "found.py").write_text(to_script(done.scene), encoding="utf-8")
    (folder / "found.haac").write_bytes(to_binary(done.scene))
    scale = given.width / picture.width if input == "x0.7" else 1.0
    found = catalogued(done.scene)
    pairs = matched(true, found, scale, cache)
    wrong = confused(true, found, scale, cache)
    ours, theirs = dict(pairs), {m: n for n, m in pairs}
    size = picture.size
    lines = [f"ground: {true.background} -> {done.scene.background}"]
    for n, layer in enumerate(true.layers):
        if n not in ours:
            lines.append(
                f"missed   {n}: {shortly(layer)}" + (f", taken for {wrong[n]}" if n in wrong else "")
            )
        elif scale == 1 and not same_pixels(layer, found.layers[ours[n]], size, cache):
            lines.append(f"inexact  {n}: {shortly(layer)}")
            lines.append(f"   found {ours[n]}: {shortly(found.layers[ours[n]])}")
        else:
            lines.append(f"right    {n}: {shortly(layer)}, found as {ours[n]}")
    for m, layer in enumerate(found.layers):
        if m not in theirs:
            lines.append(f"spurious {m}: {shortly(layer)}")
    (folder / "layers.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print(
        f"{folder}: original, input, render, difference-x8, unexplained (.png); true.py, found.py, found.haac"
    )


def line(row: Row) -> str:
    """A picture's figures, for the person who watches."""
    name = f"{row['size']:>5} {row['ground']:<8} {row['input']:<6} {row['seed']}/{row['index']:<3}"
    if "error" in row:
        return f"{name} FAILED after {row['seconds']:.1f} s\n{row['error']}"
    layers = row["true_layers"], row["found_layers"]
    near = "identical" if row["identical"] else f"{row['psnr'] or 0:6.2f} dB"
    return (
        f"{name} recall {row['hits']:>2}/{layers[0]:<2} precision {row['hits']:>2}/{layers[1]:<2}"
        f" exact {row['exact_layers']:>2}{' GROUND' if row['ground_right'] is False else ''}"
        f" {near:<9} {row['bytes']:>4} bytes {row['seconds']:6.1f} s"
    )


def groups(rows: list[Row]) -> Iterator[tuple[str, int, list[Row]]]:
    """Rows of the table: name, size of the catalog, and what belongs there."""
    for name, (grounds, input) in GROUPS.items():
        for size in sorted({row["size"] for row in rows}):
            of = [r for r in rows if r["size"] == size and r["ground"] in grounds and r["input"] == input]
            if of:
                yield name, size, of


def cells(rows: list[Row]) -> Iterator[tuple[str, int, list[Row]]]:
    """The same for each ground and input by itself."""
    for ground, input in sorted({(row["ground"], row["input"]) for row in rows}):
        for size in sorted({row["size"] for row in rows}):
            of = [r for r in rows if (r["size"], r["ground"], r["input"]) == (size, ground, input)]
            if of:
                yield f"{ground}, {input}", size, of


COLUMNS = (
    "n",
    "recall",
    "precis.",
    "junk",
    "confused",
    "exact",
    "ident.",
    "PSNR",
    "B/layer",
    "s median",
    "s mean",
)
SPLITS = ("small", "blurred", "covered", "none of these")


WHOLE = 50
"""Pictures a cell that published figures rest on."""


def table(made: list[Row]) -> str:
    """Figures of all cells, as text."""
    lines = [f"{'':<33}{'size':>5}" + "".join(f" {name:>8}" for name in (*COLUMNS, *SPLITS[:-1], "ordinary"))]
    for cell in made:
        values = [
            cell["pictures"],
            *(_share(cell[name]) for name in ("recall", "precision")),
            cell["junk"],
            cell["confused"],
            *(_share(cell[name]) for name in ("exact_of_found", "identical")),
            cell["psnr_median"],
            _share(cell["bytes_a_layer"], 2),
            f"{cell['seconds_median']:.1f}",
            f"{cell['seconds_mean']:.1f}",
            *(_share(cell["recall_of"][name]["recall"]) for name in SPLITS),
        ]
        failed = f"  {cell['failed']} FAILED" if cell["failed"] else ""
        lines.append(f"{cell['case']:<33}{cell['size']:>5}" + "".join(f" {v:>8}" for v in values) + failed)
    return "\n".join(lines)


def _share(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def peer_rows(args: argparse.Namespace, rows: list[Row]) -> list[Row]:
    """For the largest catalog: the first pictures of some groups, beside other codecs. Those that were done before are read."""
    path = args.rows.with_suffix(".peers.jsonl")
    have = {tuple(row["of"]): row for row in read_rows(path)}
    wanted = {}
    for name, size, of in groups(rows):
        if size == max(args.sizes) and name in PEERED:
            of = [row for row in of if "error" not in row]
            of.sort(key=lambda row: (row["index"], row["ground"]))
            wanted |= {
                key(row): (name, row) for row in of[: PEERED[name] if args.peers is None else args.peers]
            }
    work = [
        (Task(args.catalog, args.data, *k[1:5], (k[5],), k[6], k[0], args.limit), row)
        for k, (_, row) in wanted.items()
        if k not in have
    ]
    with path.open("a", encoding="utf-8") as file:
        for row in run(measure_peers, work, args.processes):
            have[tuple(row["of"])] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            files = ", ".join(f"{n} {f[0] if f else '-'}" for n, f in row["peers"].items())
            print(f"peers of {row['of'][1:6]}: {row['bytes']} bytes, SSIM {row['ssim']}; {files}", flush=True)
    return [have[k] | {"case": name} for k, (name, _) in wanted.items()]


def peer_summary(rows: list[Row]) -> list[Row]:
    """For each case: what other codecs need, over what recipes need."""
    made = []
    for case in dict.fromkeys(row["case"] for row in rows):
        of = [row for row in rows if row["case"] == case]
        ratios: dict[str, list[float]] = {}
        for row in of:
            files = {name: found[0] for name, found in row["peers"].items() if found is not None}
            for name, size in files.items():
                ratios.setdefault(name, []).append(size / row["bytes"])
            modern = [size for name, size in files.items() if name != "JPEG"]
            if modern:
                ratios.setdefault("best", []).append(min(modern) / row["bytes"])
        made.append(
            {
                "case": case,
                "pictures": len(of),
                "bytes_median": median(row["bytes"] for row in of),
                "ssim_median": round(median(row["ssim"] for row in of), 4),
                "ratio_median": {name: round(median(r), 1) for name, r in ratios.items()},
                "ratio_least": {name: round(min(r), 1) for name, r in ratios.items()},
                "not_reached": {
                    name: sum(row["peers"].get(name) is None for row in of) for name in of[0]["peers"]
                },
            }
        )
    return made


def tasks(args: argparse.Namespace, have: set[tuple[Any, ...]]) -> Iterator[Task]:
    """What is still to be done."""
    stamp = code()
    indices = [args.only[1]] if args.only else range(args.first, args.first + args.count)
    seed = args.only[0] if args.only else args.seed
    # Cells take turns, so that a run that is cut has some of each.
    for index in indices:
        for size in args.sizes:
            for ground in args.grounds:
                if index >= args.first + SOME and ground in LIFE:
                    continue
                inputs = [i for i in args.inputs if ground in GROUNDS or i == "clean"]
                task = Task(
                    args.catalog,
                    args.data,
                    size,
                    ground,
                    seed,
                    index,
                    tuple(inputs),
                    args.effort,
                    stamp,
                    args.limit,
                    args.threads,
                )
                missing = tuple(i for i in inputs if task.key(i) not in have)
                if missing:
                    yield replace(task, inputs=missing)


def run(work: Callable[..., Any], tasks: list[tuple[Any, ...]], processes: int) -> Iterator[Any]:
    """Outcomes as they are finished."""
    if processes == 1:
        one_core.settle()
        for task in tasks:
            yield work(*task)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=one_core.settle) as pool:
        for future in as_completed([pool.submit(work, *task) for task in tasks]):
            yield future.result()


def library(name: str) -> str | None:
    """Its version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def read_rows(path: Path) -> list[Row]:
    """Those of earlier runs; a line that was cut is dropped."""
    rows = []
    if path.exists():
        for text in path.read_text("utf-8").splitlines():
            try:
                rows.append(json.loads(text))
            except ValueError:
                continue
    return rows


def with_earlier(payload: Row, name: str) -> Row:
    """The figures, and those cells of the file before that were not measured now, with the day when they were; and its other codecs."""
    path = file_of(name)
    if not path.exists():
        return payload
    before = json.loads(path.read_text("utf-8"))
    for kind in ("groups", "cells"):
        measured = {(cell["case"], cell["size"]) for cell in payload[kind]}
        payload[kind] += [
            {"measured": before["machine"]["date"], **cell}
            for cell in before[kind]
            if (cell["case"], cell["size"]) not in measured
        ]
    return {name: before[name] for name in ("peers", "peer_versions") if name in before} | payload


def arguments() -> argparse.Namespace:
    """The command line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="real pictures; default: data")
    parser.add_argument("--catalog", type=Path, default=Path("catalogs"), help="folder of the catalogs")
    parser.add_argument("--sizes", type=int, nargs="+", default=CATALOGS, metavar="N", help="of the catalogs")
    grounds = [*GROUNDS, NOTHING, *LIFE]
    parser.add_argument("--grounds", nargs="+", default=grounds, choices=grounds)
    parser.add_argument("--inputs", nargs="+", default=INPUTS, choices=INPUTS)
    parser.add_argument("--count", type=int, default=50, help="pictures a cell")
    parser.add_argument("--first", type=int, default=0, help="index of the first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--effort", type=int, default=5)
    parser.add_argument(
        "--limit", type=int, default=300, help="seconds a picture may take; then it counts as failed"
    )
    parser.add_argument("--processes", type=int, default=cores)
    parser.add_argument("--threads", type=int, default=1, help="that work on one picture")
    parser.add_argument(
        "--peers", type=int, help="pictures of some cells to compare with other codecs; default: 12; 0: none"
    )
    parser.add_argument("--rows", type=Path, default=ROOT / "benchmarks" / "compress.rows.jsonl")
    parser.add_argument(
        "--figures", action="store_true", help="compress no more: the figures of the rows there are"
    )
    parser.add_argument("--keep", action="store_true", help="rows of an earlier compressor count too")
    parser.add_argument("--json", help="file of the figures; default: compress.json, if all cells are whole")
    parser.add_argument(
        "--only", type=lambda text: tuple(map(int, text.split("/"))), metavar="SEED/INDEX", help="one picture"
    )
    parser.add_argument("--dump", type=Path, default=Path("dump"), help="where --only puts it")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    args.rows.parent.mkdir(parents=True, exist_ok=True)
    for size in args.sizes:
        if not (args.catalog / str(size)).exists():
            print(f"building the catalog of {size} elements")
            args.catalog.mkdir(parents=True, exist_ok=True)
            build_catalog(args.data, args.catalog, size)
    if args.only:
        one_core.settle()
        for task in tasks(args, set()):
            for input in task.inputs:
                one = replace(task, inputs=(input,))
                several = len(args.sizes) * len(args.grounds) * len(args.inputs) > 1
                folder = args.dump / f"{task.size}-{task.ground}-{input}" if several else args.dump
                print("\n".join(line(row) for row in measure(one, folder)))
        return 0
    have = {}
    for row in read_rows(args.rows):
        if "error" not in row:
            row |= {"code": code()} if args.keep else {}
            have[key(row)] = row
    work = [] if args.figures else list(tasks(args, set(have)))
    wanted = set()
    for task in tasks(args, set()):
        wanted |= {task.key(input) for input in task.inputs}
    for size in {task.size for task in work}:
        # So that the index is made once, not by every process.
        _matcher(args.catalog / str(size), args.threads)
    with args.rows.open("a", encoding="utf-8") as file:
        for done in run(measure, [(task,) for task in work], args.processes):
            for row in done:
                have[key(row)] = row
                file.write(json.dumps(row) + "\n")
                print(line(row), flush=True)
            file.flush()
    rows = [row for k, row in have.items() if k in wanted]
    payload: Row = {
        "seed": args.seed,
        "effort": args.effort,
        "processes": args.processes,
        "threads": args.threads,
        "libraries": {name: library(name) for name in ("opencv-python-headless", "faiss-cpu", "scipy")},
    }
    for name, kind in (("groups", groups), ("cells", cells)):
        payload[name] = [{"case": case, "size": size, **summary(of)} for case, size, of in kind(rows)]
        print("\n" + table(payload[name]))
    if args.peers != 0:
        found = peer_rows(args, rows)
        payload |= {"peers": peer_summary(found), "peer_versions": versions()}
        print(json.dumps(payload["peers"], indent=2))
    needed = {(name, size) for name in GROUPS for size in CATALOGS}
    whole = args.count >= WHOLE and needed <= {(cell["case"], cell["size"]) for cell in payload["groups"]}
    if args.json or whole:
        print(f"written: {write(args.json or 'compress', with_earlier(payload, args.json or 'compress'))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
