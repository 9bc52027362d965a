"""Pages as chats and slides have them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image

from scripts.benchmark.life import fonts
from scripts.benchmark.life.layout.free import Area, scatter
from scripts.benchmark.life.layout.wishes import Wish, ink, strong_colour
from scripts.benchmark.life.page import Box, Colour, Frame, Item, Picture, Text


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a chat."""

    paper: Colour
    theirs: Colour
    own: Colour


THEMES = (
    Theme((229, 221, 213), (255, 255, 255), (220, 248, 198)),
    Theme((11, 20, 26), (32, 44, 51), (0, 92, 75)),
    Theme((255, 255, 255), (233, 233, 235), (10, 132, 255)),
    Theme((0, 0, 0), (38, 38, 41), (10, 132, 255)),
    Theme((213, 227, 240), (255, 255, 255), (239, 253, 222)),
    Theme((54, 57, 63), (54, 57, 63), (54, 57, 63)),
)

INLINE = 56
"""Pixels up to which an element stands in a line of text."""


def chat(
    width: float,
    height: float,
    wishes: list[Wish],
    rng: random.Random,
    theme: Theme,
    foreign: list[Image.Image],
) -> list[Item]:
    """Bubbles with text and small elements in it; large ones by themselves.

    Args:
        foreign: pictures that are sent, too, if there is room.
    """
    placed: list[Item] = []
    y, waiting, pictures = 12.0, list(wishes), list(foreign)
    while y < height - 40 and (waiting or pictures or rng.random() < 0.9):
        own = rng.random() < 0.5
        if pictures and (not waiting or rng.random() < 0.5):
            y = _sent(placed, pictures.pop(), width, height, y, own=own)
        elif waiting and waiting[0].size > INLINE:
            y = _alone(placed, waiting, width, height, y, own=own)
        else:
            y = _bubble(placed, waiting, width, height, y, rng, theme, own=own)
    return placed


def _sent(
    placed: list[Item], image: Image.Image, width: float, height: float, y: float, *, own: bool
) -> float:
    wide = 0.6 * width
    high = wide * image.height / image.width
    if y + high > height:
        return y
    x = width - wide - 12 if own else 12.0
    placed.append(Picture(image.convert("RGBA"), Frame(x, y, wide, high)))
    return y + high + 10


def _alone(
    placed: list[Item], waiting: list[Wish], width: float, height: float, y: float, *, own: bool
) -> float:
    """One to three of about the same size, without a bubble."""
    row = [waiting.pop(0)]
    while waiting and len(row) < 3 and abs(waiting[0].size - row[0].size) < 0.1 * row[0].size:
        row.append(waiting.pop(0))
    room = [1.1 * wish.size for wish in row]
    while row and sum(room) > width - 24:
        row.pop()
        room.pop()
    if not row or y + max(room) > height:
        return y
    x = width - 12 - sum(room) if own else 12.0
    for wish, side in zip(row, room, strict=True):
        placed += wish.at(x + 0.05 * wish.size, y + 0.05 * wish.size)
        x += side
    return y + max(room) + 8


def _bubble(
    placed: list[Item],
    waiting: list[Wish],
    width: float,
    height: float,
    y: float,
    rng: random.Random,
    theme: Theme,
    *,
    own: bool,
) -> float:
    """One to three lines; each may have an element after, before or amid its words."""
    first = waiting[0].size if waiting and waiting[0].size <= INLINE else 18
    size = max(13.0, min(40.0, first / rng.uniform(1.1, 1.4)))
    step = max(1.45 * size, 1.15 * first)
    widest = 0.0
    runs: list[tuple[str, list[Wish], bool]] = []
    for _ in range(rng.randint(1, 3)):
        words = fonts.sentence(rng)
        here: list[Wish] = []
        while (
            waiting and waiting[0].size <= min(INLINE, 1.1 * first) and len(here) < 3 and rng.random() < 0.75
        ):
            here.append(replace(waiting.pop(0), rotation=0.0, style=""))
        wide = fonts.width(words, size) + sum(wish.size + 0.25 * size for wish in here)
        if wide > width - 70 or y + 20 + step * (len(runs) + 1) > height:
            waiting[:0] = here
            break
        runs.append((words, here, rng.random() < 0.2))
        widest = max(widest, wide)
    if not runs:
        if waiting and waiting[0].size <= INLINE and widest == 0.0:
            waiting.pop(0)
        return y + step
    high = step * len(runs) + 16
    x = width - widest - 36 if own else 12.0
    colour = theme.own if own else theme.theirs
    placed.append(Box(x, y, widest + 24, high, colour, min(14.0, high / 2)))
    for n, (words, here, before) in enumerate(runs):
        middle = y + 8 + step * (n + 0.5)
        at = x + 12
        for part in ("elements", "words") if before else ("words", "elements"):
            if part == "words":
                placed.append(Text(at, middle + 0.36 * size, size, words, ink(colour)))
                at += fonts.width(words, size) + 0.25 * size
            else:
                for wish in here:
                    placed += wish.at(at, middle - wish.size / 2)
                    at += wish.size + 0.25 * size
    return y + high + rng.choice((4, 8, 12))


def slide(
    width: float,
    height: float,
    wishes: list[Wish],
    rng: random.Random,
    paper: Colour,
    foreign: list[Image.Image],
) -> list[Item]:
    """A header bar with a title, lines of text some of which begin with an element, and elements beside."""
    bar = strong_colour(rng)
    head = rng.uniform(0.1, 0.18) * height
    title = 0.45 * head
    placed: list[Item] = [
        Box(0, 0, width, head, bar),
        Text(0.04 * width, 0.66 * head, title, rng.choice(fonts.TITLES), ink(bar), True),
    ]
    waiting = list(wishes)
    size = rng.uniform(0.028, 0.045) * width
    step, y = 1.7 * size, head + 2.2 * size
    taken: list[Area] = []
    if waiting and waiting[0].size <= INLINE and rng.random() < 0.7:
        size = max(14.0, waiting[0].size / 1.3)
        step, y = max(1.6 * size, 1.2 * waiting[0].size), head + 2.2 * size
    for _ in range(rng.randint(2, 5)):
        words, x = fonts.sentence(rng), 0.05 * width
        if y + size > height - 10:
            break
        start = x
        if waiting and waiting[0].size <= 1.6 * size and rng.random() < 0.8:
            wish = replace(waiting.pop(0), rotation=0.0, style="")
            placed += wish.at(x, y - 0.36 * size - wish.size / 2)
            start = x + wish.size + 0.4 * size
        placed.append(Text(start, y, size, words, ink(paper)))
        taken.append((x, y - size, start + fonts.width(words, size), y + 0.4 * size))
        y += step
    for image in foreign:
        wide = 0.3 * width
        high = wide * image.height / image.width
        if head + 20 + high < height:
            placed.append(Picture(image.convert("RGBA"), Frame(0.65 * width, head + 20, wide, high)))
            taken.append((0.65 * width, head + 20, 0.95 * width, head + 20 + high))
            break
    scatter(placed, taken, (8, head + 8, width - 8, height - 8), waiting, rng)
    return placed
