"""Rate control on one grid: which step, and which Lagrange multiplier, gives so many bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from haac._limits import LIMITS
from haac._wash.tables import Ints
from haac._wash_encoder.analysis import LOWEST_NORM
from haac._wash_encoder.rdoq import Quantised, Quantiser
from haac._wash_value import STEPS, Wash, grid

TRADE = 0.13
"""The usual Lagrange multiplier: squared quantiser steps that a bit may cost."""

_TOPPED = 150
"""Up to so many bytes, bits that are left over are spent before a refinement; beyond, it fills the room itself."""

LARGE = 600
"""From so many bytes on, one step is as good as the next, and a few bits do not matter."""

_USUAL_BITS, _USUAL_STEP, _STEP_BY_BITS, _BITS_BY_STEP = 2500, 16, 0.6, 0.75
"""Of photographs: at so many bits 2^(step / 8) is so large; with which power of the bits it falls, and with which power of it the bits."""

_BITS_BY_TRADE, _WITHIN = 0.35, 0.15
"""By which power bits fall with the multiplier; and how far from the ends of the bracket the next one is, at least."""

Frame = Callable[[Wash], tuple[bytes, float]]
"""What a wash is written into, and its bits."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A wash with its rate and its distortion."""

    wash: Wash
    bits: float
    """Estimated, of the whole recipe."""
    error: float
    """Weighted sum of squared errors of red, green and blue over all pixels; without what no grid of this size can hold."""
    trade: float
    """The Lagrange multiplier: squared quantiser steps that a bit was allowed to cost."""
    values: Ints
    """The signed coefficients, in the grid's flat layout."""


class RateControl:
    """Finds the washes of one picture on one grid that have so many bits.

    Args:
        size: width and height of the picture, pixels.
        levels: of the grid.
        quantiser: of the picture on this grid.
        frame: what a wash is written into.
    """

    def __init__(self, size: tuple[int, int], levels: int, quantiser: Quantiser, frame: Frame) -> None:
        self.size, self.levels, self.quantiser = size, levels, quantiser
        empty = Wash(*grid(*size, levels), 0, (b"",) * quantiser.channels)
        self.overhead = frame(empty)[1] - 3
        """Bits beside the coefficients; an empty luma channel is dear."""
        self.most = int(self.overhead) + LIMITS.wash_work // quantiser.coefficients * 7 // 8
        """Bits of all with a wash that can be decoded in the time that is allowed; some of that time is the layers'."""

    def step_for(self, room: float) -> int:
        """The quantiser step whose wash has about so many bits."""
        step = round(8 * math.log2(_USUAL_STEP * (_USUAL_BITS / max(room, 1)) ** _STEP_BY_BITS))
        for _ in range(4):
            step = min(max(step, 0), STEPS - 1)
            bits = self.quantiser.quantise(step, TRADE, turns=2).bits
            move = round(8 * _BITS_BY_STEP * math.log2(max(bits, 8) / max(room, 8)))
            if abs(move) <= 1:
                return min(max(step + move, 0), STEPS - 1)
            step += move
        return min(max(step, 0), STEPS - 1)

    def filled(self, step: int, room: float) -> Quantised | None:
        """Quantise at one step for at most so many bits: searches the Lagrange multiplier; None if no multiplier is found."""
        low, high = math.log(TRADE / 5), math.log(TRADE * 8)
        at = math.log(TRADE)
        best: Quantised | None = None
        found: Quantised | None = None
        for _ in range(5):
            # What became 0 at the end of a channel does not come back: only from more to less is there a short way.
            start: Quantised | None = found if found and found.bits > room else None
            found = self.quantiser.quantise(step, math.exp(at), turns=1 if start else 3, start=start)
            if found.bits > room:
                low = at
            else:
                high = at
                if best is None or found.error < best.error:
                    best = found
                if found.bits > room - max(4, room / 100):
                    break
            aim = at + math.log(max(found.bits, 8) / room) / _BITS_BY_TRADE
            at = min(max(aim, low + _WITHIN * (high - low)), high - _WITHIN * (high - low))
        largest = _TOPPED if self.quantiser.channels == 3 else LARGE
        return self.quantiser.topped(best, room) if best and room < 8 * largest else best

    def trial(self, chosen: Quantised) -> Trial:
        """The wash of quantised coefficients, with its bits and its error."""
        samples = self.quantiser.bands[0][0].size / LOWEST_NORM**2
        error = chosen.error * self.size[0] * self.size[1] / samples
        values = chosen.state.values
        return Trial(self.wash(chosen.step, values), chosen.bits + self.overhead, error, chosen.trade, values)

    def wash(self, step: int, values: Ints) -> Wash:
        """Write signed coefficients, in the quantiser's flat layout, as a wash."""
        channels = []
        for bands in self.quantiser.layout.banded(values):
            count = max((b + 1 for b, band in enumerate(bands) if band.any()), default=0)
            channels.append(b"".join(band.astype("<i2").tobytes() for band in bands[:count]))
        return Wash(*grid(*self.size, self.levels), step, tuple(channels))
