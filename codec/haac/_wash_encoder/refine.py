"""Gradient-guided coordinate refinement: gradients propose changes of coefficients; the decoder's true error accepts or rejects them.

The quantiser looks at the wavelet alone. Here the squared error of the upsampled picture is followed by its gradient
(`_wash_encoder.differentiable`): every coefficient proposes the value that would gain most if nothing else moved (a diagonal quadratic
model); the proposals that promise most are tried together, and kept if D + lambda R falls. A coefficient whose promise did not hold gets a
larger curvature from then on, so that it promises less.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from haac._wash.contexts import depth, logarithm
from haac._wash.synthesis import amplitude, finest_step
from haac._wash.tables import Ints
from haac._wash_encoder.analysis import LOWEST_NORM, Floats
from haac._wash_encoder.context_model import UNCODED
from haac._wash_encoder.differentiable import Drawing, Drawn
from haac._wash_encoder.layout import COLOUR_DEPTH
from haac._wash_encoder.rdoq import Quantiser, State
from haac._wash_value import COEFFICIENT

_CURVATURE = (1.05, 1.05, 1.15, 1.25)
"""Half of the second derivative by a coefficient in the finest bands, the next ones, ...; 1 is the wavelet's own. Somewhat more than single
moves show on the photographs of the training: what promises most is often steeper than it seems."""
_LEAST = 1e-3
"""The least weight that a coefficient counts with."""
_STEEPER = 2.0
"""The factor on the curvature of what did not hold its promise."""
_HOPED = 0.5
"""The part of that curvature that counts when one coefficient is tried at a time: for more than half of them it is less."""
_APART = 48
"""Coefficients of which those that are far apart are tried together, one at a time elsewhere."""
_REACH, _REACH_NET = 1.0, 4
"""How far a coefficient is drawn: times the distance of its band's samples, and beyond that; at twice the grid."""
_SHARE = 0.5
"""Part of all that is promised that is tried at once."""
_HELD = 0.5
"""Part of a promise that must come true."""
_PULLED, _PULLED_ALONE = (2.9, 0.3), (6.0, 0.6)
"""How the price of a bit goes up or down with an excess of bits, and with the sum of the excesses of all trials, all in logarithms; and the
same where one coefficient is tried at a time."""
_CHEAP, _DEAR, _DEARER = 0.4, 2.0, 1.35
"""What a bit costs while there is room left, and while there is too little, and how much more with each trial: times the usual."""
_RANGE = 2.0
"""So far, in logarithms, a price may go."""
_FITTINGS, _MOST, _MOST_MORE = 12, 16, 100
"""Trials to fill the room, and coefficients that one of them moves: one more for so many bits."""


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A trial: signed coefficients, with their rate and their distortion."""

    state: State
    decoded: Floats
    """In steps."""
    error: float
    """In squared steps."""
    drawn: Drawn

    @property
    def bits(self) -> float:
        return self.state.bits


@dataclass(frozen=True, slots=True, eq=False)
class _Proposals:
    """Proposals: for each coefficient that may gain, the value that promises most."""

    places: Ints
    values: Ints
    gains: Floats
    """In squared steps: of the error, and of the bits at their price."""
    bits: Floats
    """More than now."""


class Refinement:
    """Refines the coefficients of a wash with three channels.

    Args:
        drawing: of the wash's grid and its picture.
        quantiser: of the same grid.
        step: of the quantiser.
        start: signed coefficients, in the quantiser's flat layout.
    """

    def __init__(self, drawing: Drawing, quantiser: Quantiser, step: int, start: Ints) -> None:
        self._drawing, self._quantiser, self._step = drawing, quantiser, step
        count = len(quantiser.bands)
        levels = depth(count - 1)
        self._amplitudes = quantiser.amplitudes(step)
        self._finest = finest_step(step, levels) / 64
        lowest = amplitude(0, step) / 16384
        self._unit: float = lowest**2 * drawing.scale * 4**levels * LOWEST_NORM**2
        """A squared step as an error of the picture."""
        known = [_CURVATURE[3], *(_CURVATURE[min(levels - depth(b), 3)] for b in range(1, count))]
        self._usual = quantiser.layout.by_band(known)
        if quantiser.weights is not None:
            self._usual *= np.where(quantiser.layout.bands > 0, np.maximum(quantiser.weights, _LEAST), 1)
        self._curvature = self._usual.copy()
        self._excesses = 0.0
        self._trials = 0
        self._keep(self._trial(start))

    @property
    def bits(self) -> float:
        """Of all coefficients."""
        return self._at.bits

    @property
    def values(self) -> Ints:
        """The signed coefficients, in the flat layout."""
        return self._at.state.values

    @property
    def error(self) -> float:
        """Squared error of the picture, less what is the same for all washes."""
        return self._at.error * self._unit

    def merit(self, trade: float, room: float) -> float:
        """The objective D + lambda (R - room): less is better."""
        return (self._at.error + trade * (self.bits - room)) * self._unit

    def descend(self, trade: float, room: float, trials: int) -> None:
        """Gradient steps: move many coefficients a trial, towards less error at about so many bits.

        Args:
            trade: the Lagrange multiplier: squared steps that a bit may cost.
            room: bits.
            trials: each is decoded once or twice.
        """
        for _ in range(trials):
            price = self._price(trade, room, *_PULLED)
            proposed = self._proposed(price)
            order = np.argsort(-proposed.gains, kind="stable")
            sums = np.cumsum(np.maximum(proposed.gains[order], 0))
            if not len(order) or sums[-1] <= 1e-6:
                break
            self._try(proposed, order[: 1 + int(np.searchsorted(sums, _SHARE * sums[-1]))], price)

    def polish(self, trade: float, room: float, trials: int) -> None:
        """Coordinate descent: move coefficients one by one, on weaker promises, where many at once do not get any further.

        Those that are drawn far from each other are tried together, and judged by what is drawn around each.

        Args:
            trade: the Lagrange multiplier: squared steps that a bit may cost.
            room: bits.
            trials: each is decoded once or twice.
        """
        self._curvature = self._usual * _HOPED
        end = self._trials + trials
        while self._trials < end:
            price = self._price(trade, room, *_PULLED_ALONE)
            proposed = self._proposed(price)
            order = np.argsort(-proposed.gains, kind="stable")[:_APART]
            order = order[proposed.gains[order] > 1e-6]
            if not len(order):
                break
            self._try_each(proposed, order[self._apart(proposed.places[order])], price)
        self._curvature = self._usual.copy()

    def _apart(self, places: Ints) -> list[int]:
        """The first of some places, and those after it whose windows meet none before."""
        chosen = [0]
        windows = self._windows[places]
        for n in range(1, len(places)):
            if all(
                (windows[n, :2] >= windows[m, 2:]).any() or (windows[m, :2] >= windows[n, 2:]).any()
                for m in chosen
            ):
                chosen.append(n)
        return chosen

    def _try_each(self, proposed: _Proposals, which: Ints, price: float) -> None:
        """Try proposals that lie apart, and keep those that gain, each judged by the error around it."""
        tried = self._moved(proposed, which)
        if len(which) > 1:
            fallen = (self._at.drawn.density - tried.drawn.density) / self._unit
            windows = self._windows[proposed.places[which]].tolist()
            fell = [float(fallen[top:bottom, left:right].sum()) for top, left, bottom, right in windows]
            gained = np.array(fell) - price * proposed.bits[which]
            self._damp(proposed.places[which], gained, proposed.gains[which])
            if not (gained > 0).any():
                return
            if not (gained > 0).all():
                which = which[gained > 0]
                tried = self._moved(proposed, which)
        gain = self._gain(tried, price)
        if len(which) == 1:
            self._damp(proposed.places[which], np.array(gain), proposed.gains[which])
        if gain > 0:
            self._keep(tried)

    def _gain(self, tried: _Trial, price: float) -> float:
        """What a trial gains, in squared steps: of the error, and of the bits at their price."""
        return self._at.error - tried.error + price * (self.bits - tried.bits)

    def _damp(self, places: Ints, gained: Floats, promised: Floats) -> None:
        """Raise the curvature of what does not hold its promise: it promises less from then on."""
        steeper = np.where(gained < 0, _STEEPER, math.sqrt(_STEEPER))
        self._curvature[places] *= np.where(gained < _HELD * promised, steeper, 1)

    def _price(self, trade: float, room: float, pulled: float, kept: float) -> float:
        """The Lagrange multiplier of the next trial: a proportional-integral controller of the bits."""
        excess = math.log(max(self.bits, 1) / max(room, 1))
        self._excesses += kept * excess
        return trade * math.exp(min(max(pulled * excess + self._excesses, -_RANGE), _RANGE))

    def _try(self, proposed: _Proposals, which: Ints, price: float) -> None:
        """Try proposals together, and keep them if they gain."""
        tried = self._moved(proposed, which)
        gained = self._gain(tried, price)
        self._damp(proposed.places[which], np.array(gained), proposed.gains[which].sum())
        if gained > 0:
            self._keep(tried)

    def fit(self, trade: float, room: float) -> bool:
        """Fit the bits to the room: fill it with what gains most for each bit, or drop what gains least; tells whether it fits."""
        stuck = False
        for turn in range(_FITTINGS):
            left = room - self.bits
            if 0 <= left < max(1.5, room / 1000):
                break
            price = trade * ((0 if stuck else _CHEAP) if left > 0 else _DEAR * _DEARER**turn)
            proposed = self._proposed(price)
            more = proposed.bits
            if left > 0:
                better = proposed.gains + price * more  # of the error alone
                worth = np.where(more <= left, better / np.maximum(more, 0.3), 0)
            else:
                worth = np.where(more < 0, proposed.gains / np.maximum(-more, 0.1), 0)
            worth *= proposed.gains > 1e-6
            order = np.argsort(-worth, kind="stable")[: _MOST + int(room) // _MOST_MORE]
            order = order[worth[order] > 0]
            if left > 0:
                order = order[np.cumsum(np.maximum(more[order], 0)) <= left]
            else:
                order = order[: 1 + int(np.searchsorted(np.cumsum(-more[order]), -left))]
            if not len(order):
                if left > 0 and stuck:
                    break
                stuck = left > 0
                continue
            tried = self._moved(proposed, order)
            if tried.bits < self.bits if left < 0 else tried.bits <= room and tried.error < self._at.error:
                self._keep(tried)
            else:
                self._curvature[proposed.places[order]] *= _STEEPER
        return self.bits <= room

    @functools.cached_property
    def _windows(self) -> Ints:
        """(place; top, left, bottom, right): the support of a coefficient in the picture, at twice the grid."""
        layout = self._quantiser.layout
        height, width = self._drawing.shape
        found = np.tile(np.array([0, 0, height, width]), (layout.size, 1))
        levels = depth(len(self._quantiser.bands) - 1)
        for c in range(3):
            for b in range(1, len(self._quantiser.bands)):
                if (depth(b) > COLOUR_DEPTH and c) or 0 in layout.shapes[b]:
                    continue
                spacing = 4 << levels - depth(b)
                reach = spacing * _REACH + _REACH_NET
                for axis, length in enumerate((height, width)):
                    centre = (np.arange(layout.shapes[b][axis]) + 0.5) * spacing
                    first = np.clip(np.floor(centre - reach), 0, length)
                    last = np.clip(np.ceil(centre + reach), 0, length)
                    shape = (-1, 1) if axis == 0 else (1, -1)
                    found[layout.places(c, b), axis] = first.reshape(shape)
                    found[layout.places(c, b), axis + 2] = last.reshape(shape)
        return found

    def _moved(self, proposed: _Proposals, which: Ints) -> _Trial:
        values = self.values.copy()
        values[proposed.places[which]] = proposed.values[which]
        return self._trial(values)

    def _keep(self, tried: _Trial) -> None:
        """Accept a trial: take the gradients there."""
        self._at = tried
        places = self._quantiser.layout
        found = places.row(self._drawing.slopes(tried.drawn))
        self._slopes: Floats = found * self._amplitudes / self._unit
        """Of the error in squared steps, by the coefficients in steps."""
        self._influence = self._quantiser.rate_gradient(tried.state)

    def _trial(self, values: Ints) -> _Trial:
        self._trials += 1
        state = self._quantiser.state(self._step, values)
        held = state.held
        decoded = values.astype(np.float64)
        sizes = np.minimum(np.abs(values[held]), 3)
        decoded[held] += np.sign(values[held]) * self._quantiser.costs.points[state.contexts[held], sizes]
        channels = self._quantiser.layout.banded((decoded * self._amplitudes).astype(np.float32))
        error, drawn = self._drawing.error(
            [np.stack(bands) for bands in zip(*channels, strict=True)], self._finest
        )
        return _Trial(state, decoded, error / self._unit, drawn)

    def _proposed(self, price: float) -> _Proposals:
        """For each coefficient the cheapest of the values around its Newton step, and 0, in the contexts that there are."""
        state = self._at.state
        aims = self._at.decoded - self._slopes / (2 * self._curvature)
        live = np.flatnonzero((state.contexts < UNCODED) & ((np.abs(aims) > 0.4) | (state.values != 0)))
        wanted, now, where = aims[live], state.values[live], state.contexts[live]
        influence, curvature = self._influence[live], self._curvature[live]
        rates, points = self._quantiser.costs.rates, self._quantiser.costs.points

        def costs(values: Ints) -> tuple[Floats, Floats]:
            size = np.abs(values)
            missed = wanted - values - np.sign(values) * points[where, np.minimum(size, 3)]
            bits = rates[where, size] + influence * logarithm(size)
            return curvature * missed * missed + price * bits, bits

        before, bits = costs(now)
        best, least, most = now, before, bits
        near = np.clip(np.rint(wanted), -COEFFICIENT, COEFFICIENT).astype(np.int64)
        for candidate in (near, near - np.sign(near), np.zeros_like(near)):
            cost, needed = costs(candidate)
            better = cost < least
            best, most = np.where(better, candidate, best), np.where(better, needed, most)
            least = np.minimum(cost, least)
        return _Proposals(live, best, before - least, most - bits)
