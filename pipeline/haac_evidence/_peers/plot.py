"""Plots of scores over bytes, a line for each format."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from haac_evidence._peers.measure import HAAC
from haac_evidence._peers.similar import MOST, SIMILAR
from haac_evidence._plots import COLOURS, plotted
from haac_evidence._scores.scores import MEASURES

OURS = HAAC, SIMILAR
MOST_BESIDE = 4
"""Panels of one row."""
_TITLES = {"photographs": "Photographs, no catalog", "scenes": "Scenes of a catalog's elements"}


def plot(record: dict[str, Any], path: Path) -> list[Path]:
    """Draw all measures, a picture for each group of pictures; lines with headers are solid, without them dotted.

    Args:
        record: what `haac bench peers` writes.
        path: of the picture; with several groups, `-NAME` is added for all but the first.

    Returns:
        The files that were written.
    """
    made = []
    for number, (group, found) in enumerate(record["groups"].items()):
        where = path if number == 0 else path.with_name(f"{path.stem}-{group}{path.suffix}")
        _group(record["budgets"], group, found, where)
        made.append(where)
    return made


def _group(budgets: list[int], group: str, found: dict[str, Any], path: Path) -> None:
    summary = found["summary"]
    measures = list(summary["counted"])
    rows = 1 if len(measures) <= MOST_BESIDE else 2
    with plotted(path, (4 * -(-len(measures) // rows), 3.9 * rows), len(measures), rows) as axes:
        for axis, measure in zip(axes, measures, strict=True):
            for counting, style in (("counted", "-"), ("uncounted", ":")):
                for name, scores in summary[counting][measure]["scores"].items():
                    if name in OURS and counting == "uncounted":
                        continue
                    shown = [math.nan if score is None else score for score in scores]
                    last = len([budget for budget in budgets if name != SIMILAR or budget <= MOST])
                    axis.plot(
                        budgets[:last],
                        shown[:last],
                        style,
                        color=COLOURS.get(name, "#777777"),
                        linewidth=2.2 if name in OURS else 1.2,
                        marker="o",
                        markersize=3 if counting == "counted" else 1.5,
                        label=name if counting == "counted" else None,
                        zorder=3 if name in OURS else 2,
                    )
            about = MEASURES[measure]
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            axis.set_xlabel("bytes at most")
            known = summary["counted"][measure]["pictures"]
            few = f", {known} of {found['pictures']} pictures" if known < found["pictures"] else ""
            axis.set_title(f"{about.title}{f' [{about.unit}]' if about.unit else ''}{few}", fontsize=10)
            if measure == "ssimulacra2":
                axis.set_ylim(-110, 102)
            if measure == "psnr":
                axis.set_ylim(top=min(axis.get_ylim()[1], 60))
            if measure == "kind":
                axis.set_ylim(-4, 104)
            if about.better < 0:
                axis.invert_yaxis()
        figure, lines = axes[0].get_figure(root=True), axes[0].get_legend_handles_labels()
        assert figure is not None
        figure.legend(*lines, loc="outside lower center", ncols=len(lines[0]), fontsize=9, frameon=False)
        count, title = found["pictures"], _TITLES.get(group, group)
        figure.suptitle(f"{title} ({count}); dotted: headers not counted", fontsize=11)
