"""Tables of the codec: bytes and speed of recipes, the reader of pictures beside others, what a recipe may take at most, fuzzing."""

from __future__ import annotations

from collections import Counter

from scripts.make.markdown import Figures, machine, milliseconds, table

_WORKS = ("read", "ingest", "blur")
_READERS = {"libvips": "libvips", "opencv": "OpenCV"}


def bytes_(figures: Figures) -> str:
    rows = [
        (
            r["case"],
            f"{r['binary']:.1f}",
            f"{r['binary_a_layer']:.2f}",
            f"{r['text']:.0f}",
            f"{r['text_deflate']:.0f}",
            f"{r['script']:.0f}",
            f"{r['binary_over_text']:.3f}",
        )
        for r in figures["rows"]
    ]
    made = (
        table(("scenes", "binary", "a layer", "text", "text, deflated", "script", "binary / text"), rows)
        + f"\n\nMeans in bytes over {figures['scenes']} random scenes each."
    )
    if "composites" not in figures:
        return made
    floors = [
        (
            {"catalog": "catalog photograph"}.get(r["background"], r["background"]),
            f"{r['layers']:.1f}",
            f"{r['binary_a_layer']:.2f}",
            f"{r['as_drawn_a_layer']:.2f}",
            f"{r['floor_a_layer']:.2f}",
            f"{r['floor_of_background_a_layer']:.2f}",
        )
        for r in figures["composites"]
    ]
    head = (
        "composites on",
        "layers",
        "binary",
        "in the order drawn",
        "entropy of the draws",
        "of it for the background",
    )
    count = figures["composites"][0]["scenes"]
    return made + "\n\n" + table(head, floors) + f"\n\nBytes a layer, over {count} scenes each."


def decode(figures: Figures) -> str:
    rows = [
        (
            r["case"],
            f"{r['ratio']:.2f}",
            f"{r['ratio_min']:.2f} to {r['ratio_max']:.2f}",
            f"{r['ms_a_picture']:.0f} ms",
        )
        for r in figures["rows"]
    ]
    folder = figures["folder"]
    return (
        table(("layers", "time / bare Pillow", "range", "a picture"), rows)
        + f"\n\nA folder of {folder['pictures']} recipes: {folder['seconds_one_thread']:.1f} s on one core,"
        + f" {folder['seconds_all_cores']:.1f} s on {folder['cores']} ({folder['speed_up']:.1f} times as fast)."
        + machine(figures)
    )


def calls(figures: Figures) -> str:
    """What single calls take."""
    rows = [(row["call"], milliseconds(1000 * row["seconds"])) for row in figures["rows"]]
    return table(("", ""), rows) + machine(figures)


def readers(figures: Figures) -> str:
    """Peak memory by format and size."""
    measured = [row for row in figures["rows"] if "bytes" in row]
    sizes = sorted({row["megapixels"] for row in measured})
    cases = list(dict.fromkeys(row["case"] for row in measured))
    rows = []
    for case in cases:
        cells = []
        for size in sizes:
            found = {row["work"]: row for row in measured if (row["case"], row["megapixels"]) == (case, size)}
            told = [f"{found[work]['bytes'] / 1e6:,.0f}" if work in found else "-" for work in _WORKS]
            cells.append(" / ".join(told) if found else "not measured")
        rows.append((case, *cells))
    bounds = (
        f"{(figures['base_bytes'] + figures['bytes_a_pixel'] * size * 1e6) / 1e6:,.0f}" for size in sizes
    )
    worst = max(measured, key=lambda row: row["of_bound"])
    return (
        table(
            ("MB: read / ingest / blur", *(f"{size:g} megapixels" for size in sizes)),
            [*rows, ("bound", *bounds)],
        )
        + f"\n\nThe most that a whole process holds, Python and the file included, {worst['of_bound']:.2f} of the bound at most"
        f" ({worst['case']}, {worst['megapixels']:g} megapixels); the bound is {figures['base_bytes'] // 10**6} MB and"
        f" {figures['bytes_a_pixel']} bytes a pixel. `ingest` is one picture with `--model none`."
        + machine(figures)
    )


def reader_peers(figures: Figures) -> str:
    """How many files each other reader reads alike, by format."""
    rows = []
    for form in dict.fromkeys(row["format"] for row in figures["rows"]):
        cells: list[object] = []
        for reader in _READERS:
            counts: Counter[str] = Counter()
            for row in figures["rows"]:
                if (row["format"], row["reader"]) == (form, reader):
                    counts[row["reason"]] += row["files"]
            total, alike = counts.total(), counts.pop("", 0)
            why = ", ".join(f"`{name}` {count}" for name, count in counts.most_common())
            cells += [f"{alike} of {total}", why]
        rows.append((form, *cells))
    versions = figures["versions"]
    head = [title for name in _READERS.values() for title in (f"{name} alike", "differs")]
    return (
        table(("format", *head), rows)
        + f"\n\n{figures['files']} generated files; libvips {versions['libvips']}, OpenCV {versions['opencv']},"
        f" Pillow {figures['machine']['pillow']}."
    )


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
