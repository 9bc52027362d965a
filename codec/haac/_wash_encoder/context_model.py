"""Vectorised context model of a wash: the contexts of all coefficients at once, as `_wash.contexts` has them band by band.

Works on flat arrays (`_wash_encoder.layout`). Beside the contexts it gives what the signs cost, and the gradient of the bits.
"""

from __future__ import annotations

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
    logarithm,
    sign_share,
    zones,
)
from haac._wash.tables import CAUSAL, CONTEXTS, FEATURES, ZONES, Ints, Tables
from haac._wash_encoder.layout import OUTSIDE, Atlas, Bools, Layout

ShortInts = NDArray[np.int32]
ShortFloats = NDArray[np.float32]

UNCODED = 2 * CONTEXTS
"""The context of what is not coded."""


class ContextModel:
    """The trained weights on a layout.

    Args:
        tables: trained.
        layout: of the coefficients.
    """

    def __init__(self, tables: Tables, layout: Layout) -> None:
        self._tables, self._layout = tables, layout
        self._every = np.concatenate(
            [tables.weights.reshape(12, -1), np.zeros((1, tables.weights.shape[2]), int)]
        )
        self._weights = np.ascontiguousarray(self._every[:, :FEATURES].T.astype(np.int32)[:, layout.kinds])
        self._base = np.where(layout.kinds % 4 == 0, 32, 32 + CONTEXTS).astype(np.int32)
        signs = np.concatenate([tables.signs.reshape(12, -1), np.zeros((1, len(CAUSAL) + 2), int)])
        self._signs = signs.T[:, layout.kinds]
        zone = zones(0, layout.shapes[0])
        self._lowest = [
            (
                layout.places(c, 0),
                *(self._every[4 * (c % 3), at + zone] for at in (FEATURES, FEATURES + ZONES)),
            )
            for c in range(layout.channels)
        ]

    def contexts(self, values: Ints, step: int, coded: Bools) -> ShortInts:
        """The context of each place; `UNCODED` where nothing is coded.

        Args:
            values: signed coefficients.
            step: of the quantiser.
            coded: which places are.
        """
        layout, weights = self._layout, self._weights
        sizes: ShortInts = logarithm(np.abs(values)).astype(np.int32)
        around = np.zeros_like(sizes)
        odds: ShortInts = self._by_row(sizes, step)[layout.rows].astype(np.int32)
        for where, bias, slope in self._lowest:
            odds[where] += (bias + step * slope).astype(np.int32)
        for atlas in layout.atlases:
            at, end, stride = atlas.start, atlas.end, atlas.stride
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
            if len(atlas.channels) > 2:
                diagonal = across[: -2 * stride] + across[2 * stride :]
                self._add_earlier_channels(odds, atlas, (sizes[here], around[here], diagonal))
        # Kind and channel are those of the parent.
        odds += (weights[PARENT] * sizes + weights[PARENT_AROUND] * around)[layout.parents]
        odds += weights[PARENT_OTHERS] * (sizes[layout.parents_others[0]] + sizes[layout.parents_others[1]])
        for n in range(2):
            there = layout.siblings[n]
            odds += weights[SIBLING + 2 * n] * sizes[there]
            odds += weights[SIBLING + 2 * n + 1] * around[there]
        odds >>= 12
        odds += self._base
        low = self._base - 32
        np.clip(odds, low, low + CONTEXTS - 1, out=odds)
        odds[~coded] = UNCODED
        return odds

    def _add_earlier_channels(
        self, odds: ShortInts, atlas: Atlas, features: tuple[ShortInts, ShortInts, ShortInts]
    ) -> None:
        """Add to the log-odds of the two colours what the channels before them tell.

        Args:
            odds: of all places; changed.
            atlas: with luma and both colours.
            features: of the places of the atlas: the value, the sum of its four neighbours, and of the four diagonal ones.
        """
        for c in (1, 2):
            here = atlas.channel(c)
            for n in range(c):
                there = slice((c - 1 - n) * atlas.size, (c - n) * atlas.size)
                for place, sums in enumerate(features, EARLIER + 3 * n):
                    odds[here] += self._weights[place, here] * sums[there]

    def _by_row(self, sizes: ShortInts, step: int) -> Ints:
        """What is the same for a whole row of a band: its bias, the rows above, the mean of the parent."""
        layout, every = self._layout, self._every
        start, width, y, band, first = layout.row_table.T
        sums = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        whole = sums[start + width] - sums[start]
        before = np.cumsum(whole) - whole
        above = 4 * (before - before[first]) // (y * width + 8)
        count = len(layout.shapes)
        areas = np.array([1, *(max(1, h * w) for h, w in layout.shapes * layout.channels)])
        means = 4 * np.bincount(band, whole, len(areas)).astype(np.int64) // areas
        number = (band - 1) % count
        weights = every[np.where(band, layout.kinds[start], OUTSIDE)]
        parent = np.where(number > 3, means[np.maximum(band - 3, 0)], 0)
        zone = np.minimum((number + 2) // 3, ZONES - 1)
        rows = np.arange(len(band))
        bias = weights[rows, FEATURES + zone] + step * weights[rows, FEATURES + ZONES + zone]
        found: Ints = (
            weights[:, ROWS] * above + weights[:, PARENT_MEAN] * parent + np.where(number > 0, bias, 0)
        )
        return found

    def sign_bits(self, values: Ints, held: Ints) -> float:
        """Bits of the signs.

        Args:
            values: signed coefficients.
            held: indices of those that are not 0, ascending.
        """
        layout = self._layout
        signs = np.sign(values)
        count = len(CAUSAL)
        odds = np.zeros(len(held), np.int64)
        for atlas in layout.atlases:
            first, last = np.searchsorted(held, [atlas.start, atlas.end])
            these = held[first:last]
            total = odds[first:last]
            for n, (dy, dx) in enumerate(CAUSAL):
                total += self._signs[n, these] * signs[these + dy * atlas.stride + dx]
            if len(atlas.channels) > 2:
                channel = (these - atlas.start) // atlas.size
                for n in range(2):
                    there = np.where((channel > n) & (channel < 3), these - (n + 1) * atlas.size, 0)
                    total += self._signs[count + n, these] * signs[there]
        shares = sign_share(self._tables, odds)
        return float((12 - np.log2(np.where(signs[held] > 0, shares, 4096 - shares))).sum())

    def rate_gradient(self, slopes: ShortFloats) -> ShortFloats:
        """Gradient of the bits with respect to the logarithms of the magnitudes.

        Args:
            slopes: how the bits at each place change with its log-odds.
        """
        layout, weights = self._layout, self._weights
        found = np.zeros(layout.size, np.float32)
        around = np.zeros(layout.size, np.float32)
        for place, sums in ((PARENT, found), (PARENT_AROUND, around)):
            children = np.bincount(layout.parents, slopes, layout.size)
            children[0] = 0
            sums += weights[place] * children
        for n in range(2):
            there = layout.siblings[n]
            for place, sums in ((SIBLING + 2 * n, found), (SIBLING + 2 * n + 1, around)):
                below = np.bincount(there, weights[place] * slopes, layout.size)
                below[0] = 0
                sums += below
        for atlas in layout.atlases:
            if len(atlas.channels) > 2:
                for c in (1, 2):
                    here = atlas.channel(c)
                    for n in range(c):
                        back = atlas.channel(c - n - 1)
                        found[back] += weights[EARLIER + 3 * n, here] * slopes[here]
                        around[back] += weights[EARLIER + 3 * n + 1, here] * slopes[here]
            at, end, stride = atlas.start, atlas.end, atlas.stride
            for n, (dy, dx) in enumerate(CAUSAL):
                off = dy * stride + dx
                found[at + off : end + off] += weights[n, at:end] * slopes[at:end]
            for off in (1, -1, stride, -stride):
                found[at:end] += around[at + off : end + off]
        return found
