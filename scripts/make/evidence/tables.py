"""The paper's tables 1 and 2, and its conclusions beside ours, for docs/evidence.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from haac_evidence._internal import BOUNDARIES, BYTES, DIFFERENT, MIDDLE, OWN, OWN_MEANS
from scripts.make.markdown import Figures, machine, table

NONE = ""


def paper_tables(figures: Figures) -> str:
    """Bytes, different pixels, conclusions; each with the means."""
    rows, means = figures["rows"], figures["means"]
    sizes = [(row["name"], *(_count(row["bytes"].get(way)) for way in BYTES)) for row in _most(rows)]
    mean_sizes = (_count(_of(means["bytes"], way, "bytes")) for way in BYTES)
    first = table(("bytes", *(column.title for column in BYTES.values())), [*sizes, ("mean", *mean_sizes)])
    shares = [
        (row["name"], *(_percents(row["different"].get(way)) + _mark(row, way) for way in DIFFERENT))
        for row in _most(rows)
    ]
    mean_shares = (_percents(_of(means["different"], way, "percent")) for way in DIFFERENT)
    second = table(
        ("% different", *(column.title for column in DIFFERENT.values())), [*shares, ("mean", *mean_shares)]
    )
    boundaries = " / ".join(map(str, figures["boundaries"]))
    return (
        f"Table 1, bytes:\n\n{first}\n\nTable 2, per cent of the pixels that are off by more than {boundaries} of 255:\n\n{second}"
        f"\n\n{_told(rows)}\n\nThe paper's conclusions, and ours:\n\n{_conclusions(figures)}"
        + machine(figures)
    )


def _most(rows: list[Figures]) -> list[Figures]:
    """Those that are listed one by one: of many, those that somebody described."""
    described = [row for row in rows if "script" in row["bytes"]]
    return rows if len(rows) <= 8 else described


def _told(rows: list[Figures]) -> str:
    """What the marks mean, and of which pictures similar elements tell nothing."""
    told = []
    listed = _most(rows)
    if len(listed) < len(rows):
        told.append(
            f"The means are those of all {len(rows)} pictures, the rows those that were described by hand."
        )
    if any(_mark(row, way) for row in listed for way in DIFFERENT):
        told.append(f"\\{OWN} {OWN_MEANS}.")
    alone = [row for row in rows if not row["elements"].get("similar", [row])]
    if alone:
        told.append(
            f"Similar elements tell {len(rows) - len(alone)} of {len(rows)} pictures, the others are a wash alone."
        )
    return " ".join([*told, *_beside(rows)])


def _beside(rows: list[Figures]) -> Iterator[str]:
    """How the described pictures stand beside the codecs, in words."""
    those = [row for row in rows if "script" in row["bytes"]]
    if not those:
        return
    ratios = sorted(row["bytes"]["webp_0"] / row["bytes"]["binary"] for row in those)
    yield f"WebP of quality 0 has {ratios[0]:.0f} to {ratios[-1]:.0f} times the bytes of a picture's binary form."
    nearer = {
        name: sum(row["different"][way][MIDDLE] < row["different"]["described"][MIDDLE] for row in those)
        for name, way in (("WebP", "webp_0"), ("JPEG of quality 1", "jpeg_1"))
    }
    told = " and ".join(f"{name} in {count}" for name, count in nearer.items())
    yield f"Nearer to the original than the described picture, by the boundary of {BOUNDARIES[MIDDLE]}, is {told} of {len(those)}."


def _conclusions(figures: Figures) -> str:
    paper, ours = (
        figures["conclusions"]["paper"],
        {name: each for name, each in figures["conclusions"].items() if name != "paper"},
    )
    boundaries = " / ".join(map(str, figures["boundaries"]))
    return table(
        ("", "paper", *(BYTES[name].title for name in ours)),
        [
            (
                "saved",
                f"{paper['saved_percent']} %",
                *(f"{each['saved_percent']:.4f} %" for each in ours.values()),
            ),
            ("bytes", paper["bytes"], *(f"{each['bytes']:.0f}" for each in ours.values())),
            (
                f"% different, beyond {boundaries}",
                paper["different_percent"],
                *(_percents(each["different_percent"]) for each in ours.values()),
            ),
            ("pictures", NONE, *(each["pictures"] for each in ours.values())),
            ("elements behind them", NONE, *(each["elements"]["count"] for each in ours.values())),
            (
                "their bytes, not counted above",
                NONE,
                *(_count(each["elements"]["bytes"]) for each in ours.values()),
            ),
        ],
    )


def _of(cells: dict[str, Any], way: str, key: str) -> Any:
    return cells[way][key] if way in cells else None


def _mark(row: Figures, way: str) -> str:
    return f" \\{OWN}" if any(each["own"] for each in row["elements"].get(way, ())) else ""


def _count(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f}"


def _percents(values: Iterable[float] | None) -> str:
    return NONE if values is None else " / ".join(f"{each:.1f}" for each in values)
