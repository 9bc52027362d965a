"""One picture: its page, drawn by an engine, sent through a chain, with its truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.benchmark.life.chains import GROUPS, HELD_OUT, Chain, chain_of
from scripts.benchmark.life.elements import Elements
from scripts.benchmark.life.layout import chat, free, wishes
from scripts.benchmark.life.lookalikes import indistinguishable
from scripts.benchmark.life.page import Colour, Drawn, Frame, Gradient, Habits, Item, Page, Picture, scaled
from scripts.benchmark.life.truth import Drawing, TrueElement, band_of, visible_shares

BACKGROUNDS = ("plain", "gradient", "photo", "chat", "slide")
NOTHING = "nothing"
"""Pages of any kind that hold nothing of the catalog."""

ENGINES = {"pillow": 8, "chromium": 6, "cairo": 3, "qt": 3}
"""With how often each is drawn."""
HELD_OUT_ENGINE = "skia"

FILTERS = {
    "pillow": ("bilinear", "bicubic", "lanczos", "hamming", "box"),
    "chromium": ("browser",),
    "cairo": ("good", "best", "bilinear"),
    "qt": ("smooth", "bilinear"),
    "skia": ("mipmap", "mitchell", "catmull-rom"),
}
RATIOS = (1.0, 1.5, 2.0, 3.0)
LARGEST = 1200
"""Pixels of a side of a finished picture."""
LARGEST_DRAWN = 2160


@dataclass(frozen=True, slots=True)
class Materials:
    """What pictures are made of."""

    elements: Elements
    photographs: list[Path]
    """In no catalog."""
    engines: tuple[str, ...] = tuple(ENGINES)


def cells(patterns: list[str], *, held_out: bool) -> list[str]:
    """Names of cells, background:group, that match one of the patterns; without `held_out`, none of the chains kept for the end."""
    groups = [group for group in GROUPS if held_out or group not in HELD_OUT]
    names = [f"{background}:{group}" for background in (*BACKGROUNDS, NOTHING) for group in groups]
    return [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]


def photographs_of(folders: list[Path], *, held_out: bool) -> list[Path]:
    """Every other photograph, so that those of the held-out pictures are others."""
    files = [
        path
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".png", ".jpg", ".jpeg")
    ]
    return files[0 if held_out else 1 :: 2]


def drawings(
    materials: Materials, cell: str, indices: range, seed: int, *, held_out: bool
) -> Iterator[tuple[Drawing, bytes]]:
    """Pictures of one cell; the same for the same seed and index, whatever else is drawn."""
    for index in indices:
        yield drawing(materials, cell, index, seed, held_out=held_out)


def drawing(
    materials: Materials, cell: str, index: int, seed: int, *, held_out: bool
) -> tuple[Drawing, bytes]:
    """One picture, and its file. A page that has no room for three elements is laid out anew."""
    background, group = cell.split(":")
    for attempt in ("", " again", " once more", " a last time"):
        rng = random.Random(f"{seed} {cell} {index} {held_out}{attempt}")
        engine = engine_of(materials, group, rng, held_out=held_out)
        chain = chain_of(group, rng)
        ratio = rng.choice(RATIOS) if engine == "chromium" else 1.0
        habits = Habits(
            filter=rng.choice(FILTERS[engine]),
            straight=engine == "pillow" and rng.random() < 0.1,
            whole=rng.random() < 0.6,
        )
        band = list(wishes.BANDS)[index % len(wishes.BANDS)]
        page, chain = _page(materials, background, band, chain, ratio, engine, rng)
        if background == NOTHING or sum(isinstance(i, Picture) and bool(i.element) for i in page.items) >= 3:
            break
    drawn = draw(engine, page, habits)
    data, suffix = chain.file(drawn.image)
    name = f"{background}-{group}-{seed}-{index:03}{'-held-out' if held_out else ''}{suffix}"
    size = chain.size(page.width, page.height)
    factors = size[0] / page.width, size[1] / page.height
    found = Drawing(
        name, cell, background, group, chain.name, engine, habits.filter, held_out,
        size[0] + chain.around[0] + chain.around[2], size[1] + chain.around[1] + chain.around[3],
        round(factors[0], 5), ratio, seed, index, truth(materials.elements, page, drawn, chain, factors),
    )  # fmt: skip
    return found, data


def engine_of(materials: Materials, group: str, rng: random.Random, *, held_out: bool) -> str:
    """Held out is what Skia draws; and what any draws that goes through a chain that is held out."""
    if held_out and (group not in HELD_OUT or rng.random() < 0.4):
        return HELD_OUT_ENGINE
    return rng.choices(materials.engines, [ENGINES[name] for name in materials.engines])[0]


def draw(engine: str, page: Page, habits: Habits) -> Drawn:
    """By the engine of that name, which is imported only now."""
    function: Callable[[Page, Habits], Drawn] = import_module(f"scripts.benchmark.life.engines.{engine}").draw
    return function(page, habits)


def truth(
    elements: Elements, page: Page, drawn: Drawn, chain: Chain, factors: tuple[float, float]
) -> list[TrueElement]:
    """Of the finished picture."""
    pictures = [item for item in page.items if isinstance(item, Picture) and item.element]
    made = []
    for item, frame, visible in zip(pictures, drawn.frames, visible_shares(page, drawn.frames), strict=True):
        own = frame.inner(elements.part(item.element))
        at = own.scaled(*factors).moved(chain.around[0], chain.around[1])
        behind = _behind(drawn.image, own)
        alike = indistinguishable(elements, item.element, elements.near(item.element), own, behind, chain)
        made.append(
            TrueElement(
                item.element,
                round(at.x, 3),
                round(at.y, 3),
                round(at.width, 3),
                round(at.height, 3),
                at.rotation,
                at.mirrored,
                visible,
                band_of(at.width, at.height),
                item.style,
                tuple(alike),
            )
        )
    return made


def _behind(image: Image.Image, frame: Frame) -> Colour:
    """The median colour just outside of a frame."""
    left, top = max(0, int(frame.x) - 3), max(0, int(frame.y) - 3)
    right, bottom = int(frame.x + frame.width) + 3, int(frame.y + frame.height) + 3
    pixels = np.asarray(image)[top:bottom, left:right]
    if pixels.size == 0:
        return 128, 128, 128
    edge = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
    red, green, blue = (int(v) for v in np.median(edge, axis=0))
    return red, green, blue


def _page(
    materials: Materials,
    background: str,
    band: str,
    chain: Chain,
    ratio: float,
    engine: str,
    rng: random.Random,
) -> tuple[Page, Chain]:
    """What is drawn, and the chain with the factor that gives the size wanted."""
    count = 0 if background == NOTHING else rng.randint(3, 9)
    kind = rng.choice(("plain", "photo", "chat", "slide")) if background == NOTHING else background
    wide, high = _size(
        kind, rng, LARGEST - chain.around[0] - chain.around[2], LARGEST - chain.around[1] - chain.around[3]
    )
    if chain.name.startswith("1080"):
        wide, high = (round(side * 1080 / max(wide, high)) for side in (wide, high))
        chain = replace(chain, factor=1080 / rng.randint(1200, LARGEST_DRAWN))
    chain = replace(chain, factor=min(1.0, max(chain.factor, max(wide, high) / LARGEST_DRAWN)))
    wanted = wishes.wishes(materials.elements, band, rng, count, engine) if count else []
    foreign = [
        _foreign(materials, rng)
        for _ in range(rng.randint(1, 3) if background == NOTHING else rng.random() < 0.2)
    ]
    behind, items = _items(materials, kind, wide, high, wanted, foreign, rng)
    device = round(wide / chain.factor), round(high / chain.factor)
    unit = 1 / (chain.factor * ratio)
    return Page(*device, ratio, behind, tuple(scaled(item, unit) for item in items)), chain


def _size(kind: str, rng: random.Random, width: int, height: int) -> tuple[int, int]:
    """Of the finished picture."""
    if kind == "chat":
        return rng.randint(360, min(720, width)), rng.randint(640, height)
    if kind == "slide":
        wide = rng.randint(800, width)
        return wide, min(height, round(wide * rng.choice((9 / 16, 3 / 4))))
    return rng.randint(500, width), rng.randint(500, height)


def _items(
    materials: Materials,
    kind: str,
    wide: int,
    high: int,
    wanted: list[wishes.Wish],
    foreign: list[Image.Image],
    rng: random.Random,
) -> tuple[Colour | Gradient | Image.Image, list[Item]]:
    """The page's background and what stands on it, in pixels of the finished picture."""
    if kind == "chat":
        theme = rng.choice(chat.THEMES)
        return theme.paper, chat.chat(wide, high, wanted, rng, theme, foreign)
    if kind == "slide":
        paper = rng.choice(((255, 255, 255), (250, 250, 248), (30, 34, 42), wishes.plain_colour(rng)))
        return paper, chat.slide(wide, high, wanted, rng, paper, foreign)
    items: list[Item] = []
    taken: list[free.Area] = []
    area = (6.0, 6.0, wide - 6.0, high - 6.0)
    if kind == "photo":
        if rng.random() < 0.4:
            free.caption(items, taken, area, rng)
        free.scatter(items, taken, area, wanted, rng)
        return Image.open(rng.choice(materials.photographs)).convert("RGB"), items
    paper = wishes.plain_colour(rng)
    behind: Colour | Gradient = paper
    if kind == "gradient":
        behind = Gradient(wishes.strong_colour(rng), wishes.strong_colour(rng), rng.random() < 0.5)
        paper = behind.first
    way = rng.random()
    if way < 0.25 and wanted:
        free.listed(items, taken, area, wanted, rng, paper)
    elif way < 0.45:
        free.rows(items, taken, area, wanted, rng)
    else:
        free.scatter(items, taken, area, wanted, rng)
    free.lines(items, taken, area, rng, paper, rng.randint(1, 5))
    for image in foreign:
        free.foreign(items, taken, area, image, rng)
    return behind, items


def _foreign(materials: Materials, rng: random.Random) -> Image.Image:
    """A picture that is sent or shown beside: part of a photograph."""
    image = Image.open(rng.choice(materials.photographs)).convert("RGB")
    side = rng.randint(120, 400)
    image.thumbnail((side, side))
    return image
