"""Conformance (golden) vectors: recipes with the hashes of the pixels that every decoder must make of them.

`vectors` are of all kinds. `single_precision` are the blurs whose radius comes out one step off where Pillow's C code is built for the x87,
whose registers keep 80 bits between two operations on floats: those of 0.25, 1, 28.75, 54.25, 56.75 and 121.75 pixels, of all that a layer
can have. On 32-bit x86 a random scene in forty has one of them.

They stand in `tests/vectors/golden.json` (and travel inside the wheel); `scripts/make/golden.py` writes them anew.
`python -m haac._vectors [FILE]` renders them and prints a JSON object of pixel hashes, for `scripts/check_determinism`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from haac._forms.binary import from_binary, to_binary
from haac._forms.text import from_text, to_text
from haac._render import render
from haac_repo import pixel_hash


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector: a recipe in both forms, and the hash of its pixels."""

    name: str
    text: str
    binary: bytes
    pixels: str


class DrawnElements:
    """Element source of the golden vectors: the elements 1 to 5, drawn with integers, so that they need no file."""

    def __init__(self) -> None:
        self._images = {
            n + 1: Image.fromarray(draw()) for n, draw in enumerate((_disc, _noise, _stripes, _hills, _dot))
        }

    def image(self, ref: int) -> Image.Image:
        """The element's RGBA pixels; any number beyond 5 wraps round."""
        return self._images[(ref - 1) % len(self._images) + 1]


def _grid(width: int, height: int) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], ...]:
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    return x, y


def _stack(
    *channels: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = np.stack(channels, axis=-1).astype(np.uint8)
    pixels[pixels[:, :, 3] == 0] = 0
    return pixels


def _disc() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """96x96: a disc, coloured by place, its alpha falling off over the outer ring."""
    x, y = _grid(96, 96)
    away = (2 * x - 95) ** 2 + (2 * y - 95) ** 2
    return _stack(x * 255 // 95, y * 255 // 95, 255 - x * 255 // 95, np.clip((9025 - away) // 8, 0, 255))


def _noise() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """120x80: opaque noise (the worst case for any filter)."""
    x, y = _grid(120, 80)
    mixed = (x * 73_856_093 ^ y * 19_349_663) * 83_492_791
    return _stack(mixed >> 7 & 255, mixed >> 13 & 255, mixed >> 19 & 255, np.full_like(x, 255))


def _stripes() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """64x48: diagonal stripes of four alphas, 0 among them."""
    x, y = _grid(64, 48)
    return _stack(255 - y * 5, x * 4, np.full_like(x, 40), (x + y) // 6 % 4 * 85)


def _hills() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """200x150: an opaque landscape of three tones."""
    x, y = _grid(200, 150)
    hill = y * 200 > 15_000 + (x - 60) ** 2 * 2
    return _stack(
        np.where(hill, 60, 150 - y // 2),
        np.where(hill, 140 - y // 3, 200 - y // 2),
        np.where(hill, 50, 240),
        np.full_like(x, 255),
    )


def _dot() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """1x1, half transparent."""
    return np.array([[[200, 30, 90, 128]]], np.uint8)


def vectors_file() -> Path:
    """Path of the golden vectors: in the wheel, else in the checkout."""
    packaged = Path(__file__).with_name("golden.json")
    return packaged if packaged.exists() else Path(__file__).parents[2] / "tests" / "vectors" / "golden.json"


def load_vectors(path: Path | None = None) -> list[Vector]:
    """Read golden vectors, of both lists."""
    lists = json.loads((path or vectors_file()).read_text("utf-8"))
    return [
        Vector(row["name"], row["text"], bytes.fromhex(row["binary"]), row["pixels"])
        for row in (*lists["vectors"], *lists["single_precision"])
    ]


def check_vectors(vectors: list[Vector]) -> dict[str, str]:
    """Run the vectors on this machine: forms and pixels.

    Returns:
        What differs, by name; empty if all forms and pixels are as they must be.
    """
    elements = DrawnElements()
    wrong = {}
    for vector in vectors:
        scene = from_binary(vector.binary)
        if (
            to_text(scene) != vector.text
            or from_text(vector.text) != scene
            or to_binary(scene) != vector.binary
        ):
            wrong[vector.name] = "text and binary form disagree"
        elif (found := pixel_hash(render(scene, elements))) != vector.pixels:
            wrong[vector.name] = f"pixels {found[:12]}, expected {vector.pixels[:12]}"
    return wrong


def _main() -> None:
    elements = DrawnElements()
    vectors = load_vectors(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    hashes = {vector.name: pixel_hash(render(from_binary(vector.binary), elements)) for vector in vectors}
    json.dump(hashes, sys.stdout)


if __name__ == "__main__":
    _main()
