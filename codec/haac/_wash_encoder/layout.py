"""Flat layout of a wash's coefficients: all bands of all channels in one array, so that numpy is called once instead of once a band.

An encoder asks for the contexts of hundreds of trials, and most bands are so small that numpy's calls take longer than the work. So
the bands are packed into one atlas for each channel, with two columns and rows of zeros after each: there a neighbour is an offset of
the same length for all, and what lies outside a band is zero by itself. Bands finer than any colour needs have an atlas of their own,
for luma (and alpha) alone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from haac._wash.contexts import depth, kind
from haac._wash.tables import Ints
from haac._wash_encoder.analysis import Floats

Bools = NDArray[np.bool_]
_Scalar = TypeVar("_Scalar", bound=np.generic)

COLOUR_DEPTH = 4
"""Finer colours never pay."""
OUTSIDE = 12
"""The kind of a place that no band covers."""
_GAP = 2
"""Columns and rows of zeros between bands: so far neighbours reach."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """Bands of some channels, packed the same way for each: one picture after the other."""

    start: int
    """First place of the first channel."""
    height: int
    stride: int
    """Places from row to row."""
    channels: tuple[int, ...]

    @property
    def size(self) -> int:
        """Places of one channel."""
        return self.height * self.stride

    @property
    def end(self) -> int:
        """After the last place."""
        return self.start + self.size * len(self.channels)

    def channel(self, n: int) -> slice:
        """The places of the nth channel that it has."""
        return slice(self.start + n * self.size, self.start + (n + 1) * self.size)


class Layout:
    """Where the coefficients of a grid stand in the flat array; place 0 stands for "nothing".

    Args:
        shapes: (height, width) of the bands.
        channels: 3 or 4.
    """

    def __init__(self, shapes: tuple[tuple[int, int], ...], channels: int) -> None:
        self.shapes, self.channels = shapes, channels
        self.atlases: list[Atlas] = []
        self._corners: dict[tuple[int, int], tuple[slice, int, int, int]] = {}
        """Of (channel, band): its channel of its atlas, that one's stride, and (y, x) in it."""
        self.size = self._pack()
        count = len(shapes)
        self.bands = np.zeros(self.size, np.intp)
        """1 + channel * bands + band of each place; 0 outside."""
        self.kinds = np.full(self.size, OUTSIDE)
        """4 * channel (alpha counts as luma) + kind of the band."""
        self.parents = np.zeros(self.size, np.intp)
        """Of each place the one of the coefficient that covers it in the next coarser band of its kind."""
        self.parents_others = np.zeros((2, self.size), np.intp)
        """The same in the two other bands of that level."""
        self.siblings = np.zeros((2, self.size), np.intp)
        """Of each place the same one in the bands of its level that are coded before."""
        self.rows = np.zeros(self.size, np.intp)
        """Of each place the row of `row_table` that is its row of its band."""
        table = [np.zeros((1, 5), np.int64)]
        found = 1
        for c, b in self._corners:
            height, width = shapes[b]
            here = self.places(c, b)
            self.bands[here] = 1 + c * count + b
            self.kinds[here] = 4 * (c % 3) + kind(b)
            y = np.arange(height)
            self.rows[here] = (found + y)[:, None]
            table.append(np.stack(np.broadcast_arrays(here[:, 0], width, y, 1 + c * count + b, found), 1))
            found += height
            if b > 3:
                first = 3 * depth(b) - 5
                others = [first + n for n in range(3) if first + n != b - 3]
                self.parents[here] = self._clamped(c, b - 3, b, 2)
                for n, other in enumerate(others):
                    self.parents_others[n, here] = self._clamped(c, other, b, 2)
            for n, sibling in enumerate({2: [b - 1], 3: [b - 2, b - 1]}.get(kind(b), [])):
                self.siblings[n, here] = self._clamped(c, sibling, b, 1)
        self.row_table: Ints = np.concatenate(table)
        """Of each row of a band: first place, width, number in its band, `bands` of it, first row of the band in this table."""
        self._coded: dict[tuple[int, ...], Bools] = {}

    def _pack(self) -> int:
        """Find a place for each band; returns how many places there are."""
        levels, at = depth(len(self.shapes) - 1), 0
        height, width = (side + _GAP for side in self.shapes[0])
        corners = {0: (0, 0)}
        for level in range(1, min(levels, COLOUR_DEPTH) + 1):
            b = 3 * level - 2
            corners |= {b: (0, width), b + 1: (height, 0), b + 2: (height, width)}
            height, width = height + self.shapes[b + 1][0] + _GAP, width + self.shapes[b][1] + _GAP
        groups = [(corners, height, width, tuple(range(self.channels)))]
        for level in range(COLOUR_DEPTH + 1, levels + 1):
            b = 3 * level - 2
            lefts = np.cumsum([0, *(self.shapes[b + n][1] + _GAP for n in range(3))]).tolist()
            corners = {b + n: (0, lefts[n]) for n in range(3)}
            height = max(self.shapes[b + n][0] for n in range(3)) + _GAP
            groups.append((corners, height, lefts[3], tuple(c for c in range(self.channels) if c in {0, 3})))
        for corners, height, width, channels in groups:
            at += _GAP * (width + 1)
            atlas = Atlas(at, height, width, channels)
            self.atlases.append(atlas)
            for n, c in enumerate(channels):
                for b, (y, x) in corners.items():
                    if 0 not in self.shapes[b]:
                        self._corners[c, b] = atlas.channel(n), width, y, x
            at = atlas.end + _GAP * (width + 1)
        return at

    def _clamped(self, c: int, other: int, b: int, scale: int) -> Ints:
        """For each coefficient of a band the place in another one; its last row and column go on."""
        if (c, other) not in self._corners:
            return np.zeros(self.shapes[b], np.int64)
        y, x = (
            np.minimum(np.arange(size) // scale, most - 1)
            for size, most in zip(self.shapes[b], self.shapes[other], strict=True)
        )
        found: Ints = self.places(c, other)[np.ix_(y, x)]
        return found

    def places(self, channel: int, band: int) -> Ints:
        """(y, x): where the coefficients of a band are."""
        return self._view(np.arange(self.size), channel, band)

    def row(self, bands: Sequence[Floats]) -> Floats:
        """Flatten bands of (channel, or 1 for all; y, x); finer colours are left out."""
        found = np.zeros(self.size, np.float64)
        for c, b in self._corners:
            self._view(found, c, b)[:] = bands[b][min(c, len(bands[b]) - 1)]
        return found

    def banded(self, row: NDArray[_Scalar]) -> list[list[NDArray[_Scalar]]]:
        """The flat array by channel and band: views of it, but zeros for finer colours."""
        return [
            [
                self._view(row, c, b) if (c, b) in self._corners else np.zeros(shape, row.dtype)
                for b, shape in enumerate(self.shapes)
            ]
            for c in range(self.channels)
        ]

    def _view(self, row: NDArray[_Scalar], channel: int, band: int) -> NDArray[_Scalar]:
        where, stride, y, x = self._corners[channel, band]
        height, width = self.shapes[band]
        return row[where].reshape(-1, stride)[y : y + height, x : x + width]

    def by_band(self, values: list[float]) -> Floats:
        """A number for each band as a flat array; 1 outside."""
        every = np.concatenate([[1.0], np.tile(np.array(values, np.float64), self.channels)])
        found: Floats = every[self.bands]
        return found

    def coded(self, values: Ints) -> tuple[Bools, Ints]:
        """Which places are coded, and the indices of those that are not 0."""
        held = np.flatnonzero(values)
        count = len(self.shapes)
        bands = self.bands[held] - 1
        cuts = [0] * self.channels
        for c in range(self.channels):
            of = bands[bands // count == c]
            cuts[c] = int(of.max()) % count + 1 if len(of) else 0
        key = tuple(cuts)
        if key not in self._coded:
            if len(self._coded) > 64:
                self._coded.clear()
            every = np.arange(count)[None] < np.array(cuts)[:, None]
            self._coded[key] = np.concatenate([[False], every.ravel()])[self.bands]
        return self._coded[key], held


@functools.lru_cache(maxsize=8)
def layout(shapes: tuple[tuple[int, int], ...], channels: int) -> Layout:
    """The layout of a grid; the same for all pictures."""
    return Layout(shapes, channels)
