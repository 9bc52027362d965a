"""Recipes that are made to be slow, or large: families of them, with one recipe for each number of layers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from haac import Inline, Layer, Plate, Scene, Wash, encode_inline, gradient
from haac._internal import band_shapes, grid

SIZES = {1: (64, 64), 2: (1000, 1000), 3: (16_383, 2048), 4: (5792, 5792), 5: (1, 1), 6: (2048, 16_383)}
"""Of the elements; all others have..."""
OTHER = 2000, 2000


@dataclass(frozen=True)
class Kind:
    """A family of recipes: one for each number of layers."""

    name: str
    canvas: tuple[int, int]
    layer: Callable[[int], Layer]
    """The n-th, from 0."""
    background: Any = None

    def scene(self, count: int) -> Scene:
        return Scene(*self.canvas, self.background, [self.layer(n) for n in range(count)])


def wash(width: int, height: int, levels: int, channels: int) -> Wash:
    across, down = grid(width, height, levels)
    size = sum(rows * columns for rows, columns in band_shapes(across, down))
    row = b"\1\0" + bytes(2 * size - 4) + b"\1\0"
    return Wash(across, down, 40, (row,) * channels)


def _inlines() -> list[Inline]:
    rng = random.Random(3)
    found = []
    for n in range(60):
        small = Image.frombytes("RGB", (8, 8), rng.randbytes(192))
        found.append(encode_inline(small.resize((256, 270 - n), Image.Resampling.BICUBIC), 5))
    return found


def kinds() -> list[Kind]:
    """Recipes that are made to be slow, or large."""
    return _drawn() + _read()


def _drawn() -> list[Kind]:
    """What is drawn is much."""
    full, wide, large = (5792, 5792), (16_383, 2048), (4096, 4096)
    return [
        Kind(
            "many layers with everything",
            (1000, 1000),
            lambda n: Layer(
                1 + n % 2,
                None,
                "hv",
                120,
                130,
                140,
                60,
                50,
                None,
                7 + n % 300,
                6,
                70,
                13 * n % 900,
                29 * n % 900,
            ),
        ),
        Kind("many layers outside the canvas", (10, 10), lambda n: Layer(2, rotation=31, blur=9, x=5000 + n)),
        Kind(
            "a recipe as long as may be, outside the canvas",
            (1000, 1000),
            lambda n: Layer(
                1000 + n * 268_435_399 % (2**40 - 2000),
                (n % 97, n % 89, 200, 200),
                brightness=n * 7 % 400,
                rotation=1 + n * 17 % 1439,
                opacity=n * 23 % 100,
                x=2000 + n * 37 % 3000,
                y=-3000 - n * 7 % 3000,
            ),
        ),
        Kind(
            "rotations over a large canvas",
            large,
            lambda n: Layer(2, width=4096, height=4096, rotation=1 + n % 300),
        ),
        Kind("rotations at the canvas limit", full, lambda n: Layer(4, rotation=1 + n % 300)),
        Kind("blurs over a large canvas", large, lambda _: Layer(2, width=4000, height=4000, blur=1000)),
        Kind(
            "blurs on a canvas of one pixel",
            (1, 1),
            lambda _: Layer(2, width=4000, height=4000, rotation=3, blur=1000, x=-2000, y=-2000),
        ),
        Kind("blurs over a wide canvas", wide, lambda _: Layer(3, blur=1000)),
        Kind("enlarged from one pixel", large, lambda _: Layer(5, width=5792, height=5792)),
        Kind(
            "enlarged, almost all of it off the canvas",
            (16, 16),
            lambda _: Layer(2, width=5700, height=5800, x=-2800, y=-2800),
        ),
    ]


def _read() -> list[Kind]:
    """What it is made of is much, or what it is drawn on."""
    full, wide, large = (5792, 5792), (16_383, 2048), (4096, 4096)
    carried = _inlines()
    return [
        Kind("large elements made small", (100, 100), lambda n: Layer(4, width=9 + n % 50)),
        Kind(
            "large elements cropped, adjusted and mirrored",
            (2000, 2000),
            lambda _: Layer(4, (1, 1, 5791, 5790), "hv", 90, 110, 150, width=1999),
        ),
        Kind(
            "tall layers on a flat canvas",
            (16_383, 1),
            lambda n: Layer(2, width=16_383, height=2000, y=-n % 2000),
        ),
        Kind(
            "flat layers on a tall canvas",
            (1, 16_383),
            lambda n: Layer(6, width=2000, height=16_383, x=-n % 2000),
        ),
        Kind("quarter turns", large, lambda _: Layer(2, width=4096, height=4000, rotation=360)),
        Kind("own size", large, lambda n: Layer(4, x=-n % 1000)),
        Kind("elements decoded again and again", (200, 200), lambda n: Layer(100 + n % 60, (0, 0, 200, 200))),
        Kind(
            "largest elements decoded again and again",
            (200, 200),
            lambda n: Layer((3, 4, 6)[n % 3], (0, 0, 200, 200)),
        ),
        Kind(
            "inline elements",
            (2000, 2000),
            lambda n: Layer(carried[n % 60], width=1000, height=900, rotation=50, x=n % 900),
        ),
        Kind(
            "a wash and layers",
            full,
            lambda _: Layer(2, width=2000, height=2000, rotation=50),
            wash(*full, 5, 4),
        ),
        Kind(
            "a fine wash on a small canvas", (512, 300), lambda n: Layer(1, x=n % 500), wash(512, 300, 5, 3)
        ),
        Kind("a plate at the canvas limit", wide, lambda _: Layer(3, width=16_383, height=2000), Plate(3)),
        Kind(
            "a gradient at the canvas limit",
            full,
            lambda n: Layer(2, width=3000, height=3000, x=n % 2000),
            gradient("red", "#0000ff80", 33),
        ),
    ]


def random_kind(seed: int) -> Kind:
    """Layers that are alike, of extremes drawn at random."""
    rng = random.Random(seed)
    pick = rng.choice
    canvas = pick(
        [
            (1, 1),
            (100, 100),
            (1000, 1000),
            (4096, 4096),
            (5792, 5792),
            (16_383, 2048),
            (2048, 16_383),
            (16_383, 1),
        ]
    )
    number = pick([1, 2, 2, 3, 4, 6, 100])
    width, height = pick(
        [(None, None), (5792, 5792), (4096, 4096), (2000, 16_000), (16_000, 2000), (1500, 1500), (100, 100)]
    )
    turn, blur = pick([0, 0, 360, 1, 45 * 4, 1000]), pick([0, 0, 0, 1, 40, 1000])
    adjusted: dict[str, Any] = {
        "brightness": pick([100, 150]),
        "saturation": pick([100, 150]),
        "flip": pick(["", "hv"]),
    }
    opacity, spread = pick([100, 50]), pick([1, 1000])

    def layer(n: int) -> Layer:
        x, y = -(n * 37 % spread), -(n * 53 % spread)
        return Layer(
            number,
            width=width,
            height=height,
            rotation=turn,
            blur=blur,
            opacity=opacity,
            x=x,
            y=y,
            **adjusted,
        )

    return Kind(f"random {seed}", canvas, layer)
