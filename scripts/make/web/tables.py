"""Tables of the web decoder and the studio. For `scripts.make.tables`."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, table


def web(figures: Figures) -> str:
    """Renders beside Pillow's, and drags of one layer."""
    renders = [
        (
            name,
            *(f"{row[f'{engine}_ms']:.0f} ms" for engine in ("pillow", "node", "chromium")),
            f"{row['node_ratio']:.2f}",
            f"{row['chromium_ratio']:.2f}",
        )
        for name, row in figures["renders"].items()
    ]
    drags = [
        (name, f"{row['first_ms']:.0f} ms", f"{row['median_ms']:.1f} ms", f"{row['slow_ms']:.0f} ms")
        for name, row in figures["drags"].items()
    ]
    head = ("8 layers on 1024x768", "Python", "Node", "Chromium", "Node / Python", "Chromium / Python")
    return (
        table(head, renders)
        + "\n\n"
        + table(("one layer of 12 is moved", "first frame", "median", "95th percentile"), drags)
        + machine(figures)
    )


def studio(figures: Figures) -> str:
    """The studio as its page sees it."""
    opening, search, drag = figures["opening_seconds"], figures["search_ms"], figures["drag"]
    scrolling = figures["scrolling"]["seconds"]
    rows = [
        (
            "open the page, until the first thumbnails are there",
            f"{opening['median']:.2f} s",
            f"{opening['most']:.2f} s",
        ),
        (
            "search, until the answer is shown",
            *(f"{search['answer'][key]:.0f} ms" for key in ("median", "nine_tenths")),
        ),
        ("scroll to another place", *(f"{scrolling[key]:.2f} s" for key in ("median", "nine_tenths"))),
        (
            f"drag one of {drag['layers']} layers on {drag['canvas'][0]}x{drag['canvas'][1]}, frames a second",
            f"{drag['frames_per_second_median']:.0f}",
            f"{drag['frames_per_second_tenth']:.0f}",
        ),
    ]
    return table((f"{figures['elements']:,} elements", "median", "slow"), rows) + machine(figures)
