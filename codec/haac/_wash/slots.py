"""Symbol-to-slot map of the wash's rANS tables (`haac._rans`), spread evenly as in tANS.

In whatever state a coder is, a symbol then adds the bits that it should. With the slots of a symbol side by side, as the other tables of a
recipe have them, the first symbols that an encoder takes, from a state of almost 0, cost as much as rare ones; and a recipe
that is nothing but a wash ends with it.

Source: the even spread of tANS (J. Duda, arXiv:1311.2540), here for a state of any length.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from haac._wash.tables import load_tables

_TIE = 1e-9
"""Of a symbol and the next. Quotients that are not equal are 2^-22 apart at least."""


@dataclass(frozen=True, eq=False)
class Slots:
    """The map of one table."""

    frequencies: list[int]
    symbols: bytes
    """Of each slot."""
    ranks: Sequence[int]
    """Of each slot: how many slots before it have the same symbol."""

    @functools.cached_property
    def owned(self) -> list[list[int]]:
        """The slots of each symbol, in order; for encoders."""
        found = np.argsort(np.frombuffer(self.symbols, np.uint8), kind="stable")
        return [part.tolist() for part in np.split(found, np.cumsum(self.frequencies)[:-1])]


def spread(frequencies: list[int]) -> Slots:
    """Spread the slots evenly: in the order of (2 rank + 1) / frequency; of equal ones, the lower symbol's is first.

    Args:
        frequencies: of 16 symbols at most; their sum is 4096 at most.
    """
    counts = np.array(frequencies)
    symbols = np.repeat(np.arange(len(counts)), counts)
    ranks = np.arange(len(symbols)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = np.argsort((2 * ranks + 1) / counts[symbols] + _TIE * symbols)
    return Slots(
        frequencies,
        symbols[order].astype(np.uint8).tobytes(),
        memoryview(ranks[order].astype(np.uint16).tobytes()).cast("H"),
    )


@functools.cache
def magnitude_slots(context: int) -> Slots:
    """Slots of the magnitudes in a context."""
    return spread(load_tables().frequencies[context].tolist())


@functools.cache
def sign_slots(plus: int) -> Slots:
    """Slots of the signs, where plus has so many of 4096."""
    return spread([plus, 4096 - plus])
