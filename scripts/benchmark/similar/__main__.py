"""Photographs told by similar elements, beside washes and other codecs, scored by independent judges: benchmarks/similar.json.

    python -m scripts.benchmark.similar --photographs DIR --judge FILE [--judge FILE ...] --repo DIRECTORY --work DIR

The catalog of DIRECTORY has cut-outs of the same photographs: those of a photograph itself are left out when it is told. What is
done is kept in the folder --work (records, renders), where a second run goes on.

--half a is for setting thresholds, b is what is reported; all takes every photograph of the folder (Kodak's have no classes).
Rules of scoring: scripts/benchmark/similar/scores.py.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

from scripts.lib import one_core

# isort: split
import numpy as np
from PIL import Image

from haac_evidence._internal import Judge
from haac_pipeline._compress.quality import percent_different, psnr
from scripts.benchmark.record import write
from scripts.benchmark.similar.kinds import KINDS
from scripts.benchmark.similar.photographs import LONG, SEED, Photograph, folder, halves
from scripts.benchmark.similar.scores import SURE, judged, scored, summary
from scripts.benchmark.similar.ways import ROWS, Made, made, outside_of_kinds

BUDGETS = (20, 60, 100, 150, 318)

JUDGE_NAMES = {
    "tf2_mobilenet_v2_1.0_224_ptq": "MobileNet V2",
    "mobilenet_v2_1.0_224_quant": "MobileNet V2 (trained for 8 bits)",
    "lite2": "EfficientNet-Lite2",
}
"""Of files; others go by the name of theirs."""

Row = dict[str, Any]
Task = tuple[Photograph, dict[str, tuple[int, ...]], tuple[Path, ...], Path | None, Path, frozenset[int]]
"""A photograph, the budgets to do of each row, files of judges, the repository, the folder of renders, elements left out."""


@cache
def _judge(path: Path) -> Judge:
    return Judge(path)


def render_path(renders: Path, photograph: Path, row: str, budget: int) -> Path:
    """Where a render is kept."""
    return renders / f"{photograph.stem}.{row.replace(' ', '_')}.{budget}.png"


def done(task: Task) -> list[Row]:
    """Tell a photograph in all ways that are asked for, and score them; what a row lacks is said in its record."""
    photograph, wanted, judges, repository, renders, excluded = task
    one_core.settle()
    image = photograph.opened()
    originals = {path.stem: _judge(path)(image) for path in judges}
    records: list[Row] = []
    for row, budgets in wanted.items():
        try:
            told = made(row, photograph.path, image, budgets, repository, excluded)
        except RuntimeError as e:
            records += [
                {"row": row, "budget": b, "name": photograph.path.name, "failed": str(e)} for b in budgets
            ]
            continue
        for budget, one in told.items():
            one.picture.save(render_path(renders, photograph.path, row, budget), compress_level=1)
            records.append(_record(photograph, row, budget, image, one))
            records[-1]["judges"] = {
                path.stem: judged(originals[path.stem], _judge(path)(one.picture))
                | {"scored": scored(originals[path.stem], photograph.label, photograph.classed)}
                for path in judges
            }
    return records


def _record(photograph: Photograph, row: str, budget: int, image: Image.Image, one: Made) -> Row:
    return {
        "row": row,
        "budget": budget,
        "name": photograph.path.name,
        "label": "" if photograph.label is None else KINDS[photograph.label],
        "bytes": one.bytes,
        "seconds": round(one.seconds, 3),
        "psnr": round(min(psnr(np.asarray(image), np.asarray(one.picture)), 99.0), 3),
        "different": round(percent_different(image, one.picture), 2),
        **({"told": one.told} if one.told else {}),
    }


def kept(path: Path, judges: Iterable[Path]) -> dict[tuple[str, str, int], Row]:
    """Records of earlier runs that all of these judges have seen."""
    names = {judge.stem for judge in judges}
    found = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        record = json.loads(line)
        if names <= record["judges"].keys():
            found[record["name"], record["row"], record["budget"]] = record
    return found


def tasks(
    photographs: list[Photograph],
    found: dict[tuple[str, str, int], Row],
    options: Any,
    excluded: frozenset[int] = frozenset(),
) -> list[Task]:
    """What is not done yet."""
    renders = options.work / "renders"
    renders.mkdir(parents=True, exist_ok=True)
    missing = []
    for one in photographs:
        wanted = {
            row: tuple(b for b in options.budgets if (one.path.name, row, b) not in found)
            for row in options.rows
        }
        wanted = {row: budgets for row, budgets in wanted.items() if budgets}
        if wanted:
            missing.append((one, wanted, tuple(options.judge), options.repo, renders, excluded))
    return missing


def measured(photographs: list[Photograph], options: Any, excluded: frozenset[int]) -> list[Row]:
    """Records of all photographs, the missing ones made by processes."""
    path = options.work / "records.jsonl"
    found = kept(path, options.judge)
    todo = tasks(photographs, found, options, excluded)
    started, failures = time.monotonic(), set()
    with (
        ProcessPoolExecutor(options.jobs) as pool,
        path.open("a", encoding="utf-8") as stream,
    ):
        for count, future in enumerate(as_completed([pool.submit(done, task) for task in todo]), 1):
            for record in future.result():
                if "failed" in record:
                    failures.add(f"{record['row']}: {record['failed']}")
                    continue
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
                found[record["name"], record["row"], record["budget"]] = record
            stream.flush()
            print(f"\r{count} of {len(todo)}, {time.monotonic() - started:.0f} s", end="", flush=True)
    print()
    for line in sorted(failures):
        print(line)
    names = {one.path.name for one in photographs}
    return [record for record in found.values() if record["name"] in names]


def table(records: list[Row], options: Any) -> dict[str, Any]:
    """Judge -> row -> budget -> cell; printed as well."""
    cells: dict[str, Any] = {}
    for judge in (path.stem for path in options.judge):
        print(
            f"\n{judge}\n{'row':10} bytes      right (scored)     wrong      cosine   PSNR  different  seconds"
        )
        for row in options.rows:
            for budget in options.budgets:
                chosen = [one for one in records if one["row"] == row and one["budget"] == budget]
                if not chosen:
                    continue
                cell = cells.setdefault(judge, {}).setdefault(row, {})[str(budget)] = summary(chosen, judge)
                right, wrong = cell["kind_right"], cell["confidently_wrong"]
                if right["count"]:
                    print(
                        f"{row:10} {cell['bytes']['mean']:6.1f}  {right['share']:.3f} +-{right['error']:.3f} ({right['count']:3})"
                        f"  {wrong['share']:.3f} +-{wrong['error']:.3f}  {cell['cosine']['mean']:.3f}  {cell['psnr']['mean']:5.2f}"
                        f"  {cell['different']['mean']:5.1f}  {cell['seconds']['mean']:6.2f}"
                    )
    return cells


def listed(text: str) -> list[str]:
    """Names between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def arguments() -> argparse.Namespace:
    """The options, checked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--judge", type=Path, action="append", required=True, metavar="FILE")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="outside of the project")
    parser.add_argument("--repo", type=Path, metavar="DIRECTORY")
    parser.add_argument("--half", choices=("a", "b", "all"), default="a")
    parser.add_argument("--rows", type=listed, default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--budgets", type=lambda text: [int(n) for n in listed(text)], default=list(BUDGETS))
    parser.add_argument("--personal", type=int, default=0, metavar="N")
    parser.add_argument("--limit", type=int, help="photographs, the first that were drawn")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", help="name or path of the figures; without it, they are only printed")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no rows: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if options.personal and not options.repo:
        parser.error("--personal needs --repo")
    return options


def main() -> None:
    options = arguments()
    photographs = folder(options.photographs)
    if options.half != "all":
        photographs = halves(photographs)[options.half]
    excluded: frozenset[int] = frozenset()
    kinds: set[int] = set()
    if options.personal:
        labels = {one.path.name: one.label for one in folder(options.photographs) if one.label is not None}
        kinds, excluded = outside_of_kinds(options.repo, labels, options.personal)
        photographs = [one for one in photographs if one.label in kinds]
        options.work /= f"personal-{options.personal}"
        options.work.mkdir(parents=True, exist_ok=True)
    photographs = photographs[: options.limit]
    records = measured(photographs, options, excluded)
    payload = {
        "half": options.half,
        "personal": sorted(KINDS[kind] for kind in kinds),
        "seed": SEED,
        "long_side": LONG,
        "sure": SURE,
        "judge_names": {path.stem: JUDGE_NAMES.get(path.stem, path.stem) for path in options.judge},
        "judges": {path.stem: _judge(path).sha256 for path in options.judge},
        "photographs": [one.path.name for one in photographs],
        "table": table(records, options),
    }
    if options.json:
        print(write(options.json, payload))


if __name__ == "__main__":
    main()
