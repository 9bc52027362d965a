"""Canvas, grid and tables of a paraphrase in the binary form (docs/format.md, "Paraphrases").

Ordinary recipes use none of this, which is made for those that tell photographs. Canvases are photographs' (a long side, a shape);
positions and sizes are often multiples of some pixels, since where a similar element is put is nothing exact; and other values of a layer
are likely than in a drawn scene.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from haac._rans import Coder, Table
from haac._scene import Layer

LONG_SIDES = (
    500, 512, 384, 640, 1024, 256, 320, 400, 480, 600, 768, 800, 960, 1200, 1280, 1600, 1920, 2048, 3000, 4000, 4032, 6000,
)  # fmt: skip
"""Longer sides of photographs; the last symbol says that it follows."""
SHAPES = ((4, 3), (3, 2), (1, 1), (16, 9), (5, 4))
"""Longer to shorter side; the last symbol says that the shorter side follows."""
GRIDS = (1, 2, 4, 8, 16, 32)
"""Pixels that positions and sizes are multiples of."""

_LIKE_LONG = Table(*(4 for _ in range(5)), *(2 for _ in range(17)), 12)
_LIKE_SHAPE = Table(8, 6, 2, 2, 1, 3)
_LIKE_UPRIGHT = Table(2, 1)
LIKE_BACKGROUND = Table(2, 1, 1, 2, 1, 1, 1, 10, 16)
LIKE_COUNT = Table(2, 16, 10, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
LIKE_REPEATS = Table(48, 6, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
LIKE_ID_BITS = Table(
    *(1 for _ in range(7)), 4, 8, 12, 16, 16, 14, 14, 14, 14, 14, 14, 10, 6, 4, *(1 for _ in range(20))
)
_LIKE_GRID = Table(4, 1, 8, 3, 2, 2)

SIDE = Table(1, 1, 1, 1, 2, 4, 8, 12, 16, 28, 40, 36, 16, 6, 2)
"""Lengths of a canvas side, also of ordinary recipes."""


def near_lengths(length: int) -> Table:
    """How long a number is in bits that is about as large as another one of this length."""
    return Table(*(max(1, 64 >> (bits - length) ** 2) for bits in range(15)))


def code_canvas(io: Coder, width: int, height: int) -> tuple[int, int]:
    """Code width and height; while decoding the arguments are not looked at."""
    long, short = max(width, height), min(width, height)
    known = len(LONG_SIDES)
    symbol = io.pick("long side", _LIKE_LONG, lambda: LONG_SIDES.index(long) if long in LONG_SIDES else known)
    long = LONG_SIDES[symbol] if symbol < known else io.number("long side", SIDE, lambda: long)
    sides = [_shorter(long, *shape) for shape in SHAPES]
    symbol = io.pick("shape", _LIKE_SHAPE, lambda: sides.index(short) if short in sides else len(SHAPES))
    near = near_lengths(long.bit_length())
    short = sides[symbol] if symbol < len(SHAPES) else io.number("short side", near, lambda: short)
    if short != long and io.pick("upright?", _LIKE_UPRIGHT, lambda: height > width):
        return short, long
    return long, short


def _shorter(long: int, across: int, down: int) -> int:
    return (2 * long * down + across) // (2 * across)


def code_grid(io: Coder, layers: Sequence[Layer]) -> int:
    """Code the largest of GRIDS that all positions and sizes in pixels are multiples of; while decoding no layers are given."""

    def wanted() -> int:
        values = [value for layer in layers for value in (layer.x, layer.y, layer.width, layer.height)]
        return GRIDS.index(math.gcd(GRIDS[-1], *(value for value in values if value is not None)))

    return GRIDS[io.pick("grid", _LIKE_GRID, wanted)]
