"""Which multiple of its step each coefficient of a wash becomes: rate-distortion-optimised, for the decoder's own tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from haac._wash import COEFFICIENT
from haac._wash_analysis import Floats
from haac._wash_code import sign_bits, sign_shares
from haac._wash_context import (
    EARLIER,
    PARENT,
    PARENT_AROUND,
    SIBLING,
    Known,
    before_band,
    context,
    depth,
    framed,
    in_band,
    kind,
    logarithm,
    weights_of,
)
from haac._wash_picture import amplitude
from haac._wash_tables import CAUSAL, SYMBOLS, Ints, load_tables


@dataclass(slots=True)
class Quantised:
    """Magnitudes of all coefficients, chosen for a step."""

    step: int
    values: list[list[Ints]]
    contexts: list[list[Ints | None]]
    bits: float
    error: float
    """In squared amplitudes of the lowest band."""
    trade: float = 0.0
    """Squared steps that a bit was allowed to cost."""


class Quantiser:
    """The coefficients of a picture on one grid, and their quantisation."""

    def __init__(self, bands: list[Floats], weights: list[Floats] | None) -> None:
        self.bands, self.weights = bands, weights
        self.channels = len(bands[0])
        self.coefficients = sum(
            band[0].size * (self.channels if depth(b) <= _COLOUR_DEPTH else self.channels - 2)
            for b, band in enumerate(bands)
        )
        """Those that may be something else than 0."""
        self.signs = [[np.sign(band[c]).astype(np.int64) for band in bands] for c in range(self.channels)]
        tables = load_tables()
        rates = 12 - np.log2(tables.frequencies)
        larger = [
            rates[:, -1] + 2 * math.floor(math.log2(n)) + 1 for n in range(1, COEFFICIENT - SYMBOLS + 3)
        ]
        self.rates: Floats = np.concatenate([rates[:, :-1], np.stack(larger, 1)], axis=1)
        self.rates[:, 1:] += 1  # the sign
        self.slopes: Floats = np.gradient(self.rates[:, :64], axis=0) * 4 / 16384
        self.points: Floats = tables.points / 64

    def quantise(self, step: int, trade: float, turns: int = 4, start: Quantised | None = None) -> Quantised:
        """Choose all magnitudes.

        Args:
            step: of the quantiser.
            trade: squared steps that a bit may cost.
            turns: how often the choice is made anew, with the contexts that follow from the one before.
            start: of the same step, to begin with.
        """
        exact = self.exact(step)
        values = self._rounded(exact) if start is None else start.values
        for _ in range(turns):
            values = self._chosen(exact, trade, self.state(step, exact, values, self.signs, influence=True))
        found = self.state(step, exact, values, self.signs, all_bits=True).quantised
        found.trade = trade
        return found

    def _rounded(self, exact: list[list[Floats]]) -> list[list[Ints]]:
        """A first choice."""
        values = [
            [np.minimum(np.floor(band + 0.35), COEFFICIENT).astype(np.int64) for band in bands]
            for bands in exact
        ]
        for bands in values[1:3]:
            for b, band in enumerate(bands):
                if depth(b) > _COLOUR_DEPTH:
                    band[:] = 0
        return values

    def topped(self, chosen: Quantised, room: float) -> Quantised:
        """Spend bits that are left over: raise the coefficients that gain most for each bit."""
        exact = self.exact(chosen.step)
        refused: set[tuple[int, int, int]] = set()
        for _ in range(_TOPPINGS):
            left = room - chosen.bits
            if left < max(1.5, room / 500):
                break
            best, most = None, 0.0
            for c, bands in enumerate(chosen.values):
                for b, band in enumerate(bands):
                    where = chosen.contexts[c][b]
                    if where is None or band.size == 0:
                        continue
                    weight = (
                        1.0 if self.weights is None else self.weights[b][min(c, len(self.weights[b]) - 1)]
                    )
                    now, then = (
                        (exact[c][b] - size - self.points[where, np.minimum(size, 3)]) ** 2
                        for size in (band, band + 1)
                    )
                    cost = self.rates[where, np.minimum(band + 1, COEFFICIENT)] - self.rates[where, band]
                    gain = np.where(cost <= left, (now - then) * weight / np.maximum(cost, 0.3), 0).ravel()
                    for c2, b2, at in refused:
                        if (c2, b2) == (c, b):
                            gain[at] = 0
                    at = int(np.argmax(gain))
                    if gain[at] > most:
                        best, most = (c, b, at), float(gain[at])
            if best is None:
                break
            c, b, at = best
            values = [list(bands) for bands in chosen.values]
            values[c][b] = values[c][b].copy()
            values[c][b].flat[at] += 1
            tried = self.state(chosen.step, exact, values, self.signs, all_bits=True).quantised
            if tried.bits <= room and tried.error < chosen.error:
                tried.trade = chosen.trade
                chosen = tried
            else:
                refused.add(best)
        return chosen

    def exact(self, step: int) -> list[list[Floats]]:
        """Magnitudes in steps."""
        return [
            [np.abs(band[c]) * 16384 / amplitude(b, step) for b, band in enumerate(self.bands)]
            for c in range(self.channels)
        ]

    def state(
        self,
        step: int,
        exact: list[list[Floats]],
        values: list[list[Ints]],
        all_signs: list[list[Ints]],
        *,
        influence: bool = False,
        all_bits: bool = False,
    ) -> State:
        """What magnitudes and signs cost: with their influence on each other's bits, or all bits, those of the signs too."""
        tables = load_tables()
        known = [
            [Known(sign * band) for sign, band in zip(signs, bands, strict=True)]
            for signs, bands in zip(all_signs, values, strict=True)
        ]
        cuts = [max((b + 1 for b, band in enumerate(bands) if band.any()), default=0) for bands in values]
        bits = error = 0.0
        found: list[list[Ints | None]] = []
        weights = self.weights
        pull = [[np.zeros(band.shape) for band in bands] for bands in values]
        for c, bands in enumerate(values):
            found.append([])
            for b, band in enumerate(bands):
                weight = 1.0 if weights is None else weights[b][min(c, len(weights[b]) - 1)]
                if b >= cuts[c]:
                    error += float((exact[c][b] ** 2 * weight).sum())
                    found[c].append(None)
                    continue
                odds = before_band(tables, known, c, b, band.shape, step)
                where = context(odds + in_band(tables, known[c][b].values, c, b), b)
                found[c].append(where)
                bits += float(self.rates[where, band].sum())
                if all_bits:
                    bits += sign_bits(sign_shares(tables, known, c, b), known[c][b].signs) - np.count_nonzero(
                        band
                    )
                error += float(
                    ((exact[c][b] - band - self.points[where, np.minimum(band, 3)]) ** 2 * weight).sum()
                )
                if influence:
                    slope = self.slopes[where, np.minimum(band, 63)]
                    self._pull(pull, c, b, slope, weights_of(tables, c, b))
        unit = amplitude(0, step) / 16384
        return State(Quantised(step, values, found, bits, error * unit * unit), pull, cuts)

    def _pull(self, pull: list[list[Floats]], c: int, b: int, slope: Floats, weights: Ints) -> None:
        """How the bits of this band change with the logarithms of the magnitudes around: added to `pull` there."""
        height, width = slope.shape
        padded = framed(slope, 2)
        for weight, (dy, dx) in zip(weights, CAUSAL, strict=False):
            pull[c][b] += weight * padded[2 - dy : 2 - dy + height, 2 - dx : 2 - dx + width]
        if b > 3:
            parent = pull[c][b - 3]
            height, width = parent.shape
            full = _sized(slope, (2 * height, 2 * width)).reshape(height, 2, width, 2).sum((1, 3))
            parent += weights[PARENT] * full + weights[PARENT_AROUND] * _around(full)
        for n, sibling in enumerate({2: [b - 1], 3: [b - 2, b - 1]}.get(kind(b), [])):
            there = _sized(slope, pull[c][sibling].shape)
            pull[c][sibling] += weights[SIBLING + 2 * n] * there + weights[SIBLING + 2 * n + 1] * _around(
                there
            )
        for n in range(c if c < 3 else 0):
            place = EARLIER + 3 * n
            pull[c - 1 - n][b] += weights[place] * slope + weights[place + 1] * _around(slope)

    def _chosen(self, exact: list[list[Floats]], trade: float, state: State) -> list[list[Ints]]:
        """For each coefficient the best of its two neighbours on the grid and 0, in the contexts that there are."""
        chosen: list[list[Ints]] = []
        weights = self.weights
        for c, bands in enumerate(state.quantised.values):
            chosen.append([])
            for b, band in enumerate(bands):
                where = state.quantised.contexts[c][b]
                if where is None:
                    chosen[c].append(band)
                    continue
                weight = 1.0 if weights is None else weights[b][min(c, len(weights[b]) - 1)]
                x = exact[c][b]
                high = np.minimum(np.floor(x + 0.5), COEFFICIENT).astype(np.int64)
                best, least = band, np.full(band.shape, np.inf)
                for candidate in (high, np.maximum(high - 1, 0), np.zeros_like(high)):
                    missed = x - candidate - self.points[where, np.minimum(candidate, 3)]
                    rate = self.rates[where, candidate] + INFLUENCE * logarithm(candidate) * state.pull[c][b]
                    cost = missed * missed * weight + trade * rate
                    better = cost < least
                    best, least = np.where(better, candidate, best), np.where(better, cost, least)
                chosen[c].append(best)
        return chosen


_COLOUR_DEPTH = 4
"""Finer colours never pay."""
_TOPPINGS = 16
"""Coefficients raised at the end."""
INFLUENCE = 0.7
"""How much of the effect on the neighbours' bits is believed: they are all chosen at once."""


@dataclass(slots=True)
class State:
    """Magnitudes with what they do to each other."""

    quantised: Quantised
    pull: list[list[Floats]]
    cuts: list[int]


def _around(a: Floats) -> Floats:
    padded = framed(a, 1)
    total: Floats = padded[1:-1, :-2] + padded[1:-1, 2:] + padded[:-2, 1:-1] + padded[2:, 1:-1]
    return total


def _sized(a: Floats, shape: tuple[int, ...]) -> Floats:
    if a.shape == shape:
        return a
    result = np.zeros(shape)
    height, width = min(shape[0], a.shape[0]), min(shape[1], a.shape[1])
    result[:height, :width] = a[:height, :width]
    return result
