"""Both tables and the conclusions as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from haac_evidence._tables.columns import BOUNDARIES, BYTES, DIFFERENT, OWN, OWN_MEANS, PAPER
from haac_evidence._tables.measured import Tables

_MEAN = "mean"


def lines(tables: Tables) -> Iterator[str]:
    """Of the terminal, top to bottom."""
    means = tables.means()
    yield "Bytes"
    sizes: list[Sequence[str]] = [["", *(column.short for column in BYTES.values())]]
    for row in tables.rows:
        sizes.append([row.name, *(_count(row.bytes.get(way)) for way in BYTES)])
    sizes.append([_MEAN, *(_count(_of(means["bytes"], way, "bytes")) for way in BYTES)])
    yield from _aligned(sizes)
    yield ""
    yield f"Per cent of the pixels that are off by more than {' / '.join(map(str, BOUNDARIES))} of 255, both pictures at 1000x1000"
    shares: list[Sequence[str]] = [["", *(column.short for column in DIFFERENT.values())]]
    for row in tables.rows:
        shares.append(
            [
                row.name,
                *(_percents(row.different.get(way)) + (OWN if row.has_own(way) else "") for way in DIFFERENT),
            ]
        )
    shares.append([_MEAN, *(_percents(_of(means["different"], way, "percent")) for way in DIFFERENT)])
    yield from _aligned(shares)
    if any(row.has_own(way) for row in tables.rows for way in DIFFERENT):
        yield f"{OWN} {OWN_MEANS}"
    if alone := [row.name for row in tables.rows if row.is_wash_alone("similar")]:
        yield f"Similar elements tell nothing of {', '.join(alone)}: a wash"
    yield ""
    yield from _aligned(_concluded(tables))


def _concluded(tables: Tables) -> Iterator[Sequence[str]]:
    ours = tables.conclusions()
    yield ["", "paper", *(BYTES[name].short for name in ours)]
    yield [
        "saved",
        f"{PAPER['saved_percent']} %",
        *(f"{each['saved_percent']:.4f} %" for each in ours.values()),
    ]
    yield ["bytes", f"{PAPER['bytes']}", *(f"{each['bytes']:.1f}" for each in ours.values())]
    yield [
        "different",
        f"{PAPER['different_percent']} %",
        *(f"{_percents(each['different_percent'])} %" for each in ours.values()),
    ]
    yield ["pictures", "", *(str(each["pictures"]) for each in ours.values())]
    behind = [each["elements"] for each in ours.values()]
    yield ["elements behind them", "", *(str(each["count"]) for each in behind)]
    yield ["  bytes in the repository", "", *(_count(each["bytes"]) for each in behind)]


def _of(cells: dict[str, Any], way: str, key: str) -> Any:
    return cells[way][key] if way in cells else None


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _percents(values: Iterable[float] | None) -> str:
    return "-" if values is None else " / ".join(f"{each:.1f}" for each in values)


def _aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns, the first to the left and the others to the right."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *rest in cells:
        right = (f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        yield f"{first:<{widths[0]}}  {'  '.join(right)}".rstrip()
