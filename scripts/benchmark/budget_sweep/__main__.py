"""Budgets from 200 bytes to 100 kB: haac beside the best WebP file of the same bytes; and what is readable without a budget.

    python -m scripts.benchmark.budget_sweep --photographs DIR [--count 4] [--work DIR] [--processes 2]

Photographs are those of DIR (Kodak's); slides, chats, memes and screenshots are drawn (`drawn.py`). No element is looked for: the figures
are those of pictures that no catalog explains. PSNR is over red, green and blue. Writes benchmarks/budget_sweep.json; each cell is kept in
--work, where a second run goes on.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from scripts.lib import one_core  # before numpy: it reads the environment when it loads

# isort: split

import numpy as np
from PIL import Image, features

from haac import render, to_binary
from haac._internal import NO_ELEMENTS
from haac_match import Matcher, Options, wash_only
from haac_pipeline._compress.quality import psnr, ssim
from haac_repo import Repository
from scripts.benchmark.budget_sweep.drawn import KINDS, WORDS
from scripts.benchmark.budget_sweep.readable import installed, kept, words
from scripts.benchmark.budget_sweep.webp_files import WebpFiles, sharp
from scripts.benchmark.peers import available, smallest
from scripts.benchmark.record import write

BUDGETS = (200, 400, 700, 1000, 2000, 4000, 7000, 10_000, 20_000, 40_000, 70_000, 100_000)
"""Bytes."""

Cell = dict[str, Any]


def picture_of(name: str, folder: Path) -> Image.Image:
    """A photograph of the folder, or a drawing with the first one in it."""
    if name in KINDS:
        with Image.open(sorted(folder.glob("*.png"))[0]) as opened:
            return KINDS[name](opened.convert("RGB"))
    with Image.open(folder / name) as opened:
        return opened.convert("RGB")


def budget_cells(task: tuple[str, Path, Path]) -> list[Cell]:
    """One picture at all budgets."""
    name, folder, work = task
    path = work / f"{name.replace(' ', '_')}.budgets.json"
    if path.exists():
        return json.loads(path.read_text())  # type: ignore[no-any-return]
    picture = picture_of(name, folder)
    files, wanted, cells = WebpFiles(picture), np.asarray(picture), []
    for budget in BUDGETS:
        made = wash_only(picture, Options(budget=budget, inline=True), lambda: None)
        near = psnr(wanted, np.asarray(render(made.scene, NO_ELEMENTS).convert("RGB")))
        best = files.best(budget)
        cells.append(
            {
                "picture": name,
                "drawn": name in KINDS,
                "budget": budget,
                "bytes": len(to_binary(made.scene)),
                "psnr": _figure(near),
                "as": "WebP" if made.scene.inlines() else type(made.scene.background).__name__.lower(),
                "webp": None
                if best is None
                else {"psnr": _figure(best[0]), "bytes": best[1], "how": best[2]},
            }
        )
        print(cells[-1], flush=True)
    path.write_text(json.dumps(cells))
    return cells


def default_cell(task: tuple[str, Path, Path]) -> Cell:
    """A drawing without a budget: bytes, SSIM, words; and the smallest WebP file of this SSIM."""
    name, folder, work = task
    path = work / f"{name.replace(' ', '_')}.default.json"
    if path.exists():
        return json.loads(path.read_text())  # type: ignore[no-any-return]
    picture = picture_of(name, folder)
    with TemporaryDirectory() as place, Repository.create(Path(place, "repo")) as repository:
        found = Matcher(repository).compress(picture, Options(inline=True))
    made = render(found.scene, NO_ELEMENTS).convert("RGB")
    alike = ssim(np.asarray(picture), np.asarray(made))
    codec = next(one for one in available() if one.name == "WebP")
    peer = smallest(codec, picture, alike)
    cell: Cell = {
        "picture": name,
        "bytes": len(to_binary(found.scene)),
        "psnr": _figure(psnr(np.asarray(picture), np.asarray(made))),
        "ssim": alike,
        "lost": found.lost,
        "webp_bytes": None if peer is None else peer[0],
        "words": None,
    }
    if installed():
        original = words(picture, WORDS.get(name, ()))
        left = kept(original, words(made, WORDS.get(name, ())))
        cell["words"] = {"in_it": original.total(), "kept": left}
    print(cell, flush=True)
    path.write_text(json.dumps(cell))
    return cell


def _figure(value: float) -> float | None:
    """Decibels; None if all pixels are equal."""
    return None if math.isinf(value) else round(value, 3)


def behind(cell: Cell) -> float:
    """Decibels by which the best WebP file is ahead of the recipe; negative where it is behind."""
    best = cell["webp"]
    if best is None or cell["psnr"] is None:
        return -math.inf
    return math.inf if best["psnr"] is None else best["psnr"] - cell["psnr"]


def summary(cells: list[Cell]) -> Iterator[Cell]:
    """By budget, photographs and drawings apart."""
    for drawn in (False, True):
        for budget in BUDGETS:
            here = [cell for cell in cells if cell["drawn"] == drawn and cell["budget"] == budget]
            both = [cell for cell in here if cell["webp"] is not None]
            finite = [behind(cell) for cell in both if math.isfinite(behind(cell))]
            yield {
                "drawn": drawn,
                "budget": budget,
                "pictures": len(here),
                "with_webp": len(both),
                "washes": sum(cell["as"] == "wash" for cell in here),
                "mean_ahead": None if not finite else round(-sum(finite) / len(finite), 3),
                "most_behind": None if not finite else round(max(finite), 3),
                "losing": sum(behind(cell) > 0.05 for cell in both),
            }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--drawings", type=int, default=len(KINDS))
    parser.add_argument("--work", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    work = given.work or Path(mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    every = max(1, len(sorted(given.photographs.glob("*.png"))) // max(1, given.count))
    photographs = [path.name for path in sorted(given.photographs.glob("*.png"))[::every][: given.count]]
    drawings = list(KINDS)[: given.drawings]
    with ProcessPoolExecutor(given.processes, initializer=one_core.settle) as pool:
        sweep = [(name, given.photographs, work) for name in (*photographs, *drawings)]
        defaults = list(pool.map(default_cell, [(name, given.photographs, work) for name in KINDS]))
        cells = [cell for each in pool.map(budget_cells, sweep) for cell in each]
    write(
        "budget_sweep",
        {
            "budgets": BUDGETS,
            "cells": cells,
            "summary": list(summary(cells)),
            "defaults": defaults,
            "peers": {"webp": features.version("webp"), "sharp": sharp(), "ocr": installed()},
        },
    )


if __name__ == "__main__":
    main()
