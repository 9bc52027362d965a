"""Plots, all in one style: light, few lines, the same colour for the same format everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "haac": "#c2185b",
    "haac similar": "#f48fb1",
    "AVIF": "#1565c0",
    "WebP": "#2e7d32",
    "JPEG XL": "#6a1b9a",
    "JPEG 2000": "#00838f",
    "JPEG": "#ef6c00",
    "BlurHash": "#5d4037",
    "ThumbHash": "#9e9d24",
}
"""Of formats; haac's is the one that stands out."""


def need_plots() -> None:
    """Make sure that plots can be drawn, before anything is measured for them.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("plots need matplotlib, not installed here: pip install 'haac[evidence]'")


@contextmanager
def plotted(
    path: Path, size: tuple[float, float] = (8, 4.5), panels: int = 1, rows: int = 1
) -> Iterator[list[Axes]]:
    """Axes to draw on; the picture is written when the block ends, by its suffix: .png or .svg.

    Args:
        path: of the picture.
        size: width and height, inches of 100 pixels.
        panels: beside each other, row by row.
        rows: of them; what is left empty at the end is not drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    need_plots()
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    style = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "font.size": 10,
    }
    with pyplot.rc_context({**style, "svg.hashsalt": "haac"}):
        figure, axes = pyplot.subplots(
            rows, -(-panels // rows), figsize=size, squeeze=False, layout="constrained"
        )
        for empty in axes.flat[panels:]:
            empty.set_axis_off()
        try:
            yield list(axes.flat[:panels])
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(
                path, dpi=100, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None}
            )
        finally:
            pyplot.close(figure)
