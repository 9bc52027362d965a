"""Recall, precision and what it took: by cell, and as the goals are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from scripts.benchmark.life.layout.wishes import BANDS

Row = dict[str, Any]

DRAWN = ("plain", "gradient", "chat", "slide")
LARGE = ("40-96", "96-400")

GOALS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[str], bool]]] = {
    "40 px and more; plain, gradient, chat, slide; all chains": (LARGE, DRAWN, lambda _: True),
    "24-40 px; the same": (("24-40",), DRAWN, lambda _: True),
    "16-24 px; the same; PNG, JPEG 85 and better": (
        ("16-24",),
        DRAWN,
        lambda chain: chain in ("png", "screenshot", "jpeg95", "jpeg85"),
    ),
    "16-24 px; the same; other chains": (
        ("16-24",),
        DRAWN,
        lambda chain: chain not in ("png", "screenshot", "jpeg95", "jpeg85"),
    ),
    "40 px and more; photograph; all chains": (LARGE, ("photo",), lambda _: True),
    "16-40 px; photograph; all chains": (("16-24", "24-40"), ("photo",), lambda _: True),
}
"""Title -> bands, backgrounds, and which chains."""


def counts(rows: Iterable[Row], bands: Iterable[str]) -> Row:
    """Recall and precision of elements of some bands. What cannot be told from the right one counts in neither, and is told apart."""
    those, of = set(bands), list(rows)
    true = [
        kind
        for row in of
        for kind, band in zip(row["true"], row["true_bands"], strict=True)
        if band in those and kind != "free"
    ]
    found = [
        kind
        for row in of
        for kind, band in zip(row["found"], row["found_bands"], strict=True)
        if band in those and kind != "free"
    ]
    hits, alike = true.count("hit"), true.count("alike")
    return {
        "pictures": sum(any(band in those for band in row["true_bands"]) for row in of),
        "elements": len(true),
        "hits": hits,
        "alike": alike,
        "wrong": found.count("wrong"),
        "twice": found.count("twice"),
        "junk": found.count("junk"),
        "recall": share(hits, len(true) - alike),
        "precision": share(hits, len(found) - found.count("alike")),
    }


def cost(rows: list[Row]) -> Row:
    """What pictures took."""
    peaks = [row["peak_mb"] for row in rows if row["peak_mb"] is not None]
    cpu = sorted(row["cpu"] for row in rows)
    return {
        "pictures": len(rows),
        "failed": sum(bool(row["error"]) for row in rows),
        "cpu_median": round(median(cpu), 2),
        "cpu_mean": round(sum(cpu) / len(cpu), 2),
        "cpu_max": round(cpu[-1], 2),
        "peak_mb": max(peaks, default=None),
        "bytes_median": median(row["bytes"] for row in rows),
    }


def figures(rows: list[Row]) -> Row:
    """All of one finder: what is held out apart from what is not."""
    made: Row = {}
    for name, held_out in (("tuned on", False), ("held out", True)):
        of = [row for row in rows if row["held_out"] == held_out]
        if of:
            made[name] = _figures(of)
    return made


def _figures(rows: list[Row]) -> Row:
    full = [row for row in rows if row["background"] != "nothing"]
    empty = [row for row in rows if row["background"] == "nothing"]
    made: Row = {"goals": [], "cells": []}
    for title, (bands, backgrounds, fits) in GOALS.items():
        of = [row for row in full if row["background"] in backgrounds and fits(row["chain"])]
        if of:
            made["goals"].append({"case": title} | counts(of, bands))
    for background, group in dict.fromkeys((row["background"], row["group"]) for row in full):
        of = [row for row in full if (row["background"], row["group"]) == (background, group)]
        for band in BANDS:
            made["cells"].append(
                {"background": background, "group": group, "band": band} | counts(of, [band])
            )
    if full:
        made["all"] = counts(full, BANDS) | cost(full)
        made["all"]["indistinguishable"] = sum(row["indistinguishable"] for row in full)
        made["engines"] = {
            engine: counts([row for row in full if row["engine"] == engine], BANDS)
            for engine in sorted({row["engine"] for row in full})
        }
    if empty:
        junk = sum(len(row["found"]) for row in empty)
        made["nothing"] = {"junk": junk, "with_junk": sum(bool(row["found"]) for row in empty)} | cost(empty)
    return made


def share(part: int, whole: int) -> float | None:
    """None where there is nothing to share."""
    return round(part / whole, 4) if whole else None
