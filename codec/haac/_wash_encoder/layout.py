"""All coefficients of a wash in one row, and all their contexts at once: what `_wash.contexts` tells band by band, for the encoder.

An encoder asks for the contexts of hundreds of tries, and most bands are so small that numpy's calls take longer than the work. So
the bands stand on one canvas for each channel, with two columns and rows of zeros after each: there a neighbour is a step of
the same length for all, and what lies outside a band is zero by itself. Bands finer than any colour needs have a canvas of their own,
for luma (and alpha) alone.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from haac._wash.contexts import (
    EARLIER,
    PARENT,
    PARENT_AROUND,
    PARENT_MEAN,
    PARENT_OTHERS,
    PRODUCT,
    ROWS,
    SIBLING,
    depth,
    kind,
    logarithm,
    sign_share,
    zones,
)
from haac._wash.tables import CAUSAL, CONTEXTS, FEATURES, ZONES, Ints, Tables

COLOUR_DEPTH = 4
"""Finer colours never pay."""
UNCODED = 2 * CONTEXTS
"""The context of what is not coded."""
_GAP = 2
"""Columns and rows of zeros between bands: so far neighbours reach."""


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Bands of some channels, one canvas after the other."""

    start: int
    size: int
    """Of one channel."""
    stride: int
    channels: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + self.size * len(self.channels)


class Layout:
    """Where the coefficients of a grid stand in a row; 0 is the place of nothing.

    Args:
        shapes: of the bands.
        channels: 3 or 4.
    """

    def __init__(self, shapes: tuple[tuple[int, int], ...], channels: int) -> None:
        self.shapes, self.channels = shapes, channels
        self._canvases: list[_Canvas] = []
        self._starts: dict[tuple[int, int], tuple[int, int]] = {}
        """Of (channel, band): first place, and places from row to row."""
        self._place()
        count = len(shapes)
        self.bands = np.zeros(self.size, np.intp)
        """1 + channel * bands + band of each place; 0 outside."""
        self.kinds = np.full(self.size, 12)
        """4 * channel (alpha counts as luma) + kind of the band; 12 outside."""
        self._parents, self._siblings, self._others = (np.zeros((n, self.size), np.intp) for n in (1, 2, 2))
        self._rows = np.zeros(self.size, np.intp)
        rows = [
            np.zeros((1, 5), np.int64)
        ]  # first place, width, row of its band, band, first row of the band
        found = 1
        for (c, b), (start, stride) in self._starts.items():
            height, width = shapes[b]
            here = self.places(c, b)
            self.bands[here] = 1 + c * count + b
            self.kinds[here] = 4 * (c % 3) + kind(b)
            y = np.arange(height)
            self._rows[here] = (found + y)[:, None]
            rows.append(
                np.stack(
                    [start + y * stride, *np.broadcast_arrays(width, y, 1 + c * count + b, found)[:4]], 1
                )
            )
            found += height
            if b > 3:
                first = 3 * depth(b) - 5
                others = [first + n for n in range(3) if first + n != b - 3]
                self._parents[0, here] = self._clamped(c, b - 3, b, 2)
                for n, other in enumerate(others):
                    self._others[n, here] = self._clamped(c, other, b, 2)
            for n, sibling in enumerate({2: [b - 1], 3: [b - 2, b - 1]}.get(kind(b), [])):
                self._siblings[n, here] = self._clamped(c, sibling, b, 1)
        self._table = np.concatenate(rows)
        self._coded: dict[tuple[int, ...], Any] = {}

    def _place(self) -> None:
        """Find a place for each band."""
        levels, at = depth(len(self.shapes) - 1), 0
        height, width = (side + _GAP for side in self.shapes[0])
        corners = {0: (0, 0)}
        for level in range(1, min(levels, COLOUR_DEPTH) + 1):
            b = 3 * level - 2
            corners |= {b: (0, width), b + 1: (height, 0), b + 2: (height, width)}
            height, width = height + self.shapes[b + 1][0] + _GAP, width + self.shapes[b][1] + _GAP
        lots = [(corners, height, width, tuple(range(self.channels)))]
        for level in range(COLOUR_DEPTH + 1, levels + 1):
            b = 3 * level - 2
            lefts = np.cumsum([0, *(self.shapes[b + n][1] + _GAP for n in range(3))]).tolist()
            corners = {b + n: (0, lefts[n]) for n in range(3)}
            height = max(self.shapes[b + n][0] for n in range(3)) + _GAP
            lots.append((corners, height, lefts[3], tuple(c for c in range(self.channels) if c in {0, 3})))
        for corners, height, width, channels in lots:
            at += _GAP * (width + 1)
            self._canvases.append(_Canvas(at, height * width, width, channels))
            for n, c in enumerate(channels):
                for b, (y, x) in corners.items():
                    if 0 not in self.shapes[b]:
                        self._starts[c, b] = at + n * height * width + y * width + x, width
            at = self._canvases[-1].end + _GAP * (width + 1)
        self.size = at

    def _clamped(self, c: int, other: int, b: int, scale: int) -> Ints:
        """For each coefficient of a band the place in another one; its last row and column go on."""
        if (c, other) not in self._starts:
            return np.zeros(self.shapes[b], np.intp)
        start, stride = self._starts[c, other]
        y, x = (
            np.minimum(np.arange(size) // scale, most - 1)
            for size, most in zip(self.shapes[b], self.shapes[other], strict=True)
        )
        found: Ints = start + np.add.outer(y * stride, x)
        return found

    def places(self, channel: int, band: int) -> Ints:
        """(y, x): where the coefficients of a band are."""
        start, stride = self._starts[channel, band]
        height, width = self.shapes[band]
        found: Ints = start + np.add.outer(np.arange(height) * stride, np.arange(width))
        return found

    def row(self, bands: list[Any], kind: type = np.float64) -> Any:
        """Bands of (channel, or 1 for all; y, x) as one row; finer colours are left out."""
        found: Any = np.zeros(self.size, kind)
        for (c, b), (start, stride) in self._starts.items():
            self._view(found, b, start, stride)[:] = bands[b][min(c, len(bands[b]) - 1)]
        return found

    def banded(self, row: Any) -> list[list[Any]]:
        """A row by channel and band: views of it, but zeros for finer colours."""
        return [
            [
                self._view(row, b, *self._starts[c, b])
                if (c, b) in self._starts
                else np.zeros(shape, row.dtype)
                for b, shape in enumerate(self.shapes)
            ]
            for c in range(self.channels)
        ]

    def _view(self, row: Any, band: int, start: int, stride: int) -> Any:
        step = row.itemsize
        return np.ndarray(self.shapes[band], row.dtype, row, start * step, (stride * step, step))

    def by_band(self, values: list[float]) -> NDArray[np.float64]:
        """A number for each band as a row; 1 outside."""
        every = np.concatenate([[1.0], np.tile(np.array(values, np.float64), self.channels)])
        return every[self.bands]

    def coded(self, values: Ints) -> tuple[Any, Ints]:
        """Which places are coded, and which of them hold something."""
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


class Model:
    """The trained weights on a layout.

    Args:
        tables: trained.
        places: layout.
    """

    def __init__(self, tables: Tables, places: Layout) -> None:
        self._tables, self._places = tables, places
        self._every = np.concatenate(
            [tables.weights.reshape(12, -1), np.zeros((1, tables.weights.shape[2]), int)]
        )
        self._weights = np.ascontiguousarray(self._every[:, :FEATURES].T.astype(np.int32)[:, places.kinds])
        self._base = np.where(places.kinds % 4 == 0, 32, 32 + CONTEXTS).astype(np.int32)
        signs = np.concatenate([tables.signs.reshape(12, -1), np.zeros((1, len(CAUSAL) + 2), int)])
        self._signs = signs.T[:, places.kinds]
        zone = zones(0, places.shapes[0])
        self._lowest = [
            (
                places.places(c, 0),
                *(self._every[4 * (c % 3), at + zone] for at in (FEATURES, FEATURES + ZONES)),
            )
            for c in range(places.channels)
        ]

    def contexts(self, values: Ints, step: int, coded: Any) -> Any:
        """Of signed coefficients, all places; `UNCODED` where nothing is coded."""
        places, weights = self._places, self._weights
        sizes: Any = logarithm(np.abs(values)).astype(np.int32)
        around = np.zeros_like(sizes)
        odds = self._by_row(sizes, step)[places._rows].astype(np.int32)
        for where, bias, slope in self._lowest:
            odds[where] += (bias + step * slope).astype(np.int32)
        for canvas in places._canvases:
            at, end, stride = canvas.start, canvas.end, canvas.stride
            here = slice(at, end)
            total = odds[here]
            for n, (dy, dx) in enumerate(CAUSAL):
                off = dy * stride + dx
                total += weights[n, here] * sizes[at + off : end + off]
            total += weights[PRODUCT, here] * (
                sizes[at - 1 : end - 1] * sizes[at - stride : end - stride] >> 4
            )
            across = sizes[at - stride - 1 : end + stride - 1] + sizes[at - stride + 1 : end + stride + 1]
            around[here] = across[stride:-stride]
            around[here] += sizes[at - stride : end - stride]
            around[here] += sizes[at + stride : end + stride]
            if len(canvas.channels) > 2:
                diagonal = across[: -2 * stride] + across[2 * stride :]
                for c in (1, 2):
                    for n in range(c):
                        self._earlier(odds, sizes, around, diagonal, canvas, c, c - 1 - n, EARLIER + 3 * n)
        # Kind and channel are those of the parent.
        odds += (weights[PARENT] * sizes + weights[PARENT_AROUND] * around)[places._parents[0]]
        odds += weights[PARENT_OTHERS] * (sizes[places._others[0]] + sizes[places._others[1]])
        for n in range(2):
            there = places._siblings[n]
            odds += weights[SIBLING + 2 * n] * sizes[there]
            odds += weights[SIBLING + 2 * n + 1] * around[there]
        odds >>= 12
        odds += self._base
        low = self._base - 32
        np.clip(odds, low, low + CONTEXTS - 1, out=odds)
        odds[~coded] = UNCODED
        return odds

    def _earlier(
        self,
        odds: Any,
        sizes: Any,
        around: Any,
        diagonal: Any,
        canvas: _Canvas,
        c: int,
        other: int,
        first: int,
    ) -> None:
        here = slice(canvas.start + c * canvas.size, canvas.start + (c + 1) * canvas.size)
        there = slice(canvas.start + other * canvas.size, canvas.start + (other + 1) * canvas.size)
        relative = slice(other * canvas.size, (other + 1) * canvas.size)
        for n, sums in enumerate((sizes[there], around[there], diagonal[relative])):
            odds[here] += self._weights[first + n, here] * sums

    def _by_row(self, sizes: Ints, step: int) -> Ints:
        """What is the same for a whole row of a band: its bias, the rows above, the mean of the parent."""
        places, every = self._places, self._every
        start, width, y, band, first = places._table.T
        sums = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        whole = sums[start + width] - sums[start]
        before = np.cumsum(whole) - whole
        above = 4 * (before - before[first]) // (y * width + 8)
        count = len(places.shapes)
        areas = np.array([1, *(max(1, h * w) for h, w in places.shapes * places.channels)])
        means = 4 * np.bincount(band, whole, len(areas)).astype(np.int64) // areas
        number = (band - 1) % count
        weights = every[np.where(band, places.kinds[start], 12)]
        parent = np.where(number > 3, means[np.maximum(band - 3, 0)], 0)
        zone = np.minimum((number + 2) // 3, ZONES - 1)
        rows = np.arange(len(band))
        bias = weights[rows, FEATURES + zone] + step * weights[rows, FEATURES + ZONES + zone]
        found: Ints = (
            weights[:, ROWS] * above + weights[:, PARENT_MEAN] * parent + np.where(number > 0, bias, 0)
        )
        return found

    def sign_bits(self, values: Ints, held: Ints) -> float:
        """What the signs of the coefficients at some places cost."""
        places = self._places
        signs = np.sign(values)
        count = len(CAUSAL)
        odds = np.zeros(len(held), np.int64)
        for canvas in places._canvases:
            first, last = np.searchsorted(held, [canvas.start, canvas.end])
            these = held[first:last]
            total = odds[first:last]
            for n, (dy, dx) in enumerate(CAUSAL):
                total += self._signs[n, these] * signs[these + dy * canvas.stride + dx]
            if len(canvas.channels) > 2:
                channel = (these - canvas.start) // canvas.size
                for n in range(2):
                    there = np.where((channel > n) & (channel < 3), these - (n + 1) * canvas.size, 0)
                    total += self._signs[count + n, these] * signs[there]
        shares = sign_share(self._tables, odds)
        return float((12 - np.log2(np.where(signs[held] > 0, shares, 4096 - shares))).sum())

    def pull(self, slopes: Any) -> Any:
        """How bits change with the logarithms of the magnitudes, from how they change with the log-odds at each place."""
        places, weights = self._places, self._weights
        found = np.zeros(places.size, np.float32)
        around = np.zeros(places.size, np.float32)
        for place, sums in ((PARENT, found), (PARENT_AROUND, around)):
            children = np.bincount(places._parents[0], slopes, places.size)
            children[0] = 0
            sums += weights[place] * children
        for n in range(2):
            there = places._siblings[n]
            for place, sums in ((SIBLING + 2 * n, found), (SIBLING + 2 * n + 1, around)):
                below = np.bincount(there, weights[place] * slopes, places.size)
                below[0] = 0
                sums += below
        for canvas in places._canvases:
            if len(canvas.channels) > 2:
                for c in (1, 2):
                    here = slice(canvas.start + c * canvas.size, canvas.start + (c + 1) * canvas.size)
                    for n in range(c):
                        back = slice(here.start - (n + 1) * canvas.size, here.stop - (n + 1) * canvas.size)
                        found[back] += weights[EARLIER + 3 * n, here] * slopes[here]
                        around[back] += weights[EARLIER + 3 * n + 1, here] * slopes[here]
            at, end, stride = canvas.start, canvas.end, canvas.stride
            for n, (dy, dx) in enumerate(CAUSAL):
                off = dy * stride + dx
                found[at + off : end + off] += weights[n, at:end] * slopes[at:end]
            for off in (1, -1, stride, -stride):
                found[at:end] += around[at + off : end + off]
        return found
