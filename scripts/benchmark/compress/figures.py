"""Figures of many pictures: the cells of the table, and how they are printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scripts.benchmark.compress.measure import NOTHING
from scripts.benchmark.compress.score import Row
from scripts.benchmark.record import file_of

GROUPS = {
    "plain or gradient background, clean": (("plain", "gradient"), "clean"),
    "catalog-photo background, clean": (("catalog",), "clean"),
    "JPEG 85": (("plain", "gradient", "catalog"), "jpeg85"),
    "scaled x0.7": (("plain", "gradient", "catalog"), "x0.7"),
    "foreign-photo background": (("foreign",), "clean"),
    "nothing of the catalog": ((NOTHING,), "clean"),
    "screenshot with a border": (("border",), "clean"),
    "several copies": (("copies",), "clean"),
    "transparent background": (("transparent",), "clean"),
}
"""Row of the table -> backgrounds, input."""


def groups(rows: list[Row]) -> Iterator[tuple[str, int, list[Row]]]:
    """Rows of the table: name, size of the catalog, and what belongs there."""
    for name, (backgrounds, input) in GROUPS.items():
        for size in sorted({row["size"] for row in rows}):
            of = [
                r
                for r in rows
                if r["size"] == size and r["background"] in backgrounds and r["input"] == input
            ]
            if of:
                yield name, size, of


def cells(rows: list[Row]) -> Iterator[tuple[str, int, list[Row]]]:
    """The same for each background and input by itself."""
    for background, input in sorted({(row["background"], row["input"]) for row in rows}):
        for size in sorted({row["size"] for row in rows}):
            of = [r for r in rows if (r["size"], r["background"], r["input"]) == (size, background, input)]
            if of:
                yield f"{background}, {input}", size, of


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


def line(row: Row) -> str:
    """A picture's figures, for the person who watches."""
    name = f"{row['size']:>5} {row['background']:<8} {row['input']:<6} {row['seed']}/{row['index']:<3}"
    if "error" in row:
        return f"{name} FAILED after {row['seconds']:.1f} s\n{row['error']}"
    layers = row["true_layers"], row["found_layers"]
    near = "identical" if row["identical"] else f"{row['psnr'] or 0:6.2f} dB"
    return (
        f"{name} recall {row['hits']:>2}/{layers[0]:<2} precision {row['hits']:>2}/{layers[1]:<2}"
        f" exact {row['exact_layers']:>2}{' BACKGROUND' if row['background_right'] is False else ''}"
        f" {near:<9} {row['bytes']:>4} bytes {row['seconds']:6.1f} s"
    )


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
