"""How well `haac_match` finds the elements of a picture: composites with a seed, compressed clean, as JPEG 85 and scaled by 0.7.

    python -m scripts.benchmark.compress --data FOLDER --catalog FOLDER
    python -m scripts.benchmark.compress --catalog FOLDER --sizes 3583 --backgrounds plain --inputs clean --count 8
    python -m scripts.benchmark.compress --catalog FOLDER --sizes 3583 --backgrounds plain --inputs clean --only 3/17 --dump FOLDER

--data has `emoji/128`, `train` and `photos`: real cut-outs and photographs, which are nobody's to pass on. From them, the
catalogs are built under --catalog, where they are not there yet. Each finished picture is a line in --rows; a run that was cut goes
on from there, as long as the compressor is the same, to the letter.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split

from scripts.benchmark.compress.beside import peer_rows, peer_summary
from scripts.benchmark.compress.dump import dump_picture
from scripts.benchmark.compress.figures import (
    GROUPS,
    cells,
    groups,
    library,
    line,
    read_rows,
    table,
    with_earlier,
)
from scripts.benchmark.compress.measure import (
    INPUTS,
    NOTHING,
    ROOT,
    Key,
    Task,
    code,
    key,
    matcher_of,
    measure,
    run,
)
from scripts.benchmark.compress.scenes_life import LIFE
from scripts.benchmark.compress.score import Row, summary
from scripts.benchmark.peers import versions
from scripts.benchmark.record import cores, write
from scripts.benchmark.scenes import BACKGROUNDS, CATALOGS, build_catalog

SOME = 10
"""Pictures of each of LIFE."""

WHOLE = 50
"""Pictures a cell that published figures rest on."""


def tasks(args: argparse.Namespace, have: set[Key]) -> Iterator[Task]:
    """What is still to be done."""
    stamp = code()
    indices = [args.only[1]] if args.only else range(args.first, args.first + args.count)
    seed = args.only[0] if args.only else args.seed
    # Cells take turns, so that a run that is cut has some of each.
    for index in indices:
        for size in args.sizes:
            for background in args.backgrounds:
                if index >= args.first + SOME and background in LIFE:
                    continue
                inputs = [i for i in args.inputs if background in BACKGROUNDS or i == "clean"]
                task = Task(
                    args.catalog,
                    args.data,
                    size,
                    background,
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


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="real pictures; default: data")
    parser.add_argument("--catalog", type=Path, default=Path("catalogs"), help="folder of the catalogs")
    parser.add_argument("--sizes", type=int, nargs="+", default=CATALOGS, metavar="N", help="of the catalogs")
    backgrounds = [*BACKGROUNDS, NOTHING, *LIFE]
    parser.add_argument("--backgrounds", nargs="+", default=backgrounds, choices=backgrounds)
    parser.add_argument("--inputs", nargs="+", default=INPUTS, choices=INPUTS)
    parser.add_argument("--count", type=int, default=50, help="pictures a cell")
    parser.add_argument("--first", type=int, default=0, help="index of the first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--effort", type=int, default=5)
    parser.add_argument(
        "--limit", type=int, default=300, help="seconds a picture may take; then it counts as failed"
    )
    parser.add_argument("--processes", type=int, default=cores())
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


def one_picture(args: argparse.Namespace) -> None:
    """Compress one picture, print its figures and write what a person needs to look into it."""
    one_core.settle()
    several = len(args.sizes) * len(args.backgrounds) * len(args.inputs) > 1
    for task in tasks(args, set()):
        for input in task.inputs:
            folder = args.dump / f"{task.size}-{task.background}-{input}" if several else args.dump
            rows = measure(replace(task, inputs=(input,)), partial(dump_picture, folder))
            print("\n".join(line(row) for row in rows))


def measured(args: argparse.Namespace) -> list[Row]:
    """Compress what is still to be done, keep each row; all rows that are asked for."""
    have: dict[Key, Row] = {}
    for row in read_rows(args.rows):
        if "error" not in row:
            row |= {"code": code()} if args.keep else {}
            have[key(row)] = row
    work = [] if args.figures else list(tasks(args, set(have)))
    for size in {task.size for task in work}:
        # So that the index is made once, not by every process.
        matcher_of(args.catalog / str(size), args.threads)
    with args.rows.open("a", encoding="utf-8") as file:
        for done in run(measure, [(task,) for task in work], args.processes):
            for row in done:
                have[key(row)] = row
                file.write(json.dumps(row) + "\n")
                print(line(row), flush=True)
            file.flush()
    wanted = {task.key(input) for task in tasks(args, set()) for input in task.inputs}
    return [row for k, row in have.items() if k in wanted]


def main() -> int:
    args = arguments()
    args.rows.parent.mkdir(parents=True, exist_ok=True)
    for size in args.sizes:
        if not (args.catalog / str(size)).exists():
            print(f"building the catalog of {size} elements")
            args.catalog.mkdir(parents=True, exist_ok=True)
            build_catalog(args.data, args.catalog, size)
    if args.only:
        one_picture(args)
        return 0
    rows = measured(args)
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
