"""Photographs with several objects: found by masks, named by the judge on crops.

    python -m scripts.benchmark.similar.several --photographs DIR [DIR ...] --judge FILE --out several.json
    python -m scripts.benchmark.similar.several --score several.json --judge FILE --work DIR [--json similar_several]

The first searches all photographs: the segmenter's mask must have two or more separate parts, each at least 15 % of the largest and
1 % of the picture, whose crops the judge puts into kinds with more than `SEEN`. The second looks at the same crops of renders that
the benchmark left in its folder of work: *all told* where each has its kind again, *one told* where any has.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from scripts.lib import one_core

# isort: split
import cv2
import numpy as np
from PIL import Image

from haac_evidence._internal import Judge
from haac_pipeline._segment.session import mask
from scripts.benchmark.record import write
from scripts.benchmark.similar.kinds import KINDS
from scripts.benchmark.similar.photographs import Photograph, folder
from scripts.benchmark.similar.scores import kind_of, share

MODEL = "u2netp"
PART, AREA, SEEN, MARGIN = 0.15, 0.01, 0.3, 0.1

Box = tuple[int, int, int, int]
Row = dict[str, Any]


def parts(alpha: np.ndarray[Any, Any]) -> list[Box]:
    """Boxes of separate parts of a mask, the largest first: each at least `PART` of the largest and `AREA` of the picture.

    Args:
        alpha: (height, width), 0 to 255.

    Returns:
        (left, top, right, bottom) in pixels, `MARGIN` of its sides wider on each side as far as the picture goes.
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats((alpha > 127).astype(np.uint8), connectivity=8)
    found = sorted(stats[1:count].tolist(), key=lambda one: -one[4])
    high, wide = alpha.shape
    kept = [one for one in found if one[4] >= max(PART * found[0][4], AREA * high * wide)]
    boxes = []
    for left, top, width, height, _ in kept:
        across, down = round(width * MARGIN), round(height * MARGIN)
        boxes.append(
            (
                max(0, left - across),
                max(0, top - down),
                min(wide, left + width + across),
                min(high, top + height + down),
            )
        )
    return boxes


@cache
def _judge(path: Path) -> Judge:
    return Judge(path)


def things_of(photograph: Photograph, judge: Path) -> Row | None:
    """The objects of a photograph, or None if there are not two that the judge names."""
    one_core.settle()
    image = photograph.opened()
    boxes = parts(np.asarray(mask(image, MODEL)))
    if len(boxes) < 2:
        return None
    things = []
    for box in boxes:
        kind, probability = kind_of(_judge(judge)(image.crop(box)))
        if kind >= 0 and probability > SEEN:
            things.append({"box": list(box), "kind": KINDS[kind], "probability": round(probability, 3)})
    return {"name": photograph.path.name, "things": things} if len(things) > 1 else None


def searched(options: Any) -> Iterator[Row]:
    """All photographs that have several objects, those of the same name once."""
    every = {one.path.name: one for path in reversed(options.photographs) for one in folder(path)}
    with ProcessPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(things_of, one, options.judge) for _, one in sorted(every.items())]
        for count, future in enumerate(futures, 1):
            if found := future.result():
                yield found
            if count % 50 == 0:
                print(f"{count} of {len(futures)}", flush=True)


def told(render: Image.Image, things: list[Row], judge: Judge) -> list[bool]:
    """Which of the objects the judge sees again in the same crops of a render."""
    seen = (kind_of(judge(render.crop(tuple(thing["box"])))) for thing in things)
    return [kind >= 0 and KINDS[kind] == thing["kind"] for (kind, _), thing in zip(seen, things, strict=True)]


def score(options: Any) -> None:
    """Shares for all rows and budgets of which there are renders; printed, and written where `--json` says."""
    listed = {
        Path(one["name"]).stem: one["things"]
        for one in json.loads(options.score.read_text("utf-8"))["photographs"]
    }
    rows: dict[tuple[str, int], list[list[bool]]] = {}
    for path in sorted((options.work / "renders").glob("*.png")):
        stem, row, budget = path.stem.rsplit(".", 2)
        if stem in listed:
            with Image.open(path) as image:
                found = told(image.convert("RGB"), listed[stem], _judge(options.judge))
            rows.setdefault((row, int(budget)), []).append(found)
    cells = []
    for (row, budget), found_all in sorted(rows.items()):
        both, some = share([all(one) for one in found_all]), share([any(one) for one in found_all])
        cells.append({"row": row, "budget": budget, "all_told": both, "one_told": some})
        print(
            f"{row:10} {budget:4}  all told {both['share']:.3f} +-{both['error']:.3f}  one told {some['share']:.3f}  of {both['count']}"
        )
    if options.json:
        judge = {"file": options.judge.stem, "sha256": _judge(options.judge).sha256}
        print(write(options.json, {"judge": judge, "photographs": sorted(listed), "cells": cells}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--judge", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--score", type=Path, metavar="FILE")
    parser.add_argument("--work", type=Path, metavar="DIR")
    parser.add_argument("--json", help="name or path of the figures; without it, they are only printed")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.score and options.work:
        score(options)
    elif options.photographs and options.out:
        found = list(searched(options))
        several = sum(len({thing["kind"] for thing in one["things"]}) > 1 for one in found)
        print(f"{len(found)} photographs with several things, {several} with several kinds")
        print(write(options.out, {"judge": _judge(options.judge).sha256, "photographs": found}))
    else:
        parser.error("either --photographs and --out, or --score and --work")


if __name__ == "__main__":
    main()
