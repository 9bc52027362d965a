"""What is known of a drawn picture: where each element lies, and how much of it shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from scripts.benchmark.life.layout.wishes import BANDS
from scripts.benchmark.life.page import Box, Frame, Page, Picture

FILE = "truth.jsonl"


@dataclass(frozen=True, slots=True)
class TrueElement:
    """One element of a picture. x, y, w, h is the frame of its pixels without a transparent edge, as it is in the catalog, before
    it is turned about its centre; pixels of the finished picture."""

    name: str
    x: float
    y: float
    w: float
    h: float
    rotation: float
    """Degrees, clockwise as seen."""
    mirrored: bool
    visible: float
    """Share of its opaque pixels that are in the picture and that nothing covers."""
    band: str
    """Of its long side, one of `BANDS`; "" if it is smaller or larger than all."""
    style: str = ""
    """shadow, outline, card, round, or nothing."""
    alike: tuple[str, ...] = ()
    """Elements that cannot be told from it here (`lookalikes.py`)."""

    @property
    def frame(self) -> Frame:
        """Where it lies."""
        return Frame(self.x, self.y, self.w, self.h, self.rotation, self.mirrored)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture file and all that is known of it."""

    file: str
    cell: str
    """background:group."""
    background: str
    group: str
    chain: str
    engine: str
    filter: str
    held_out: bool
    width: int
    height: int
    scale: float
    """Pixels of the finished picture for one of those that the engine drew."""
    ratio: float
    """Device pixels of a logical one."""
    seed: int
    index: int
    elements: list[TrueElement] = field(default_factory=list)

    def line(self) -> str:
        """JSON."""
        return json.dumps(asdict(self))


def read(folder: Path) -> list[Drawing]:
    """The drawings of a folder, in order.

    Raises:
        FileNotFoundError: nothing was drawn there.
    """
    lines = (folder / FILE).read_text("utf-8").splitlines()
    return [_drawing(json.loads(line)) for line in lines if line]


def _drawing(row: dict[str, Any]) -> Drawing:
    made = [TrueElement(**{**element, "alike": tuple(element["alike"])}) for element in row["elements"]]
    return Drawing(**{**row, "elements": made})


def band_of(width: float, height: float) -> str:
    """Name of the band of a long side; the ends are open by half a pixel, which is what an engine rounds by."""
    long = max(width, height)
    for name, (low, high) in BANDS.items():
        if low - 0.5 <= long < high - 0.5 or (name == "96-400" and low - 0.5 <= long <= high + 0.5):
            return name
    return ""


def visible_shares(page: Page, frames: Iterable[Frame]) -> list[float]:
    """For each element of a page, the share of its opaque pixels that is on the page and that no later item covers.

    Args:
        frames: where the engine drew the elements, in device pixels.
    """
    shown: list[tuple[np.ndarray, float]] = []
    given = iter(frames)
    for item in page.items:
        if isinstance(item, Box):
            area = (item.x, item.y, item.x + item.width, item.y + item.height)
            mask = Image.new("L", (page.width, page.height))
            ImageDraw.Draw(mask).rounded_rectangle(
                [round(v * page.ratio) for v in area], item.radius * page.ratio, fill=255
            )
            hidden = np.asarray(mask) >= 128
        elif isinstance(item, Picture):
            frame = next(given) if item.element else item.frame.scaled(page.ratio, page.ratio)
            hidden, whole = coverage(item.image, frame, (page.width, page.height), item.radius)
        else:
            continue
        shown = [(mask & ~hidden, of) for mask, of in shown]
        if isinstance(item, Picture) and item.element:
            shown.append((hidden, whole))
    return [round(min(1.0, float(mask.sum()) / max(1.0, of)), 3) for mask, of in shown]


def coverage(
    image: Image.Image, frame: Frame, size: tuple[int, int], radius: float = 0.0
) -> tuple[np.ndarray, float]:
    """Pixels of a canvas that a picture covers by half or more, and how many it would cover if the canvas were endless."""
    alpha = image.getchannel("A")
    if radius:
        corners = Image.new("L", alpha.size)
        ImageDraw.Draw(corners).rounded_rectangle(
            (0, 0, alpha.width - 1, alpha.height - 1), radius * min(alpha.size), fill=255
        )
        alpha = Image.composite(alpha, Image.new("L", alpha.size), corners)
    a, b, c, d = (frame.corners()[n] for n in (0, 1, 3, 2))
    if frame.mirrored:
        a, b, c = b, a, d
    # Of the canvas's pixel to the picture's: the inverse of the map that takes the picture's corners to those of the frame.
    matrix = np.array([[b[0] - a[0], c[0] - a[0]], [b[1] - a[1], c[1] - a[1]]]) / [alpha.width, alpha.height]
    back = np.linalg.inv(matrix)
    move = -back @ np.array(a)
    mask = alpha.transform(
        size,
        Image.Transform.AFFINE,
        (back[0, 0], back[0, 1], move[0], back[1, 0], back[1, 1], move[1]),
        Image.Resampling.BILINEAR,
    )
    opaque = np.asarray(image.getchannel("A")) >= 128
    return np.asarray(mask) >= 128, float(opaque.sum()) * abs(float(np.linalg.det(matrix)))
