"""The cut-outs that a person judged (`benchmarks/cutout_judgement.json`), cut out again and measured.

The photographs themselves are not kept here: they are found by their SHA-256 in folders that whoever runs this has.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from haac_pipeline import Cutting, read_picture
from haac_pipeline._segment.cutout import Part, cut_out, parts
from haac_pipeline._segment.measure import Measures, Photograph
from haac_pipeline._segment.models import OFFLINE
from haac_pipeline._segment.session import mask
from scripts.benchmark.record import BENCHMARKS

JUDGEMENT = BENCHMARKS / "cutout_judgement.json"
SAME = 0.8
"""Boxes that overlap by so much (IoU) are those of the same cut-out."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A cut-out with its measures, and what the person said."""

    photograph: str
    """SHA-256 of its file."""
    set: str
    """'tune', or 'test': of other photographs, never fitted to."""
    model: str
    good: bool
    why: str
    measures: Measures


@dataclass(slots=True)
class Spent:
    """CPU seconds, and what they were spent on."""

    inference: float = 0.0
    quality: float = 0.0
    photographs: int = 0


def judgement() -> list[dict[str, Any]]:
    """What was judged, in the order of the file."""
    entries: list[dict[str, Any]] = json.loads(JUDGEMENT.read_text("utf-8"))["cutouts"]
    return entries


def again(folders: list[Path], spent: dict[str, Spent]) -> Iterator[Judged]:
    """Cut out again what was judged, and measure it.

    Photographs that are not in the folders, and cut-outs that do not come out where they were, are left out: count them.

    Args:
        folders: Searched for the photographs, with all that is in them.
        spent: Is told the time for each model.
    """
    wanted: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for entry in judgement():
        wanted.setdefault(entry["sha256"], {}).setdefault(entry["model"], []).append(entry)
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    for path in files:
        data = path.read_bytes()
        models = wanted.pop(hashlib.sha256(data).hexdigest(), {})
        for model, entries in models.items():
            yield from _measured(data, model, entries, spent.setdefault(model, Spent()))


def _measured(data: bytes, model: str, entries: list[dict[str, Any]], spent: Spent) -> Iterator[Judged]:
    picture = read_picture(data).image.convert("RGB")
    picture.thumbnail((Cutting().max_side,) * 2, Image.Resampling.LANCZOS)
    rgb = np.asarray(picture)
    started = time.process_time()
    where = np.asarray(mask(picture, model))
    inferred = time.process_time()
    found = parts(cut_out(rgb, where), split=True)
    cut = time.process_time()
    photograph = Photograph(rgb, where, colours=model == OFFLINE)
    measures = [photograph.measure(part) for part in found]
    spent.inference += inferred - started
    spent.quality += time.process_time() - cut
    spent.photographs += 1
    for entry in entries:
        overlaps = [_overlap(_box(part), entry["box"]) for part in found]
        if overlaps and max(overlaps) >= SAME:
            yield Judged(
                photograph=entry["sha256"],
                set=entry["set"],
                model=model,
                good=entry["good"],
                why=entry["why"],
                measures=measures[int(np.argmax(overlaps))],
            )


def _box(part: Part) -> list[int]:
    height, width = part.pixels.shape[:2]
    return [part.left, part.top, part.left + width, part.top + height]


def _overlap(one: list[int], other: list[int]) -> float:
    """Intersection over union of two boxes: left, top, right, bottom."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both)
