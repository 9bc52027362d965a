"""Coefficients of a wash, moved to where the *drawn* picture is better: slopes propose, the truth decides.

The quantiser looks at the wavelet alone. Here the squared error of what the net draws is followed by its slopes (`_wash_drawing`):
every coefficient proposes the value that would gain most if nothing else moved; the proposals that promise most are tried together,
and kept if error and bits together become less. A coefficient whose promise did not hold counts as steeper from then on, so that it
promises less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from haac._wash import COEFFICIENT
from haac._wash_analysis import Floats
from haac._wash_context import depth, logarithm
from haac._wash_drawing import Drawing, Drawn
from haac._wash_picture import amplitude, finest_step
from haac._wash_quantise import INFLUENCE, Quantiser, State
from haac._wash_tables import Ints

_BEND = (1.05, 1.05, 1.15, 1.25)
"""Half of the second slope by a coefficient in the finest bands, the next ones, ...; 1 is the wavelet's own. Somewhat more than single
moves show on the photographs of the training: what promises most is often steeper than it seems."""
_STEEPER = 2.0
"""So much steeper counts what did not hold its promise."""
_SHARE = 0.5
"""Part of all that is promised that is tried at once."""
_HELD = 0.5
"""Part of a promise that must come true."""
_PULLED = 2.9
"""How the price of a bit goes up or down with an excess of bits, both in logarithms."""
_CHEAP, _DEAR = 0.4, 2.0
"""What a bit costs while there is room left, and while there is too little: times the usual."""
_FITTINGS, _MOST = 8, 24
"""Trials to fill the room, and coefficients that one of them moves."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """Signed coefficients, all in one row, with what they cost."""

    values: Ints
    decoded: Floats
    """In steps."""
    state: State
    error: float
    """In squared steps."""
    drawn: Drawn

    @property
    def bits(self) -> float:
        return self.state.quantised.bits


@dataclass(frozen=True, slots=True, eq=False)
class _Proposed:
    """For each coefficient the value that promises most."""

    values: Ints
    gains: Floats
    """In squared steps: of the error, and of the bits at their price."""
    bits: Floats
    """More than now."""


class Refinement:
    """Moves the coefficients of a wash with three channels.

    Args:
        drawing: of the wash's grid and its picture.
        quantiser: of the same grid.
        step: of the quantiser.
        start: signed coefficients, by channel and band.
    """

    def __init__(self, drawing: Drawing, quantiser: Quantiser, step: int, start: list[list[Ints]]) -> None:
        self._drawing, self._quantiser, self._step = drawing, quantiser, step
        self._shapes = [band.shape[1:] for band in quantiser.bands]
        levels = depth(len(self._shapes) - 1)
        self._amplitudes = [amplitude(b, step) / 16384 for b in range(len(self._shapes))]
        self._finest = finest_step(step, levels) / 64
        self._unit = self._amplitudes[0] ** 2 * drawing.scale * 4**levels * 1.06**2
        """A squared step as an error of the picture."""
        bend = []
        for b, shape in enumerate(self._shapes):
            known = _BEND[min(levels - depth(b), 3)] if b else _BEND[3]
            weight = 1.0 if quantiser.weights is None else quantiser.weights[b]
            bend.append(np.broadcast_to(weight * known, (3, *shape)))
        self._bend: Floats = _by_channel(bend)
        self._at = self._tried(_row(start))
        self._slopes = self._slopes_of(self._at)

    @property
    def bits(self) -> float:
        """Of all coefficients."""
        return self._at.bits

    @property
    def values(self) -> list[list[Ints]]:
        """The signed coefficients, by channel and band."""
        return self._banded(self._at.values)

    def descend(self, trade: float, room: float, trials: int) -> None:
        """Make the error less, with about so many bits.

        Args:
            trade: squared steps that a bit may cost.
            room: bits.
            trials: each is drawn.
        """
        for _ in range(trials):
            price = trade * math.exp(_PULLED * math.log(self.bits / room))
            proposed = self._proposed(price)
            gains = np.sort(proposed.gains[proposed.gains > 1e-6])[::-1]
            if not len(gains):
                break
            sums = np.cumsum(gains)
            moved = np.flatnonzero(proposed.gains >= gains[int(np.searchsorted(sums, _SHARE * sums[-1]))])
            tried = self._moved(proposed, moved)
            gained = self._at.error - tried.error + price * (self.bits - tried.bits)
            if gained < _HELD * proposed.gains[moved].sum():
                self._bend[moved] *= _STEEPER if gained < 0 else math.sqrt(_STEEPER)
            if gained > 0:
                self._keep(tried)

    def fit(self, trade: float, room: float) -> bool:
        """Fill the room with what gains most for each bit, or drop what gains least until the rest fits; tell whether it fits."""
        for turn in range(_FITTINGS):
            left = room - self.bits
            if 0 <= left < max(1.5, room / 1000):
                break
            price = trade * (_CHEAP if left > 0 else _DEAR + turn / 2)
            proposed = self._proposed(price)
            more = proposed.bits
            if left > 0:
                better = proposed.gains + price * more  # of the error alone
                worth = np.where(more <= left, better / np.maximum(more, 0.3), 0)
            else:
                worth = np.where(more < 0, proposed.gains / np.maximum(-more, 0.1), 0)
            worth *= proposed.gains > 1e-6
            order = np.argsort(-worth, kind="stable")[:_MOST]
            order = order[worth[order] > 0]
            if left > 0:
                order = order[np.cumsum(np.maximum(more[order], 0)) <= left]
            else:
                order = order[: 1 + int(np.searchsorted(np.cumsum(-more[order]), -left))]
            if not len(order):
                if left > 0:
                    break
                continue
            tried = self._moved(proposed, order)
            if tried.bits < self.bits if left < 0 else tried.bits <= room and tried.error < self._at.error:
                self._keep(tried)
            else:
                self._bend[order] *= _STEEPER
        return self.bits <= room

    def _moved(self, proposed: _Proposed, places: Ints) -> _Tried:
        values = self._at.values.copy()
        values[places] = proposed.values[places]
        return self._tried(values)

    def _keep(self, tried: _Tried) -> None:
        self._at, self._slopes = tried, self._slopes_of(tried)

    def _tried(self, values: Ints) -> _Tried:
        bands = self._banded(values)
        sizes = [[np.abs(band) for band in row] for row in bands]
        signs = [[np.sign(band) for band in row] for row in bands]
        exact = [[size.astype(np.float64) for size in row] for row in sizes]
        state = self._quantiser.state(self._step, exact, sizes, signs, influence=True, all_bits=True)
        points = self._quantiser.points
        decoded: list[list[Any]] = []
        for rows in zip(bands, signs, sizes, state.quantised.contexts, strict=True):
            decoded.append([])
            for band, sign, size, where in zip(*rows, strict=True):
                beyond = 0 if where is None else sign * points[where, np.minimum(size, 3)]
                decoded[-1].append(band + beyond)
        levels = [
            np.stack([decoded[c][b] for c in range(3)]) * unit for b, unit in enumerate(self._amplitudes)
        ]
        error, drawn = self._drawing.error(levels, self._finest)
        return _Tried(values, _row(decoded), state, error / self._unit, drawn)

    def _slopes_of(self, tried: _Tried) -> Floats:
        """Of the error in squared steps, by the coefficients in steps."""
        found = self._drawing.slopes(tried.drawn)
        pairs = zip(found, self._amplitudes, strict=True)
        slopes: Floats = _by_channel([band * (unit / self._unit) for band, unit in pairs])
        return slopes

    def _proposed(self, price: float) -> _Proposed:
        """For each coefficient the best of the values around the one that its slope leads to, and 0, in the contexts that there are."""
        state = self._at.state
        contexts = _row(
            [
                [
                    np.full(shape, -1) if where is None else where
                    for where, shape in zip(row, self._shapes, strict=True)
                ]
                for row in state.quantised.contexts
            ]
        )
        wanted = self._at.decoded - self._slopes / (2 * self._bend)
        live = np.flatnonzero((contexts >= 0) & ((np.abs(wanted) > 0.4) | (self._at.values != 0)))
        wanted, now, where = wanted[live], self._at.values[live], contexts[live]
        pull, bend = INFLUENCE * _row(state.pull)[live], self._bend[live]
        rates, points = self._quantiser.rates, self._quantiser.points

        def costs(values: Ints) -> tuple[Floats, Floats]:
            size = np.abs(values)
            missed = wanted - values - np.sign(values) * points[where, np.minimum(size, 3)]
            bits = rates[where, size] + pull * logarithm(size)
            return bend * missed * missed + price * bits, bits

        before, bits = costs(now)
        best, least, most = now, before, bits
        near = np.clip(np.rint(wanted), -COEFFICIENT, COEFFICIENT).astype(np.int64)
        for candidate in (near, near - np.sign(near), np.zeros_like(near)):
            cost, needed = costs(candidate)
            better = cost < least
            best, most = np.where(better, candidate, best), np.where(better, needed, most)
            least = np.minimum(cost, least)
        values, gains, more = self._at.values.copy(), np.zeros(len(self._bend)), np.zeros(len(self._bend))
        values[live], gains[live], more[live] = best, before - least, most - bits
        return _Proposed(values, gains, more)

    def _banded(self, row: Ints) -> list[list[Ints]]:
        """A row as channels and bands."""
        bands: list[list[Ints]] = []
        at = 0
        for _ in range(3):
            bands.append([])
            for height, width in self._shapes:
                bands[-1].append(row[at : at + height * width].reshape(height, width))
                at += height * width
        return bands


def _row(bands: list[list[Any]]) -> Any:
    """Channels and bands as one row."""
    return np.concatenate([band.ravel() for row in bands for band in row])


def _by_channel(bands: list[Any]) -> Any:
    """Bands of (channel, y, x) as one row, in the order of `_row`."""
    return np.concatenate([band[c].ravel() for c in range(3) for band in bands])
