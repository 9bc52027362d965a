"""The pixels of one paint layer of Krita: tiles of 64x64 pixels, LZF-compressed in planes, over a default pixel.

Source: the format as Krita 3 and later write it, "VERSION 2" in the first line of a layer's member.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from haac_layers._limits import Budget
from haac_layers._read.lzf import decompress
from haac_repo import PictureError

Bgra = NDArray[np.uint8]
"""Pixels (height, width, 4): blue, green, red, alpha; straight."""

TILE, DEPTH = 64, 4
"""Pixels of a tile's side, bytes of a pixel."""

_HEAD = re.compile(
    rb"VERSION 2\nTILEWIDTH (\d{1,5})\nTILEHEIGHT (\d{1,5})\nPIXELSIZE (\d{1,3})\nDATA (\d{1,9})\n"
)
_TILE_HEAD = re.compile(rb"(-?\d{1,8}),(-?\d{1,8}),LZF,(\d{1,6})\n")
_RAW, _PACKED = 0, 1


def read_tiles(data: bytes, canvas: tuple[int, int], default: bytes, budget: Budget) -> tuple[Bgra, int, int]:
    """Put the tiles of a layer together.

    Args:
        data: the layer's member.
        canvas: width and height in pixels; what no tile covers shows the default pixel there.
        default: blue, green, red, alpha of the default pixel.
        budget: counts the pixels before they are allocated.

    Returns:
        The pixels, and left and top edge of their box in the layer. No pixel at all where the layer is empty.

    Raises:
        PictureError: broken, of another kind than 8-bit RGBA, or outside the limits.
    """
    head = _HEAD.match(data)
    if head is None:
        raise PictureError("a layer is not in the tiles that are read: save it again with a newer Krita")
    width, height, depth, count = map(int, head.groups())
    if (width, height, depth) != (TILE, TILE, DEPTH):
        raise PictureError(
            f"a layer has tiles of {width}x{height} pixels of {depth} bytes; 64x64 of 4 bytes are read"
        )
    found = _tiles(data, head.end(), count)
    whole = default[3:] != b"\0"
    edges = [(x, y, x + TILE, y + TILE) for x, y in found] + [(0, 0, *canvas)] * whole
    if not edges:
        return np.zeros((0, 0, 4), np.uint8), 0, 0
    left, top = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
    right, bottom = max(edge[2] for edge in edges), max(edge[3] for edge in edges)
    budget.pixels(right - left, bottom - top)
    budget.offset(left, top)
    pixels = np.empty((bottom - top, right - left, 4), np.uint8)
    pixels[:] = np.frombuffer(default, np.uint8)
    for (x, y), block in found.items():
        pixels[y - top : y - top + TILE, x - left : x - left + TILE] = _unpacked(block)
    return pixels, left, top


def _tiles(data: bytes, at: int, count: int) -> dict[tuple[int, int], memoryview]:
    """Compressed bytes of the tiles by their place."""
    found: dict[tuple[int, int], memoryview] = {}
    view = memoryview(data)
    for _ in range(count):
        head = _TILE_HEAD.match(data, at)
        if head is None:
            raise PictureError("a layer is broken: a tile has no place")
        x, y, size = map(int, head.groups())
        at = head.end() + size
        if at > len(data) or not size or x % TILE or y % TILE or (x, y) in found:
            raise PictureError("a layer is broken: its tiles are cut short, or lie on one another")
        found[x, y] = view[head.end() : at]
    return found


def _unpacked(block: memoryview) -> Bgra:
    size = TILE * TILE * DEPTH
    if block[0] == _RAW and len(block) == size + 1:
        return np.frombuffer(block[1:], np.uint8).reshape(TILE, TILE, DEPTH)
    if block[0] != _PACKED:
        raise PictureError("a layer is broken: a tile is packed in an unknown way")
    planes = np.frombuffer(decompress(bytes(block[1:]), size), np.uint8)
    return planes.reshape(DEPTH, TILE, TILE).transpose(1, 2, 0)
