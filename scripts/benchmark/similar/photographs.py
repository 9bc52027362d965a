"""The photographs of the benchmark, and which of them thresholds may be set on.

Half A, every seventh by name, is for setting them; nobody looks at half B, drawn from the others with a seed, and figures are reported
on it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from scripts.benchmark.similar.kinds import CLASSES, KINDS, kind_of_class

SEED, HALF_B = 18, 240
LONG = 384
"""Pixels of the long side that photographs are reduced to, as in the study."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """One of them."""

    path: Path
    label: int | None
    """Index of its kind by the class in its name; None: it has no class, or one without a kind."""
    classed: bool
    """Whether a class stands in its name."""

    def opened(self) -> Image.Image:
        """Upright, RGB, its long side at most `LONG` pixels."""
        with Image.open(self.path) as image:
            image.draft("RGB", (LONG * 2, LONG * 2))
            upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((LONG, LONG), Image.Resampling.LANCZOS)
        return upright


def folder(path: Path) -> list[Photograph]:
    """The photographs of a folder by name.

    Classes are known where the folder has all 1,000 of them: their indices are the order of the WordNet ids.
    """
    paths = sorted(p for p in path.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"})
    wnids = sorted({p.name.partition("_")[0] for p in paths if p.name.startswith("n") and "_" in p.name})
    order = {wnid: number for number, wnid in enumerate(wnids)} if len(wnids) == CLASSES else {}
    kinds = kind_of_class()
    found = []
    for p in paths:
        index = order.get(p.name.partition("_")[0])
        label = int(kinds[index]) if index is not None else -1
        found.append(Photograph(p, label if label >= 0 else None, index is not None))
    return found


def halves(photographs: list[Photograph], seed: int = SEED) -> dict[str, list[Photograph]]:
    """Half "a", half "b", and "rest", by the names of the files."""
    ordered = sorted(photographs, key=lambda one: one.path.name)
    first = ordered[3::7]
    drawn = [one for at, one in enumerate(ordered) if at % 7 != 3]
    random.Random(seed).shuffle(drawn)
    return {"a": first, "b": drawn[:HALF_B], "rest": drawn[HALF_B:]}


def name_of(kind: int | None) -> str:
    """Of a kind's index."""
    return "none" if kind is None or kind < 0 else KINDS[kind]
