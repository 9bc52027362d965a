"""Tables in Markdown, and figures as words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from scripts.benchmark.record import BENCHMARKS

Figures = dict[str, Any]

_FIGURE = re.compile(r"(<!-- figure: (\S+) (\S+) (\S+) -->)[^<]*(<!-- end -->)")


def load(benchmark: str) -> Figures | None:
    """A benchmark's figures; None if it has not been run yet."""
    source = BENCHMARKS / f"{benchmark}.json"
    figures: Figures | None = json.loads(source.read_text("utf-8")) if source.exists() else None
    return figures


def figures_in_words(text: str) -> str:
    """A page with the single figures of its sentences made anew.

    Each stands between `<!-- figure: BENCHMARK PATH FORMAT -->` and `<!-- end -->`: keys and indices with dots between them, and how
    Python formats a number (`.1f`, `.0%`, `,`).
    """

    def replace(match: re.Match[str]) -> str:
        found: Any = load(match[2])
        for key in match[3].split("."):
            found = found[int(key)] if isinstance(found, list) else found[key]
        return f"{match[1]}{found:{match[4]}}{match[5]}"

    return _FIGURE.sub(replace, text)


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


def milliseconds(value: float) -> str:
    """A short time, with as many digits as say something."""
    return f"{value:.3f} ms" if value < 0.1 else f"{value:.2f} ms" if value < 10 else f"{value:,.0f} ms"
