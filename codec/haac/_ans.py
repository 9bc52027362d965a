"""One number out of many symbols, and back: asymmetric numeral systems with a state of any length.

Source: Jarek Duda, "Asymmetric numeral systems: entropy coding combining speed of Huffman coding with compression rate of
arithmetic coding", arXiv:1311.2540 (2013), the rANS variant. A streaming coder keeps its state in a machine word and pays for that
with a flush; a recipe is so short that the whole of it fits in one Python integer, which wastes nothing.

A symbol that owns n of `total` slots takes the state x to `x // n * total + slots[x % n]`, which adds log2(total / n) bits. The decoder
undoes the steps last in, first out; hence the encoder collects and goes backwards. From state 0, a symbol whose slots begin with 0 leads
to state 0: it is free. One whose slots are far up costs as much as a rare one, however likely it is: a wash, with which a recipe may end,
has them spread evenly (`_wash_slots`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from haac_repo import RecipeError


class Uniform:
    """The symbols 0 ... total - 1, equally likely."""

    def __init__(self, total: int) -> None:
        self.total = total

    def slots(self, value: int) -> range:
        """Those of a symbol."""
        return range(value, value + 1)

    def symbol(self, slot: int) -> int:
        """The symbol that owns a slot."""
        return slot


class Table:
    """The symbols 0, 1, ... with integer frequencies, slots given out in this order."""

    def __init__(self, *frequencies: int) -> None:
        self._ends = list(accumulate(frequencies))
        self.frequencies = frequencies
        self.total = self._ends[-1]

    def slots(self, value: int) -> range:
        """Those of a symbol."""
        return range(self._ends[value] - self.frequencies[value], self._ends[value])

    def symbol(self, slot: int) -> int:
        """The symbol that owns a slot."""
        return bisect_right(self._ends, slot)


@dataclass(frozen=True, slots=True)
class Coded:
    """One value as it was coded."""

    field: str
    value: int
    bits: float


class Coder(ABC):
    """What the format is described against, once for both directions.

    Each method takes the wanted value as a function, which only an encoder calls, and returns the value.
    """

    def __init__(self) -> None:
        self.trace: list[Coded] = []
        """All values in order, with what each cost."""

    @abstractmethod
    def _transfer(self, table: Uniform | Table, wanted: Callable[[], int]) -> int: ...

    def pick(self, field: str, table: Uniform | Table, wanted: Callable[[], int]) -> int:
        """Code one symbol of a table."""
        value = self._transfer(table, wanted)
        self._note(field, value, table, value)
        return value

    def number(self, field: str, lengths: Table, wanted: Callable[[], int]) -> int:
        """Code a number from 0 on: its length in bits from a table, then the bits below its leading one.

        Source: Elias gamma code (P. Elias, "Universal codeword sets", 1975), with a table for the length.
        """
        length = self._transfer(lengths, lambda: wanted().bit_length())
        self._note(field, length, lengths, length)
        if length < 2:
            return length
        below = Uniform(1 << (length - 1))
        value = below.total + self._transfer(below, lambda: wanted() - below.total)
        cost = self.trace.pop().bits + math.log2(below.total)
        self.trace.append(Coded(field, value, cost))
        return value

    def _note(self, field: str, value: int, table: Uniform | Table, symbol: int) -> None:
        self.trace.append(Coded(field, value, math.log2(table.total / len(table.slots(symbol)))))


class Encoder(Coder):
    """Collects values; `result()` is their number."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[Sequence[int], int]] = []
        """(slots, total) of each symbol in order."""

    def _transfer(self, table: Uniform | Table, wanted: Callable[[], int]) -> int:
        value = wanted()
        self.steps.append((table.slots(value), table.total))
        return value

    def result(self) -> int:
        """The number that decodes to the values in the order in which they were given."""
        state = 0
        for slots, total in reversed(self.steps):
            state, rank = divmod(state, len(slots))
            state = state * total + slots[rank]
        return state


class Decoder(Coder):
    """Takes values out of a number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.bits = number.bit_length()
        self.state = number
        """What is left of the number."""

    def _transfer(self, table: Uniform | Table, wanted: Callable[[], int]) -> int:  # noqa: ARG002 (the encoder's)
        rest, slot = divmod(self.state, table.total)
        value = table.symbol(slot)
        slots = table.slots(value)
        self.state = rest * len(slots) + slot - slots.start
        return value

    def finish(self) -> None:
        """Check that nothing is left.

        Raises:
            RecipeError: the number holds more than was taken out.
        """
        if self.state:
            raise RecipeError("the recipe is damaged: something is left over after its last layer")
