"""The study as a plot: what catalogs of each size bring, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from haac_evidence._plots import COLOURS, plotted
from haac_evidence._study.draw import RANDOM, USED

Row = dict[str, Any]
_OTHER: Final = "#1565c0"
_QUIET: Final = "#607d8b"


def plot(found: Row, path: Path) -> None:
    """Draw the study.

    Args:
        found: as `study` gives it.
        path: .png or .svg.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    panels = 2 * (("exact" in found) + ("similar" in found))
    rows = panels // 2
    with plotted(path, (11, 4.6 * rows), panels, rows) as axes:
        at = 0
        if "exact" in found:
            _exact_share(axes[0], found["exact"])
            _exact_bytes(axes[1], found["exact"])
            at = 2
        if "similar" in found:
            _similar_quality(axes[at], found["similar"])
            _similar_bytes(axes[at + 1], found["similar"])
        for each in axes:
            each.set_xscale("log", base=2)
            each.set_xlabel("elements in the catalog")
            each.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            each.legend(
                fontsize="small", frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2
            )


def _points(way: Row, name: str) -> tuple[list[int], list[float]]:
    rows = [row for row in way["rows"] if row[name] is not None]
    return [row["elements"] for row in rows], [row[name] for row in rows]


def _knee(axes: Any, way: Row, colour: str) -> None:
    if way["knee"] is not None:
        axes.axvline(way["knee"], color=colour, linestyle=":", linewidth=1.2, label=f"knee: {way['knee']:,}")


def _exact_share(axes: Any, exact: Row) -> None:
    for way, colour in ((USED, COLOURS["haac"]), (RANDOM, _QUIET)):
        axes.plot(*_points(exact[way], "held_share"), marker="o", color=colour, label=way)
    _knee(axes, exact[USED], COLOURS["haac"])
    axes.set_ylim(0, 1.03)
    axes.set_title("exact: layers that a catalog holds")


def _exact_bytes(axes: Any, exact: Row) -> None:
    for way, colour in ((USED, COLOURS["haac"]), (RANDOM, _QUIET)):
        axes.plot(*_points(exact[way], "recipe_bytes"), marker="o", color=colour, label=f"recipe, {way}")
        axes.plot(
            *_points(exact[way], "peer_bytes"),
            linestyle="--",
            color=colour,
            label=f"WebP or AVIF as good, {way}",
        )
    axes.set_yscale("log")
    axes.set_title("exact: bytes a picture")


def _similar_quality(axes: Any, similar: Row) -> None:
    axes.plot(
        *_points(similar, "likeness"),
        marker="o",
        color=COLOURS["haac"],
        label=f"likeness ({similar['judge']})",
    )
    axes.plot(*_points(similar, "kind_right"), marker="s", color=_OTHER, label="kind right")
    axes.plot(*_points(similar, "told"), marker="^", color=_QUIET, label="told by elements")
    budget = similar["rows"][-1]["recipe_bytes"]
    nearest = min(similar["washes"], key=lambda row: abs(row["recipe_bytes"] - budget))
    axes.axhline(
        nearest["likeness"],
        color=COLOURS["haac"],
        linestyle="--",
        linewidth=1,
        label=f"likeness of a wash, {nearest['recipe_bytes']:.0f} bytes",
    )
    if nearest["kind_right"] is not None:
        axes.axhline(
            nearest["kind_right"], color=_OTHER, linestyle="--", linewidth=1, label="kind right, of the wash"
        )
    _knee(axes, similar, COLOURS["haac"])
    axes.set_ylim(0, 1.03)
    axes.set_title(f"similar: {similar['photographs']} photographs")


def _similar_bytes(axes: Any, similar: Row) -> None:
    for name, colour, label in (
        ("mirror_bytes", COLOURS["haac"], "a client mirrors: all"),
        ("mirror_bytes_of_recipes", _OTHER, "only what the recipes use"),
        ("recipe_bytes", _QUIET, "a recipe"),
        ("wash_bytes", "#ef6c00", "a wash that is as like"),
    ):
        axes.plot(*_points(similar, name), marker="o", color=colour, label=label)
    axes.set_yscale("log")
    axes.set_title("similar: bytes")
