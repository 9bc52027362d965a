"""Files of other codecs that come as near to a picture as its recipe does."""

from __future__ import annotations

import argparse
import json
from statistics import median

import numpy as np

from haac import from_binary, render
from haac_pipeline._compress.quality import ssim
from haac_repo import Repository
from scripts.benchmark.compress.figures import (
    groups,
    read_rows,
)
from scripts.benchmark.compress.measure import (
    KEY,
    Key,
    Task,
    altered,
    key,
    picture_of,
    run,
)
from scripts.benchmark.compress.score import Row
from scripts.benchmark.peers import available, smallest

PEERED = {
    "plain or gradient background, clean": 12,
    "catalog-photo background, clean": 12,
    "JPEG 85": 12,
}
"""Rows of the table for which other codecs are asked, and for how many pictures."""


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


def peer_rows(args: argparse.Namespace, rows: list[Row]) -> list[Row]:
    """For the largest catalog: the first pictures of some groups, beside other codecs. Those that were done before are read."""
    path = args.rows.with_suffix(".peers.jsonl")
    have: dict[Key, Row] = {_of(row): row for row in read_rows(path)}
    wanted: dict[Key, tuple[str, Row]] = {}
    for name, size, of in groups(rows):
        if size == max(args.sizes) and name in PEERED:
            of = [row for row in of if "error" not in row]
            of.sort(key=lambda row: (row["index"], row["background"]))
            wanted |= {
                key(row): (name, row) for row in of[: PEERED[name] if args.peers is None else args.peers]
            }
    work = [
        (
            Task(args.catalog, args.data, size, background, seed, index, (input,), effort, code, args.limit),
            row,
        )
        for (code, size, background, seed, index, input, effort), (_, row) in wanted.items()
        if key(row) not in have
    ]
    with path.open("a", encoding="utf-8") as file:
        for row in run(measure_peers, work, args.processes):
            have[_of(row)] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            files = ", ".join(f"{n} {f[0] if f else '-'}" for n, f in row["peers"].items())
            print(f"peers of {row['of'][1:6]}: {row['bytes']} bytes, SSIM {row['ssim']}; {files}", flush=True)
    return [have[k] | {"case": name} for k, (name, _) in wanted.items()]


def _of(row: Row) -> Key:
    """Of the row that these files stand beside."""
    return key(dict(zip(KEY, row["of"], strict=True)))


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
