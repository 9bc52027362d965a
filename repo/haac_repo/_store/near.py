"""Nearest neighbours: by Hamming distance of perceptual hashes, and by colour in OKLab."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haac_repo._store import catalog

if TYPE_CHECKING:
    from sqlite_utils import Database

_BITS = np.array([n.bit_count() for n in range(256)], dtype=np.uint8)


class HashIndex:
    """In-memory index of all perceptual hashes, 16 bytes an element, searched by brute force."""

    def __init__(self) -> None:
        self._numbers = np.empty(1024, dtype=np.int64)
        self._hashes = np.empty(1024, dtype=np.uint64)
        self._used = 0
        self._seen = 0
        self._discards = 0

    def load(self, db: Database) -> None:
        """Load the hashes that were added since the last call; all of them if something was discarded since."""
        discards = catalog.discards(db)
        if discards != self._discards:
            self._used = self._seen = 0
            self._discards = discards
        for rows in catalog.hashes(db, self._seen):
            pairs = np.array(rows, dtype=np.int64)
            self._append(pairs[:, 0], pairs[:, 1].astype(np.uint64))

    def add(self, number: int, phash: int) -> None:
        """Add one element, whose number must be the highest so far."""
        self._append(np.array([number], dtype=np.int64), np.array([phash], dtype=np.uint64))

    def near(self, phash: int, distance: int) -> list[int]:
        """Numbers of the elements within a Hamming distance, nearest first."""
        distances = _ones(self._hashes[: self._used] ^ np.uint64(phash))
        hits = np.flatnonzero(distances <= distance)
        order = hits[np.argsort(distances[hits], kind="stable")]
        return [int(number) for number in self._numbers[order]]

    def _append(self, numbers: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64]) -> None:
        end = self._used + len(numbers)
        if end > len(self._numbers):
            room = max(end, 2 * len(self._numbers)) - self._used
            self._numbers = np.concatenate([self._numbers[: self._used], np.empty(room, dtype=np.int64)])
            self._hashes = np.concatenate([self._hashes[: self._used], np.empty(room, dtype=np.uint64)])
        self._numbers[self._used : end] = numbers
        self._hashes[self._used : end] = hashes
        self._used = end
        self._seen = int(numbers[-1])


def _ones(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Population count of each word."""
    if hasattr(np, "bitwise_count"):  # since numpy 2.0
        counts: npt.NDArray[np.uint8] = np.bitwise_count(words)
    else:
        counts = _BITS[words.view(np.uint8).reshape(-1, 8)].sum(axis=1, dtype=np.uint8)
    return counts


def nearest_colours(colour: int, rows: Iterable[list[tuple[int, int]]], limit: int) -> list[int]:
    """Numbers of the elements whose colour looks most like `colour`, nearest first.

    Args:
        colour: 0xRRGGBB.
        rows: Lists of (colour, number).
        limit: So many at most.
    """
    target = oklab(np.array([colour]))
    best = np.empty((0, 2))  # (squared distance, number)
    for some in rows:
        pairs = np.fromiter(chain.from_iterable(some), dtype=np.int64).reshape(-1, 2)
        distances = np.square(oklab(pairs[:, 0]) - target).sum(axis=1)
        best = np.concatenate([best, np.column_stack([distances, pairs[:, 1]])])
        best = best[np.lexsort((best[:, 1], best[:, 0]))[:limit]]
    return [int(number) for number in best[:, 1]]


def oklab(colours: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """sRGB colours 0xRRGGBB of shape (n,) as OKLab of shape (n, 3): equal distances look about equally different.

    Source: Bjorn Ottosson, "A perceptual color space for image processing", 2020,
    https://bottosson.github.io/posts/oklab/.
    """
    steps = np.arange(256) / 255.0
    linear = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)
    rgb = linear[np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1)]
    lab: npt.NDArray[np.float64] = np.cbrt(rgb @ _TO_LMS.T) @ _TO_LAB.T
    return lab


_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
