"""Which slots of the number's state (`_ans`) the symbols of a wash own: those of each one stand evenly among all.

In whatever state a coder is, a symbol then adds the bits that it should. With the slots of a symbol side by side, as the other tables of a
recipe have them, the first symbols that an encoder takes, from a state of almost 0, cost as much as rare ones; and a recipe
that is nothing but a wash ends with it.

Source: the even spread of tANS (J. Duda, arXiv:1311.2540), here for a state of any length.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from haac._wash_tables import load_tables


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Of one table."""

    symbols: list[int]
    """Of each slot."""
    ranks: list[int]
    """Of each slot: how many slots before it have the same symbol."""
    owned: list[list[int]]
    """Of each symbol, in order."""


def spread(frequencies: list[int]) -> Slots:
    """Give out slots in the order of (2 rank + 1) / frequency; of equal ones, the lower symbol's is first."""
    symbols = np.repeat(np.arange(len(frequencies)), frequencies)
    ranks = np.concatenate([np.arange(frequency) for frequency in frequencies])
    # Quotients that are equal round to the same double, others to different ones.
    order = np.argsort((2 * ranks + 1) / np.array(frequencies)[symbols], kind="stable")
    slots = np.argsort(order)
    owned = np.split(slots, np.cumsum(frequencies)[:-1])
    return Slots(symbols[order].tolist(), ranks[order].tolist(), [part.tolist() for part in owned])


@functools.cache
def magnitude_slots(context: int) -> Slots:
    """Of a context's row of frequencies."""
    return spread(load_tables().frequencies[context].tolist())


@functools.cache
def sign_slots(plus: int) -> Slots:
    """Of plus, which has so many of 4096, and minus."""
    return spread([plus, 4096 - plus])
