"""Scores of renders by a judge, and shares with their standard errors.

The *kind* that a judge sees is the one of the largest sum of probabilities, or none where a single class without a kind has more.
Scored are photographs of which the kind is sure: where the file's name has a class, the judge sees the kind of that class in the
original; else (Kodak) it sees some kind there with at least `SURE`.

* *kind right*: the judge sees the same kind in the render as in the original.
* *confidently wrong*: it sees another kind, with a probability of at least `SURE`.
* *cosine*: of the judge's features of render and original.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from haac_evidence._internal import Seen
from scripts.benchmark.similar.kinds import KINDS, kind_of_class, of_classes

SURE = 0.5

Row = dict[str, Any]


def kind_of(seen: Seen) -> tuple[int, float]:
    """Index of the kind that a judge sees, -1 for none, and its probability."""
    kinds = of_classes(seen.classes)
    best = int(kinds.argmax())
    nothing = float(seen.classes[kind_of_class() < 0].max(initial=0.0))
    return (best, float(kinds[best])) if kinds[best] >= nothing else (-1, nothing)


def scored(seen: Seen, label: int | None, classed: bool) -> bool:
    """Whether the kind of an original is sure enough to score renders of it."""
    kind, probability = kind_of(seen)
    if kind < 0:
        return False
    return kind == label if classed else probability >= SURE


def judged(original: Seen, render: Seen) -> Row:
    """What is recorded of one render by one judge."""
    truth, _ = kind_of(original)
    kind, probability = kind_of(render)
    return {
        "kind": KINDS[kind] if kind >= 0 else "",
        "probability": round(probability, 4),
        "right": kind == truth,
        "wrong": kind >= 0 and kind != truth and probability >= SURE,
        "cosine": round(float(original.features @ render.features), 4),
    }


def share(values: Sequence[bool]) -> Row:
    """A share with its standard error (binomial)."""
    if not values:
        return {"share": None, "error": None, "count": 0}
    p = sum(values) / len(values)
    return {
        "share": round(p, 4),
        "error": round(math.sqrt(p * (1 - p) / len(values)), 4),
        "count": len(values),
    }


def average(values: Sequence[float]) -> Row:
    """A mean with its standard error."""
    if not values:
        return {"mean": None, "error": None}
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
    return {
        "mean": round(float(np.mean(values)), 4),
        "error": None if error is None else round(error, 4),
    }


def summary(records: Sequence[Row], judge: str) -> Row:
    """One cell of the table: a row at a budget, by one judge.

    Args:
        records: of single photographs: bytes, seconds, psnr, different, and `judges` with what `judged` says beside
            `scored` for each.
        judge: its name.
    """
    counted = [one["judges"][judge] for one in records if one["judges"][judge]["scored"]]
    return {
        "photographs": len(records),
        "kind_right": share([one["right"] for one in counted]),
        "confidently_wrong": share([one["wrong"] for one in counted]),
        "cosine": average([one["cosine"] for one in counted]),
        "psnr": average([one["psnr"] for one in records]),
        "different": average([one["different"] for one in records]),
        "bytes": average([one["bytes"] for one in records]),
        "seconds": average([one["seconds"] for one in records]),
    }
