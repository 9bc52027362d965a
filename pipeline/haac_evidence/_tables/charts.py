"""The paper's two bar charts, and one sheet with all pictures to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from haac_evidence._plots import COLOURS, plotted
from haac_evidence._tables.columns import (
    BOUNDARIES,
    BYTES,
    BYTES_OF,
    DIFFERENT,
    MIDDLE,
    OWN,
    OWN_MEANS,
    WASH_ALONE,
)
from haac_evidence._tables.measured import Row, Tables
from haac_repo._internal import Cell, SheetStyle, sheet_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL import Image

BAR_COLOURS = {
    "original": "#9e9e9e",
    "webp_0": COLOURS["WebP"],
    "jpeg_0": COLOURS["JPEG"],
    "jpeg_1": COLOURS["JPEG"],
    "english": "#f8bbd0",
    "script": "#f48fb1",
    "text": "#f06292",
    "binary": COLOURS["haac"],
    "described": COLOURS["haac"],
    "automatic": "#7b1fa2",
    "similar": "#311b92",
}
_CELL = 230


def bytes_chart(tables: Tables, path: Path) -> None:
    """Draw table 1: a group of bars a picture, bytes on a logarithmic axis."""
    rows = tables.rows
    with plotted(path, size=(_width(len(rows)), 5)) as (axes,):
        axes.set_yscale("log")
        for way, places, width in _bars(list(BYTES), rows):
            those = [
                (place, row.bytes[way]) for place, row in zip(places, rows, strict=True) if way in row.bytes
            ]
            if not those:
                continue
            xs, ys = zip(*those, strict=True)
            axes.bar(xs, ys, width, label=BYTES[way].title, color=BAR_COLOURS[way])
            for x, y in those:
                axes.annotate(
                    f"{y:,}",
                    (x, y),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    fontsize=6,
                    rotation=90,
                )
        axes.set_ylim(top=10 * max(row.bytes["original"] for row in rows))
        axes.set_ylabel("bytes")
        _finished(axes, rows, "Bytes of a picture")


def different_chart(tables: Tables, path: Path) -> None:
    """Draw table 2: a group of bars a picture; a line along a bar goes from the widest boundary to the narrowest."""
    rows = tables.rows
    with plotted(path, size=(_width(len(rows)), 5)) as (axes,):
        for way, places, width in _bars(list(DIFFERENT), rows):
            those = [
                (place, row.different[way])
                for place, row in zip(places, rows, strict=True)
                if way in row.different
            ]
            if not those:
                continue
            xs = [place for place, _ in those]
            middle = [values[MIDDLE] for _, values in those]
            axes.bar(xs, middle, width, label=DIFFERENT[way].title, color=BAR_COLOURS[way])
            for x, values in those:
                axes.plot([x, x], [min(values), max(values)], color="#424242", linewidth=1)
        axes.set_ylim(0, 100)
        axes.set_ylabel("per cent of the pixels")
        low, high = min(BOUNDARIES), max(BOUNDARIES)
        _finished(
            axes,
            rows,
            f"Pixels off by more than {BOUNDARIES[MIDDLE]} of 255 (lines: {low} to {high})",
        )


def _bars(ways: list[str], rows: list[Row]) -> list[tuple[str, list[float], float]]:
    """Of each column: its name, the places of its bars, and their width."""
    ways = [way for way in ways if any(way in row.bytes or way in row.different for row in rows)]
    width = 0.84 / len(ways)
    return [
        (way, [place + (n - (len(ways) - 1) / 2) * width for place in range(len(rows))], width * 0.92)
        for n, way in enumerate(ways)
    ]


def _width(count: int) -> float:
    """Inches for so many groups."""
    return min(40.0, max(8.0, 3.0 + 1.4 * count))


def _finished(axes: Axes, rows: list[Row], title: str) -> None:
    axes.set_title(title, loc="left")
    axes.set_xticks(range(len(rows)), [row.name for row in rows], rotation=0 if len(rows) <= 8 else 60)
    axes.grid(False, axis="x")
    axes.set_axisbelow(True)
    axes.legend(ncols=1, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def sheet_of(tables: Tables, title: str) -> Image.Image:
    """Draw each picture in a row: the original, and what every way makes of it, with bytes and per cent of different pixels."""
    cells = []
    for row in tables.rows:
        cells.append(_cell(row, "original", row.name, f"{row.bytes['original']:,} bytes"))
        for way, column in DIFFERENT.items():
            if way not in row.different:
                cells.append(Cell("", column.title, ("no script",) if column.needs_script else ()))
                continue
            told = f"{row.bytes[BYTES_OF[way]]:,} bytes, {row.different[way][MIDDLE]:.1f} % different"
            named = WASH_ALONE if row.is_wash_alone(way) else column.title
            cells.append(_cell(row, way, f"{named} {OWN}" if row.has_own(way) else named, told))
    style = SheetStyle(columns=1 + len(DIFFERENT), cell=_CELL)
    right = f"different: off by more than {BOUNDARIES[MIDDLE]} of 255, at 1000x1000;   {OWN} {OWN_MEANS}"
    return sheet_page(cells, len(cells), title, right, style)


def _cell(row: Row, way: str, title: str, line: str) -> Cell:
    return Cell(row.shown[way].convert("RGBA"), title, (line,))
