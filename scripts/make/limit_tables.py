"""Tables of what a recipe may take at most, and of fuzzing."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, table


def render_limits(figures: Figures) -> str:
    """The recipes that took most, and what they took."""
    drawn = [row for row in figures["recipes"] if "cpu_seconds" in row]
    drawn.sort(key=lambda row: -row["cpu_seconds"])
    largest = max(drawn, key=lambda row: row["peak_mb"])
    shown = drawn[:8] + [largest] * (largest not in drawn[:8])
    rows = [
        (
            row["kind"],
            f"{row['layers']:,}" if "layers" in row else "",
            row["canvas"],
            f"{row['bytes']:,}",
            f"{row['cpu_seconds']:.1f}",
            f"{row['peak_mb']:,}",
        )
        for row in shown
    ]
    made = table(("recipe", "layers", "canvas", "bytes", "CPU seconds", "peak MB"), rows)
    refused = sum("refused" in row for row in figures["recipes"])
    most = figures["most"]
    return (
        f"{made}\n\nOf {len(drawn)} kinds that were drawn, with as many layers as are accepted, the most is {most['cpu_seconds']:.1f} s"
        f" and {most['peak_mb']} MB; refused with a single layer: {refused}.{machine(figures)}"
    )


def fuzz(figures: Figures) -> str:
    """Executions, coverage, surprises of each target."""
    rows = [
        (
            row["target"],
            f"{row['executions']:,}",
            f"{row['seconds']:,.0f}",
            row["edges"],
            row["features"],
            len(row["surprises"]),
        )
        for row in figures["targets"]
    ]
    made = table(("target", "executions", "seconds", "edges", "features", "surprises"), rows)
    return f"{made}\n\n{figures['executions']:,} executions in all.{machine(figures)}"
