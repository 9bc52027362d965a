"""What is to stand on a page: which elements, how large, how turned; colours of the page."""

from __future__ import annotations

import colorsys
import random
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageFilter

from scripts.benchmark.life.elements import Elements
from scripts.benchmark.life.page import Box, Colour, Frame, Item, Picture

BANDS = {"16-24": (16, 24), "24-40": (24, 40), "40-96": (40, 96), "96-400": (96, 400)}
"""Long side of an element without its transparent edge, in pixels of the finished picture."""

_PAD = 24
"""Pixels that a shadow or an outline gets on each side of an element of 128 pixels."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One element that is to be drawn."""

    name: str
    image: Image.Image
    size: float
    """Long side of its whole picture, in pixels of the finished picture."""
    rotation: float = 0.0
    mirrored: bool = False
    style: str = ""

    def at(self, x: float, y: float) -> list[Item]:
        """What is drawn, with its left upper corner there."""
        longest = max(self.image.size)
        width, height = (self.size * side / longest for side in self.image.size)
        frame = Frame(x, y, width, height, self.rotation, self.mirrored)
        own = Picture(self.image, frame, self.name, 0.3 if self.style == "round" else 0.0, self.style)
        if self.style in ("shadow", "outline"):
            padded = 1 + 2 * _PAD / longest
            behind = Frame(
                frame.centre[0] - width * padded / 2,
                frame.centre[1] - height * padded / 2,
                width * padded,
                height * padded,
                self.rotation,
                self.mirrored,
            )
            return [Picture(_behind(self.image, self.style), behind), own]
        if self.style == "card":
            edge = 0.12 * self.size
            return [Box(x - edge, y - edge, width + 2 * edge, height + 2 * edge, (250, 250, 252), edge), own]
        return [own]


def wishes(elements: Elements, band: str, rng: random.Random, count: int, engine: str) -> list[Wish]:
    """Most of one band of sizes; the others of any.

    Args:
        engine: only Chromium rounds corners.
    """
    shared = rng.random() < 0.35  # rows, grids and chats have many of one size
    size = _size(band, rng)
    made: list[Wish] = []
    for _ in range(count):
        own = size if shared else _size(band, rng)
        if rng.random() < 0.25:
            own = _size(rng.choice(list(BANDS)), rng)
        again = made and rng.random() < 0.08
        name = rng.choice(made).name if again else elements.draw(rng)
        part = elements.part(name)
        within = max(part[2] - part[0], part[3] - part[1])
        wish = Wish(name, elements.image(name), own / within)
        if rng.random() < 0.15:
            wish = replace(wish, rotation=round(rng.uniform(-20, 20), 1))
        if rng.random() < 0.08:
            wish = replace(wish, mirrored=True)
        style = rng.choices(("", "shadow", "outline", "card", "round"), (84, 4, 4, 5, 3))[0]
        if style == "round" and (engine != "chromium" or own < 40):
            style = ""
        made.append(replace(wish, style=style))
    return made


def _size(band: str, rng: random.Random) -> float:
    """Small ones are more frequent than large ones; a third are whole numbers that people like."""
    low, high = BANDS[band]
    size = low * (high / low) ** rng.random()
    liked = [n for n in (16, 18, 20, 24, 28, 32, 36, 48, 64, 72, 96, 128, 160, 200, 256) if low <= n < high]
    return float(rng.choice(liked)) if rng.random() < 0.33 else size


def _behind(image: Image.Image, style: str) -> Image.Image:
    """A drop shadow, or the white outline of a sticker."""
    padded = Image.new("L", (image.width + 2 * _PAD, image.height + 2 * _PAD))
    padded.paste(image.getchannel("A"), (_PAD, _PAD))
    if style == "outline":
        grown = padded.filter(ImageFilter.GaussianBlur(5)).point(lambda value: min(255, value * 6))
        return Image.merge("RGBA", [*(Image.new("L", padded.size, 255) for _ in range(3)), grown])
    shadow = ImageChops.offset(padded.filter(ImageFilter.GaussianBlur(6)), 4, 6)
    return Image.merge(
        "RGBA", [*(Image.new("L", padded.size) for _ in range(3)), shadow.point(lambda v: v // 2)]
    )


def plain_colour(rng: random.Random) -> Colour:
    """Of a page: white, light, dark or strong."""
    kind = rng.random()
    if kind < 0.3:
        return 255, 255, 255
    hue = rng.random()
    if kind < 0.6:
        return _rgb(hue, rng.uniform(0.02, 0.25), rng.uniform(0.9, 1.0))
    if kind < 0.8:
        return _rgb(hue, rng.uniform(0.0, 0.4), rng.uniform(0.05, 0.2))
    return _rgb(hue, rng.uniform(0.3, 0.9), rng.uniform(0.4, 0.95))


def strong_colour(rng: random.Random) -> Colour:
    """Of a bar or one end of a gradient."""
    return _rgb(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.3, 0.95))


def ink(background: Colour) -> Colour:
    """Of text that can be read on it."""
    light = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2]
    return (24, 28, 32) if light > 130 else (236, 238, 240)


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)
