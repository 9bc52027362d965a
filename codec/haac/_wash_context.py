"""How large will a coefficient be? The context of each, as an integer from what is decoded before it.

The log-odds that a coefficient is not zero are predicted as a weighted sum of logarithms of magnitudes around it: in its band,
in the next coarser band of its kind, in the other bands of its level, in the channels before it. The sum picks a frequency table.
Source of the idea: X. Wu, "High-order context modeling and embedded conditional entropy coding of wavelet coefficients for image
compression", Asilomar 1997; everything here is trained by `scripts/train_wash`.
"""

from __future__ import annotations

import numpy as np

from haac._wash_tables import CAUSAL, CONTEXTS, FEATURES, ZONES, Ints, Tables

LOGARITHM = np.array([(round(16 * np.log2(1 + m))) for m in range(64)], np.int64)
ROWS, PARENT, PARENT_AROUND, PARENT_MEAN, SIBLING, EARLIER = 6, 7, 8, 9, 10, 14
"""Places of the features after the causal ones. Siblings: value and four neighbours, twice; earlier channels: value, four neighbours,
four diagonal ones, twice."""


def logarithm(magnitudes: Ints) -> Ints:
    """round(16 * log2(1 + m)), of 63 for all larger ones."""
    return LOGARITHM[np.minimum(magnitudes, 63)]


def shifted(a: Ints, dy: int, dx: int) -> Ints:
    """The values at (y + dy, x + dx); 0 outside."""
    height, width = a.shape
    result = np.zeros_like(a)
    if abs(dy) < height and abs(dx) < width:
        result[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)] = a[
            max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)
        ]
    return result


def fitted(a: Ints, shape: tuple[int, ...]) -> Ints:
    """Cut to a shape, or continued by the last row and column; zeros if there is none."""
    if 0 in a.shape:
        return np.zeros(shape, a.dtype)
    a = a[: shape[0], : shape[1]]
    if a.shape == shape:
        return a
    return np.pad(a, ((0, shape[0] - a.shape[0]), (0, shape[1] - a.shape[1])), mode="edge")


class Known:
    """The logarithms of a band, with the sums around each place."""

    __slots__ = ("around", "diagonal", "mean", "values")

    def __init__(self, values: Ints) -> None:
        self.values = values
        padded = np.pad(values, 1)
        across = padded[:, :-2] + padded[:, 2:]
        self.around = across[1:-1] + padded[:-2, 1:-1] + padded[2:, 1:-1]
        self.diagonal = across[:-2] + across[2:]
        self.mean = int(4 * values.sum()) // max(1, values.size)


def kind(band: int) -> int:
    """0 LL, 1 HL, 2 LH, 3 HH."""
    return 0 if band == 0 else 1 + (band - 1) % 3


def depth(band: int) -> int:
    """0 for the lowest band, then 1, 2, ... from coarse to fine."""
    return 0 if band == 0 else 1 + (band - 1) // 3


def zones(band: int, shape: tuple[int, ...]) -> Ints:
    """Which bias a coefficient has: by frequency in the lowest band, else by depth."""
    if band:
        return np.full(shape, min(depth(band), ZONES - 1), np.int64)
    return np.minimum(np.add.outer(np.arange(shape[0]), np.arange(shape[1])), ZONES - 1)


def surroundings(
    known: list[list[Known]], channel: int, band: int, shape: tuple[int, ...]
) -> list[tuple[int, Ints | int]]:
    """The features that are known before a band is begun: (place in the weights, value)."""
    found: list[tuple[int, Ints | int]] = []
    if band > 3:
        parent = known[channel][band - 3]
        for place, sums in ((PARENT, parent.values), (PARENT_AROUND, parent.around)):
            found.append((place, fitted(np.repeat(np.repeat(sums, 2, 0), 2, 1), shape)))
        found.append((PARENT_MEAN, parent.mean))
    siblings = {2: [band - 1], 3: [band - 2, band - 1]}.get(kind(band), [])
    for n, sibling in enumerate(siblings):
        found.append((SIBLING + 2 * n, fitted(known[channel][sibling].values, shape)))
        found.append((SIBLING + 2 * n + 1, fitted(known[channel][sibling].around, shape)))
    for n in range(min(channel, 2) if channel < 3 else 0):
        before = known[channel - 1 - n][band]
        found += [
            (EARLIER + 3 * n, before.values),
            (EARLIER + 3 * n + 1, before.around),
            (EARLIER + 3 * n + 2, before.diagonal),
        ]
    return found


def weights_of(tables: Tables, channel: int, band: int) -> Ints:
    """The weights of a band; alpha has those of luma."""
    weights: Ints = tables.weights[channel % 3, kind(band)]
    return weights


def before_band(
    tables: Tables, known: list[list[Known]], channel: int, band: int, shape: tuple[int, ...], step: int
) -> Ints:
    """The part of the log-odds that is known before a band is begun."""
    weights = weights_of(tables, channel, band)
    by_zone: Ints = weights[FEATURES : FEATURES + ZONES] + step * weights[FEATURES + ZONES :]
    total = by_zone[zones(band, shape)]
    for place, value in surroundings(known, channel, band, shape):
        total = np.add(total, weights[place] * value)
    return total


def above(values: Ints) -> Ints:
    """The feature of the rows above: the mean of all of them, for each row."""
    height, width = values.shape
    sums = np.cumsum(values.sum(axis=1)) - values.sum(axis=1)
    mean: Ints = 4 * sums // (np.arange(height) * width + 8)
    return mean


def in_band(tables: Tables, values: Ints, channel: int, band: int) -> Ints:
    """The rest of the log-odds, of a band that is known already."""
    weights = weights_of(tables, channel, band)
    total: Ints = np.broadcast_to((weights[ROWS] * above(values))[:, None], values.shape)
    for weight, (dy, dx) in zip(weights, CAUSAL, strict=False):
        total = total + weight * shifted(values, dy, dx)
    return total


def context(log_odds: Ints, band: int) -> Ints:
    """Which table: a quarter of a nat each, from -8 to 4; the lowest band has tables of its own."""
    found: Ints = np.clip((log_odds >> 12) + 32, 0, CONTEXTS - 1) + (CONTEXTS if band else 0)
    return found
