"""Random draws: catalogs that contain one another, and scenes of elements that are used unequally often."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from haac import Colour, ElementCache, Gradient, Layer, Scene, render
from haac_repo import HaacError

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    from haac._internal import ElementSource

RANDOM, USED = "random", "most used first"
_CANVAS: Final = (384, 256)
_GRID: Final = (3, 2)
"""Places of a scene; each holds one layer at most, so that all stay visible."""
_SIDE: Final = (48, 120)
"""Pixels of a layer's longer side."""
_LAYERS: Final = (2, 6)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A scene, and what it renders to.

    Args:
        scene: its elements have the numbers of the whole repository.
        picture: RGB.
    """

    scene: Scene
    picture: Image.Image


def sizes_up_to(count: int, wanted: Sequence[int] = ()) -> list[int]:
    """Sizes of catalogs to compare: 8, 16, 32, ... and all elements; or those that are wanted.

    A size beyond all elements is all of them.

    Raises:
        HaacError: fewer than two are left.
    """
    found = {*wanted} if wanted else {*(8 << power for power in range(32)), count}
    kept = sorted({min(size, count) for size in found})
    if len(kept) < 2:
        raise HaacError(
            f"{count} elements are too few to compare catalogs of at least two sizes:"
            f" {'give smaller --sizes' if wanted else 'sizes begin at 8'}, or add elements with `haac ingest`"
        )
    return kept


def orders(numbers: Sequence[int], seed: int, draws: int = 1) -> list[list[int]]:
    """Random orders of elements: the catalog of n elements has the first n, so that larger ones contain smaller ones.

    Args:
        numbers: of the elements.
        seed: the same gives the same.
        draws: how many orders.
    """
    return [
        random.Random(f"{seed} order {draw}").sample(list(numbers), len(numbers)) for draw in range(draws)
    ]


def popularity(count: int, exponent: float) -> npt.NDArray[np.float64]:
    """(count,) how often each of so many elements is used, the most used first; the sum is 1.

    Frequencies are inverse to a power of the rank (Zipf, "Human Behavior and the Principle of Least Effort", 1949), which is an
    assumption: an exponent of 0 uses all alike.
    """
    weights = 1 / np.arange(1, count + 1, dtype=np.float64) ** exponent
    return np.asarray(weights / weights.sum())


def scenes(
    ranked: Sequence[int], source: ElementSource, count: int, seed: int, exponent: float
) -> list[Drawn]:
    """Draw scenes of 2 to 6 elements on a plain colour or a gradient.

    Args:
        ranked: numbers of the elements, the most used first.
        source: gives them.
        count: of the scenes.
        seed: the same gives the same.
        exponent: see `popularity`.
    """
    cache = ElementCache(source)
    weights = popularity(len(ranked), exponent).tolist()
    made = []
    for at in range(count):
        rng = random.Random(f"{seed} scene {at}")
        scene = Scene(*_CANVAS, _background(rng))
        cells = [(x, y) for x in range(_GRID[0]) for y in range(_GRID[1])]
        wanted = min(rng.randint(*_LAYERS), len(ranked))
        for cell in rng.sample(cells, wanted):
            number = rng.choices(ranked, weights)[0]
            scene.layers.append(_layer(number, cache.image(number).size, cell, rng))
        made.append(Drawn(scene, render(scene, cache).convert("RGB")))
    return made


def _background(rng: random.Random) -> Colour | Gradient:
    first, last = (rng.randrange(2**24) << 8 | 0xFF for _ in range(2))
    return Colour(first) if rng.random() < 0.5 else Gradient(first, last, rng.randrange(1440))


def _layer(number: int, size: tuple[int, int], cell: tuple[int, int], rng: random.Random) -> Layer:
    """An element somewhere in its cell, turned or not."""
    longer = rng.randint(*_SIDE)
    width = max(8, round(longer * size[0] / max(size)))
    layer = Layer(number, width=width, flip="h" if rng.random() < 0.1 else "")
    wide, high = layer.size(*size)
    room = _CANVAS[0] // _GRID[0], _CANVAS[1] // _GRID[1]
    x = cell[0] * room[0] + (room[0] - wide) // 2 + rng.randint(-8, 8)
    y = cell[1] * room[1] + (room[1] - high) // 2 + rng.randint(-8, 8)
    turned = rng.randrange(1440) if rng.random() < 0.5 else 0
    return Layer(number, width=width, flip=layer.flip, rotation=turned, x=x, y=y)
