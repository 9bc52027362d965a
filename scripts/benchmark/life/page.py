"""A page that any engine can draw: background, boxes, text and pictures, in logical pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from PIL import Image

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Gradient:
    """Linear, from edge to edge."""

    first: Colour
    last: Colour
    horizontal: bool


@dataclass(frozen=True, slots=True)
class Box:
    """Filled rectangle, its corners rounded by `radius`."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """One line; x, y is the left end of its baseline."""

    x: float
    y: float
    size: float
    text: str
    colour: Colour
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Rectangle that a picture was drawn into, turned about its centre."""

    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0
    """Degrees, clockwise as seen."""
    mirrored: bool = False
    """Left and right are swapped, before it is turned."""

    @property
    def centre(self) -> tuple[float, float]:
        """Of the rectangle, in pixels."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, x: float, y: float) -> Frame:
        """In a picture that was resized by these factors."""
        return replace(self, x=self.x * x, y=self.y * y, width=self.width * x, height=self.height * y)

    def moved(self, x: float, y: float) -> Frame:
        """In a picture that has something to the left of it and above."""
        return replace(self, x=self.x + x, y=self.y + y)

    def inner(self, part: tuple[float, float, float, float]) -> Frame:
        """Frame of a part of the picture: left, top, right and bottom, each 0 to 1 of the whole."""
        left, top, right, bottom = part
        if self.mirrored:
            left, right = 1 - right, 1 - left
        width, height = (right - left) * self.width, (bottom - top) * self.height
        across = (left + right - 1) / 2 * self.width
        down = (top + bottom - 1) / 2 * self.height
        turn = math.radians(self.rotation)
        x = self.centre[0] + across * math.cos(turn) - down * math.sin(turn)
        y = self.centre[1] + across * math.sin(turn) + down * math.cos(turn)
        return replace(self, x=x - width / 2, y=y - height / 2, width=width, height=height)

    def corners(self) -> list[tuple[float, float]]:
        """Top left, top right, bottom right, bottom left, as turned."""
        turn = math.radians(self.rotation)
        cos, sin = math.cos(turn), math.sin(turn)
        half = self.width / 2, self.height / 2
        at = []
        for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            across, along = right * half[0], down * half[1]
            at.append(
                (self.centre[0] + across * cos - along * sin, self.centre[1] + across * sin + along * cos)
            )
        return at


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with alpha, drawn into a frame."""

    image: Image.Image = field(repr=False)
    """RGBA."""
    frame: Frame
    element: str = ""
    """Name of the element that it is; empty for any other picture."""
    radius: float = 0.0
    """Part of the shorter side by which its corners are rounded; only Chromium does so."""
    style: str = ""
    """What was done to make it stand out: shadow, outline, card, round."""


Item = Box | Text | Picture


@dataclass(frozen=True, slots=True)
class Page:
    """What an engine draws; `ratio` device pixels are one logical pixel."""

    width: int
    """Device pixels."""
    height: int
    ratio: float
    background: Colour | Gradient | Image.Image
    """A photograph covers the page: what is too much of it is cut off."""
    items: tuple[Item, ...]
    """Back to front."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a program that draws may do in one way or another; each engine looks at what it knows."""

    filter: str = "bilinear"
    straight: bool = False
    """Colours are resampled without being multiplied by alpha (Pillow)."""
    whole: bool = True
    """Positions and sizes are whole device pixels."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pixels, and where each element came to lie in them."""

    image: Image.Image
    """RGB."""
    frames: list[Frame]
    """One for each picture of the page that is an element, in their order; device pixels."""


def scaled(item: Item, factor: float) -> Item:
    """The same in other units."""
    if isinstance(item, Picture):
        return replace(item, frame=item.frame.scaled(factor, factor))
    if isinstance(item, Text):
        return replace(item, x=item.x * factor, y=item.y * factor, size=item.size * factor)
    return replace(
        item,
        x=item.x * factor,
        y=item.y * factor,
        width=item.width * factor,
        height=item.height * factor,
        radius=item.radius * factor,
    )


def covering(photograph: Image.Image, width: int, height: int) -> Image.Image:
    """A photograph in RGB that covers a page, as CSS's `object-fit: cover` does."""
    factor = max(width / photograph.width, height / photograph.height)
    across, down = width / factor, height / factor
    left, top = max(0.0, (photograph.width - across) / 2), max(0.0, (photograph.height - down) / 2)
    box = (left, top, left + across, top + down)
    return photograph.convert("RGB").resize((width, height), Image.Resampling.LANCZOS, box=box)


def device_frame(page: Page, picture: Picture, habits: Habits) -> Frame:
    """Where a picture is to lie, in device pixels; whole ones where the engine's habit is so."""
    frame = picture.frame.scaled(page.ratio, page.ratio)
    if not habits.whole:
        return frame
    return replace(
        frame,
        x=float(round(frame.x)),
        y=float(round(frame.y)),
        width=float(max(1, round(frame.width))),
        height=float(max(1, round(frame.height))),
    )
