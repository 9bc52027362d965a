"""Pages on which elements stand where they like: scattered, in rows and grids, in lists beside text."""

from __future__ import annotations

import random

from PIL import Image

from scripts.benchmark.life import fonts
from scripts.benchmark.life.layout.wishes import Wish, ink
from scripts.benchmark.life.page import Box, Colour, Frame, Item, Picture, Text

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def scatter(
    placed: list[Item], taken: list[Area], area: Area, wishes: list[Wish], rng: random.Random
) -> None:
    """Where there is room; one in twenty covers a part of one that was drawn before.

    Args:
        placed: gets what is drawn.
        taken: what must not be covered; gets what is drawn.
        area: within which they lie.
    """
    of_elements: list[Area] = []
    for wish in sorted(wishes, key=lambda wish: -wish.size):
        room = wish.size * (1.2 if wish.rotation or wish.style else 1.0)
        if room > min(area[2] - area[0], area[3] - area[1]):
            continue
        if of_elements and rng.random() < 0.06:
            left, top, right, bottom = rng.choice(of_elements)
            x = rng.choice((left - 0.7 * room, right - 0.3 * room))
            y = rng.uniform(top - 0.5 * room, bottom - 0.5 * room)
            box = x, y, x + room, y + room
            if _inside(box, area) and not any(_meet(box, t, 0) for t in taken if t not in of_elements):
                placed += wish.at(x + (room - wish.size) / 2, y + (room - wish.size) / 2)
                taken.append(box)
                of_elements.append(box)
                continue
        for _ in range(60):
            x, y = rng.uniform(area[0], area[2] - room), rng.uniform(area[1], area[3] - room)
            box = x, y, x + room, y + room
            if not any(_meet(box, t, 3) for t in taken):
                placed += wish.at(x + (room - wish.size) / 2, y + (room - wish.size) / 2)
                taken.append(box)
                of_elements.append(box)
                break


def rows(placed: list[Item], taken: list[Area], area: Area, wishes: list[Wish], rng: random.Random) -> None:
    """One after the other in lines, as high as the highest of each."""
    gap = rng.choice((2, 4, 8, 16))
    x, y, high = area[0], area[1] + rng.uniform(0, 40), 0.0
    for wish in wishes:
        room = wish.size * (1.2 if wish.rotation or wish.style else 1.0)
        if x + room > area[2]:
            x, y, high = area[0], y + high + gap, 0.0
        if y + room > area[3] or room > area[2] - area[0]:
            continue
        placed += wish.at(x + (room - wish.size) / 2, y + (room - wish.size) / 2)
        taken.append((x, y, x + room, y + room))
        x, high = x + room + gap, max(high, room)


def listed(
    placed: list[Item], taken: list[Area], area: Area, wishes: list[Wish], rng: random.Random, paper: Colour
) -> None:
    """An element and a line of text, line after line."""
    y = area[1] + rng.uniform(0, 20)
    for wish in wishes:
        high = 1.3 * wish.size + 4
        if y + high > area[3] or wish.size * 1.2 > area[2] - area[0]:
            continue
        placed += wish.at(area[0] + 0.1 * wish.size, y + 0.12 * wish.size)
        size = min(32.0, max(13.0, 0.7 * wish.size))
        start = area[0] + 1.4 * wish.size + 8
        line = fonts.sentence(rng)
        if start + fonts.width(line, size) < area[2]:
            placed.append(Text(start, y + 0.6 * wish.size + 0.35 * size, size, line, ink(paper)))
        taken.append((area[0], y, area[2], y + high))
        y += high


def lines(
    placed: list[Item], taken: list[Area], area: Area, rng: random.Random, paper: Colour, count: int
) -> None:
    """Some text, where there is room for it."""
    for _ in range(count):
        size, bold = rng.choice((13, 14, 16, 18, 22, 28, 36)), rng.random() < 0.25
        line = fonts.sentence(rng)
        width = fonts.width(line, size, bold=bold)
        for _ in range(30):
            if width > area[2] - area[0]:
                break
            x, y = rng.uniform(area[0], area[2] - width), rng.uniform(area[1] + size, area[3] - size)
            box = x, y - size, x + width, y + 0.3 * size
            if not any(_meet(box, t, 3) for t in taken):
                placed.append(Text(x, y, size, line, ink(paper), bold))
                taken.append(box)
                break


def caption(placed: list[Item], taken: list[Area], area: Area, rng: random.Random) -> None:
    """Large words over a photograph, in white on a dark bar half of the time."""
    words, size = rng.choice(fonts.MEMES), rng.uniform(0.05, 0.09) * (area[2] - area[0])
    width = fonts.width(words, size, bold=True)
    x = (area[0] + area[2] - width) / 2
    y = rng.choice((area[1] + 1.2 * size, area[3] - 0.5 * size))
    box = area[0], y - 1.2 * size, area[2], y + 0.4 * size
    if rng.random() < 0.5:
        placed.append(Box(box[0], box[1], box[2] - box[0], box[3] - box[1], (16, 16, 16)))
    placed.append(Text(x, y, size, words, (255, 255, 255), True))
    taken.append(box)


def foreign(
    placed: list[Item], taken: list[Area], area: Area, image: Image.Image, rng: random.Random
) -> None:
    """A photograph, where there is room for it."""
    for _ in range(30):
        if image.width > area[2] - area[0] or image.height > area[3] - area[1]:
            return
        x, y = rng.uniform(area[0], area[2] - image.width), rng.uniform(area[1], area[3] - image.height)
        box = x, y, x + image.width, y + image.height
        if not any(_meet(box, t, 3) for t in taken):
            placed.append(Picture(image.convert("RGBA"), Frame(x, y, image.width, image.height)))
            taken.append(box)
            return


def _meet(a: Area, b: Area, gap: float) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def _inside(a: Area, b: Area) -> bool:
    return a[0] >= b[0] and a[1] >= b[1] and a[2] <= b[2] and a[3] <= b[3]
