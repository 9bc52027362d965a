"""Context modelling of a wash: each coefficient's frequency table, chosen by a log-linear predictor out of what is decoded before it.

The log-odds that a coefficient is not zero are predicted as a weighted sum of logarithms of magnitudes around it: in its band,
in the next coarser band of its kind, in the other bands of its level, in the channels before it. The sum picks a frequency table.
Source of the idea: X. Wu, "High-order context modeling and embedded conditional entropy coding of wavelet coefficients for image
compression", Asilomar 1997; everything here is trained by `scripts/train/wash.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from haac._wash.tables import CAUSAL, CONTEXTS, FEATURES, ZONES, Ints, Tables

LOGARITHM = np.array([(round(16 * np.log2(1 + m))) for m in range(64)], np.int64)
ROWS, PARENT, PARENT_AROUND, PARENT_MEAN, SIBLING, EARLIER, PARENT_OTHERS, PRODUCT = (
    6,
    7,
    8,
    9,
    10,
    14,
    20,
    21,
)
"""Places of the features after the causal ones. Siblings: value and four neighbours, twice; earlier channels: value, four neighbours,
four diagonal ones, twice."""


def logarithm(magnitudes: Ints) -> Ints:
    """Companded magnitudes: round(16 * log2(1 + m)), of 63 for all larger ones."""
    return LOGARITHM[np.minimum(magnitudes, 63)]


def zero_padded(a: Any, margin: int) -> Any:
    """Pad with rows and columns of zeros all around. (np.pad takes ten times as long.)"""
    height, width = a.shape
    result = np.zeros((height + 2 * margin, width + 2 * margin), a.dtype)
    result[margin : margin + height, margin : margin + width] = a
    return result


def neighbours(a: Ints) -> list[Ints]:
    """Causal neighbours of each place, those that are decoded before it; 0 outside."""
    height, width = a.shape
    padded = zero_padded(a, 2)
    return [padded[2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width] for dy, dx in CAUSAL]


def fit_shape(a: Ints, shape: tuple[int, ...]) -> Ints:
    """Crop to a shape, or extend by the last row and column; zeros if there is none."""
    if 0 in a.shape:
        return np.zeros(shape, a.dtype)
    a = a[: shape[0], : shape[1]]
    if a.shape == shape:
        return a
    return np.pad(a, ((0, shape[0] - a.shape[0]), (0, shape[1] - a.shape[1])), mode="edge")


class Known:
    """Features of a band for the contexts of others: companded magnitudes, with the sums around each place, and signs."""

    __slots__ = ("around", "diagonal", "mean", "signs", "values")

    def __init__(self, coefficients: Ints) -> None:
        self.signs = np.sign(coefficients)
        self.values = values = logarithm(np.abs(coefficients))
        padded = zero_padded(values, 1)
        across = padded[:, :-2] + padded[:, 2:]
        self.around = across[1:-1] + padded[:-2, 1:-1] + padded[2:, 1:-1]
        self.diagonal = across[:-2] + across[2:]
        self.mean = int(4 * values.sum()) // max(1, values.size)


def kind(band: int) -> int:
    """Orientation of a band: 0 LL, 1 HL, 2 LH, 3 HH."""
    return 0 if band == 0 else 1 + (band - 1) % 3


def depth(band: int) -> int:
    """Level of a band: 0 for the lowest, then 1, 2, ... from coarse to fine."""
    return 0 if band == 0 else 1 + (band - 1) // 3


def zones(band: int, shape: tuple[int, ...]) -> Ints:
    """Index of the bias of each coefficient: by frequency in the lowest band, else by depth."""
    if band:
        return np.full(shape, min(depth(band), ZONES - 1), np.int64)
    return np.minimum(np.add.outer(np.arange(shape[0]), np.arange(shape[1])), ZONES - 1)


def surroundings(
    known: list[list[Known]], channel: int, band: int, shape: tuple[int, ...]
) -> list[tuple[int, Ints | int]]:
    """Features from other bands and channels, known before a band is begun: (index of the weight, value)."""
    found: list[tuple[int, Ints | int]] = []
    if band > 3:
        parent = known[channel][band - 3]
        for place, sums in ((PARENT, parent.values), (PARENT_AROUND, parent.around)):
            found.append((place, fit_shape(np.repeat(np.repeat(sums, 2, 0), 2, 1), shape)))
        found.append((PARENT_MEAN, parent.mean))
        first = 3 * depth(band) - 5  # the HL band of the coarser level
        others = [known[channel][first + n].values for n in range(3) if first + n != band - 3]
        small = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
        together = fit_shape(others[0], small) + fit_shape(others[1], small)
        found.append((PARENT_OTHERS, fit_shape(np.repeat(np.repeat(together, 2, 0), 2, 1), shape)))
    siblings = {2: [band - 1], 3: [band - 2, band - 1]}.get(kind(band), [])
    for n, sibling in enumerate(siblings):
        found.append((SIBLING + 2 * n, fit_shape(known[channel][sibling].values, shape)))
        found.append((SIBLING + 2 * n + 1, fit_shape(known[channel][sibling].around, shape)))
    for n in range(min(channel, 2) if channel < 3 else 0):
        before = known[channel - 1 - n][band]
        found += [
            (EARLIER + 3 * n, before.values),
            (EARLIER + 3 * n + 1, before.around),
            (EARLIER + 3 * n + 2, before.diagonal),
        ]
    return found


def weights_of(tables: Tables, channel: int, band: int) -> Ints:
    """Weights of a band's predictor; alpha has those of luma."""
    weights: Ints = tables.weights[channel % 3, kind(band)]
    return weights


def before_band(
    tables: Tables, known: list[list[Known]], channel: int, band: int, shape: tuple[int, ...], step: int
) -> Ints:
    """Log-odds of a coefficient that is not 0, part 1: from other bands and channels."""
    weights = weights_of(tables, channel, band)
    by_zone: Ints = weights[FEATURES : FEATURES + ZONES] + step * weights[FEATURES + ZONES :]
    total = by_zone[zones(band, shape)]
    for place, value in surroundings(known, channel, band, shape):
        total = np.add(total, weights[place] * value)
    return total


def above(values: Ints) -> Ints:
    """Feature of each row: the mean of all rows above it in the band."""
    height, width = values.shape
    sums = np.cumsum(values.sum(axis=1)) - values.sum(axis=1)
    mean: Ints = 4 * sums // (np.arange(height) * width + 8)
    return mean


def in_band(tables: Tables, values: Ints, channel: int, band: int) -> Ints:
    """Log-odds of a coefficient that is not 0, part 2: from the band itself, when all of it is known."""
    weights = weights_of(tables, channel, band)
    total: Ints = np.broadcast_to((weights[ROWS] * above(values))[:, None], values.shape)
    near = neighbours(values)
    for weight, value in zip(weights, near, strict=False):
        total = total + weight * value
    result: Ints = total + weights[PRODUCT] * product(near)
    return result


def product(near: list[Ints]) -> Ints:
    """Product feature of the left and the upper neighbour: large where both are."""
    found: Ints = near[0] * near[2] >> 4
    return found


def sign_before_band(tables: Tables, known: list[list[Known]], channel: int, band: int) -> Ints | int:
    """Log-odds of a plus sign, part 1: from the channels before."""
    weights = tables.signs[channel % 3, kind(band), len(CAUSAL) :]
    total: Ints | int = 0
    for n in range(channel if channel < 3 else 0):
        total = total + weights[n] * known[channel - 1 - n][band].signs
    return total


def sign_in_band(tables: Tables, signs: Ints, channel: int, band: int) -> Ints:
    """Log-odds of a plus sign, part 2: from the band itself, when all of it is known."""
    total = np.zeros_like(signs)
    for weight, value in zip(tables.signs[channel % 3, kind(band)], neighbours(signs), strict=False):
        total += weight * value
    return total


def sign_share(tables: Tables, log_odds: Ints) -> Ints:
    """Quantise log-odds to the probability of a plus sign, of 4096."""
    found: Ints = tables.sign_shares[np.clip((log_odds + 2048 >> 12) + 12, 0, 24)]
    return found


def context(log_odds: Ints, band: int) -> Ints:
    """Quantise log-odds to a context: a quarter of a nat each, from -8 to 4; the lowest band has tables of its own."""
    found: Ints = np.clip((log_odds >> 12) + 32, 0, CONTEXTS - 1) + (CONTEXTS if band else 0)
    return found
