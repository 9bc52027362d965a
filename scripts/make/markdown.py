"""Tables in Markdown, and figures as words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from scripts.benchmark.record import BENCHMARKS

Figures = dict[str, Any]


def load(benchmark: str) -> Figures | None:
    """A benchmark's figures; None if it has not been run yet."""
    source = BENCHMARKS / f"{benchmark}.json"
    figures: Figures | None = json.loads(source.read_text("utf-8")) if source.exists() else None
    return figures


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Markdown; the first column to the left, the others to the right."""
    titles = list(head)
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "---:|" * (len(titles) - 1)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def machine(figures: Figures) -> str:
    """The line under a table that says where it was measured."""
    m = figures["machine"]
    return (
        f"\n\nMeasured {m['date']} with haac {m['haac']}, Python {m['python']}, Pillow {m['pillow']},"
        f" on {m['cpus']} cores ({m['cpu']}, {m['arch']})."
    )


def share(value: float | None) -> str:
    """A part of 1; empty where there is nothing to share."""
    return "" if value is None else f"{value:.3f}".removeprefix("0") if value < 1 else "1"


def times(value: float | None) -> str:
    """A ratio of sizes."""
    return "not reached" if value is None else f"{value:,.0f} times"
