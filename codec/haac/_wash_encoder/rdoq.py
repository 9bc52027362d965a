"""Rate-distortion-optimised quantisation (RDOQ) of a wash's coefficients, with the rates of the decoder's own tables.

For each coefficient the cost D + lambda R of a few integers is compared; the contexts that follow from the choice change the rates, so the
choice is made anew some times. Coefficients stand in flat arrays, as `_wash_encoder.layout` has them.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from haac._wash.contexts import depth, logarithm
from haac._wash.synthesis import amplitude
from haac._wash.tables import SYMBOLS, Ints, Tables, load_tables
from haac._wash_encoder.analysis import Floats
from haac._wash_encoder.context_model import UNCODED, ContextModel, ShortFloats, ShortInts
from haac._wash_encoder.layout import COLOUR_DEPTH, Layout, layout
from haac._wash_value import COEFFICIENT


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Signed coefficients with their contexts and their rate."""

    values: Ints
    contexts: ShortInts
    held: Ints
    """Indices of those that are not 0."""
    bits: float


@dataclass(slots=True, eq=False)
class Quantised:
    """Coefficients quantised at a step."""

    step: int
    state: State
    error: float
    """In squared amplitudes of the lowest band."""
    trade: float = 0.0
    """The Lagrange multiplier: squared steps that a bit was allowed to cost."""

    @property
    def bits(self) -> float:
        """Of all coefficients."""
        return self.state.bits


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Rates and points of reconstruction out of the trained tables, by context; the last row is for what is not coded."""

    rates: Floats
    """Bits of each magnitude, with one for a sign."""
    slopes: ShortFloats
    """Their derivatives by the log-odds."""
    points: Floats
    """Points of reconstruction beyond a magnitude, steps."""


@functools.lru_cache(maxsize=2)
def _model(tables: Tables, layout: Layout) -> ContextModel:
    return ContextModel(tables, layout)


@functools.lru_cache(maxsize=1)
def _costs(tables: Tables) -> Costs:
    rates = 12 - np.log2(tables.frequencies)
    larger = [rates[:, -1] + 2 * math.floor(math.log2(n)) + 1 for n in range(1, COEFFICIENT - SYMBOLS + 3)]
    rates = np.concatenate([rates[:, :-1], np.stack(larger, 1)], axis=1)
    rates[:, 1:] += 1  # the sign
    slopes = np.gradient(rates[:, :64], axis=0) * 4 / 16384
    below = ((0, 1), (0, 0))
    return Costs(
        np.pad(rates, below), np.pad(slopes, below).astype(np.float32), np.pad(tables.points / 64, below)
    )


class Quantiser:
    """Quantises the coefficients of a picture on one grid.

    Args:
        bands: (channel, y, x) each, levels.
        weights: of the errors, in the same shape; None for all alike.
    """

    def __init__(self, bands: list[Floats], weights: list[Floats] | None) -> None:
        self.bands = bands
        self.channels = len(bands[0])
        self.coefficients = sum(
            band[0].size * (self.channels if depth(b) <= COLOUR_DEPTH else self.channels - 2)
            for b, band in enumerate(bands)
        )
        """How many may be something else than 0."""
        self.layout = layout(tuple(band.shape[1:] for band in bands), self.channels)
        row = self.layout.row(bands)
        self.signs = np.sign(row).astype(np.int64)
        self._sizes = np.abs(row)
        self.weights: Floats | None = None if weights is None else self.layout.row(weights)
        self.model = _model(load_tables(), self.layout)
        self.costs = _costs(load_tables())

    def quantise(self, step: int, trade: float, turns: int = 4, start: Quantised | None = None) -> Quantised:
        """Choose all coefficients: RDOQ in some rounds.

        Args:
            step: of the quantiser.
            trade: the Lagrange multiplier: squared steps that a bit may cost.
            turns: how often the choice is made anew, with the contexts that follow from the one before.
            start: a quantisation of the same step to begin with; rounding, if not given.
        """
        exact = self.exact(step)
        if start is None:
            sizes = np.minimum(np.floor(exact + 0.35), COEFFICIENT).astype(np.int64)
            state = self.state(step, self.signs * sizes)
        else:
            state = start.state
        for _ in range(turns):
            state = self.state(step, self._chosen(exact, trade, state))
        return self._measured(step, exact, state, trade)

    def _measured(self, step: int, exact: Floats, state: State, trade: float) -> Quantised:
        """With the weighted squared error."""
        held = state.held
        sizes = np.abs(state.values[held])
        missed = exact[held] - sizes - self.costs.points[state.contexts[held], np.minimum(sizes, 3)]
        more = missed * missed - exact[held] ** 2
        error = exact @ exact if self.weights is None else (exact * exact) @ self.weights
        error += more.sum() if self.weights is None else more @ self.weights[held]
        unit = amplitude(0, step) / 16384
        return Quantised(step, state, float(error) * unit * unit, trade)

    def topped(self, chosen: Quantised, room: float) -> Quantised:
        """Spend bits that are left over: raise by 1 the coefficients that lower the error most for each bit."""
        exact = self.exact(chosen.step)
        refused: list[int] = []
        rates, points = self.costs.rates, self.costs.points
        for _ in range(_TOPPINGS):
            left = room - chosen.bits
            if left < max(1.5, room / 500):
                break
            state = chosen.state
            live = np.flatnonzero((state.contexts < UNCODED) & (exact > 0))
            where, sizes = state.contexts[live], np.abs(state.values[live])
            now, then = (
                (exact[live] - size - points[where, np.minimum(size, 3)]) ** 2 for size in (sizes, sizes + 1)
            )
            cost = rates[where, np.minimum(sizes + 1, COEFFICIENT)] - rates[where, sizes]
            gain = (now - then) * (1.0 if self.weights is None else self.weights[live])
            gain = np.where((cost <= left) & ~np.isin(live, refused), gain / np.maximum(cost, 0.3), 0)
            at = int(np.argmax(gain)) if len(gain) else 0
            if not len(gain) or gain[at] <= 0:
                break
            values = state.values.copy()
            values[live[at]] += self.signs[live[at]]
            tried = self._measured(chosen.step, exact, self.state(chosen.step, values), chosen.trade)
            if tried.bits <= room and tried.error < chosen.error:
                chosen = tried
            else:
                refused.append(int(live[at]))
        return chosen

    def exact(self, step: int) -> Floats:
        """Magnitudes before quantisation, in steps."""
        found: Floats = self._sizes / self.amplitudes(step)
        return found

    def amplitudes(self, step: int) -> Floats:
        """Step size of each coefficient, levels; 1 where none is."""
        return self.layout.by_band([amplitude(b, step) / 16384 for b in range(len(self.bands))])

    def state(self, step: int, values: Ints) -> State:
        """Contexts and rate of signed coefficients."""
        coded, held = self.layout.coded(values)
        contexts = self.model.contexts(values, step, coded)
        rates, where = self.costs.rates, contexts[held]
        bits = float(
            rates[:, 0][contexts].sum() + (rates[where, np.abs(values[held])] - rates[where, 0]).sum()
        )
        return State(values, contexts, held, bits + self.model.sign_bits(values, held) - len(held))

    def rate_gradient(self, state: State) -> ShortFloats:
        """Gradient of the neighbours' bits by the logarithm of each magnitude, damped."""
        slopes = self.costs.slopes[:, 0][state.contexts]
        sizes = np.minimum(np.abs(state.values[state.held]), 63)
        slopes[state.held] = self.costs.slopes[state.contexts[state.held], sizes]
        found: ShortFloats = _INFLUENCE * self.model.rate_gradient(slopes)
        return found

    def _chosen(self, exact: Floats, trade: float, state: State) -> Ints:
        """For each coefficient the cheapest of the nearest integer, the one below it and 0, in the contexts that there are."""
        live = np.flatnonzero((exact >= 0.5) & (state.contexts < UNCODED))
        where, x = state.contexts[live], exact[live]
        influence = self.rate_gradient(state)[live]
        weight = 1.0 if self.weights is None else self.weights[live]
        high = np.minimum(np.floor(x + 0.5), COEFFICIENT).astype(np.int64)
        best, least = np.zeros_like(high), np.full(len(live), np.inf)
        for candidate in (high, np.maximum(high - 1, 0), np.zeros_like(high)):
            missed = x - candidate - self.costs.points[where, np.minimum(candidate, 3)]
            rate = self.costs.rates[where, candidate] + logarithm(candidate) * influence
            cost = missed * missed * weight + trade * rate
            better = cost < least
            best, least = np.where(better, candidate, best), np.where(better, cost, least)
        values: Ints = np.zeros_like(self.signs)
        values[live] = best * self.signs[live]
        return values


_TOPPINGS = 16
"""Coefficients raised at the end."""
_INFLUENCE = 0.7
"""How much of the effect on the neighbours' bits is believed: they are all chosen at once."""
