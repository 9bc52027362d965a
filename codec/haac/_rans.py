"""rANS entropy coder whose state is one Python integer of any length: many symbols to one number, and back.

Source: Jarek Duda, "Asymmetric numeral systems: entropy coding combining speed of Huffman coding with compression rate of
arithmetic coding", arXiv:1311.2540 (2013), the rANS variant. A streaming coder keeps its state in a machine word and pays for that
with a flush; a recipe is so short that the whole of it fits in one Python integer, which wastes nothing.

A symbol that owns n of `total` slots takes the state x to `x // n * total + slots[x % n]`, which adds log2(total / n) bits. The decoder
undoes the steps last in, first out; hence the encoder collects and goes backwards. From state 0, a symbol whose slots begin with 0 leads
to state 0: it is free. One whose slots are far up costs as much as a rare one, however likely it is: a wash, with which a recipe may end,
has them spread evenly (`_wash.slots`).

A format is a function of a `Coder`, which codes in either direction: the encoder asks for the values, the decoder returns them. Six days of
weather, of which sunny ones are likely, and the wind of the last one:

>>> weather, bits = Table(12, 3, 1), Table(1, 1, 1, 1, 1, 1)
>>> def code(io: Coder, days: list[int], wind: int) -> tuple[list[int], int]:
...     found = [io.pick("weather", weather, lambda: days[n]) for n in range(6)]
...     return found, io.number("wind", bits, lambda: wind)
>>> encoder = Encoder()
>>> _ = code(encoder, [0, 0, 1, 0, 2, 0], 20)
>>> number = encoder.result()
>>> number, number.bit_length(), round(sum(coded.bits for coded in encoder.trace), 2)
(7668, 13, 14.66)
>>> decoder = Decoder(number)
>>> code(decoder, [], 0)
([0, 0, 1, 0, 2, 0], 20)
>>> decoder.finish()  # nothing is left over
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from haac_repo import RecipeError

T = TypeVar("T")

GROWTH = 8
"""What is added to the frequency of a symbol of an adaptive table each time it is coded."""


class Uniform:
    """Uniform distribution of the symbols 0 ... total - 1."""

    def __init__(self, total: int) -> None:
        self.total = total

    def slots(self, value: int) -> range:
        """Slots of a symbol."""
        return range(value, value + 1)

    def symbol(self, slot: int) -> int:
        """The symbol that owns a slot."""
        return slot


class Table:
    """Static distribution of the symbols 0, 1, ... by integer frequencies; slots are given out in this order."""

    def __init__(self, *frequencies: int) -> None:
        self._ends = list(accumulate(frequencies))
        self.frequencies = frequencies
        self.total = self._ends[-1]

    def slots(self, value: int) -> range:
        """Slots of a symbol."""
        return range(self._ends[value] - self.frequencies[value], self._ends[value])

    def symbol(self, slot: int) -> int:
        """The symbol that owns a slot."""
        return bisect_right(self._ends, slot)


class Adaptive:
    """Adaptive distribution: the frequency of a symbol grows each time it is coded.

    Args:
        table: the frequencies to begin with.
    """

    def __init__(self, table: Table) -> None:
        self.frequencies = list(table.frequencies)
        self.total = table.total

    def slots(self, value: int) -> range:
        """Slots of a symbol, as the frequencies are now."""
        start = sum(self.frequencies[:value])
        return range(start, start + self.frequencies[value])

    def symbol(self, slot: int) -> int:
        """The symbol that owns a slot."""
        for value, frequency in enumerate(self.frequencies):
            if slot < frequency:
                return value
            slot -= frequency
        raise AssertionError("a slot is below the total")

    def count(self, value: int) -> None:
        """Update the frequencies: a symbol was coded."""
        self.frequencies[value] += GROWTH
        self.total += GROWTH


class Binomial:
    """Binomial distribution, p = 1/2: symbol k of 0 ... count owns as many slots as there are subsets of k."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.total = 1 << count

    def slots(self, value: int) -> range:
        """Slots of a symbol."""
        start, ways = 0, 1
        for k in range(value):
            start += ways
            ways = ways * (self._count - k) // (k + 1)
        return range(start, start + ways)

    def symbol(self, slot: int) -> int:
        """The symbol that owns a slot."""
        value, ways = 0, 1
        while slot >= ways:
            slot -= ways
            ways = ways * (self._count - value) // (value + 1)
            value += 1
        return value


AnyTable = Uniform | Table | Adaptive | Binomial


@dataclass(frozen=True, slots=True)
class Coded:
    """One coded value, with its cost: a row of the trace."""

    part: str
    """'scene', or 'layer N' with N from 1, back to front."""
    field: str
    value: int
    bits: float


class Coder(ABC):
    """Base of encoder and decoder: a format is written against it once, for both directions.

    Each method takes the wanted value as a function, which only an encoder calls, and returns the value.
    """

    def __init__(self) -> None:
        self.trace: list[Coded] = []
        """All values in order, with what each cost."""
        self.picks: list[int] = []
        """All symbols in order. Coders of one format that took the same symbols have the same number: each step is one to one."""
        self.part = "scene"
        """The part of the recipe that the values to come belong to."""

    @abstractmethod
    def _transfer(self, table: AnyTable, wanted: Callable[[], int]) -> int: ...

    def pick(self, field: str, table: AnyTable, wanted: Callable[[], int]) -> int:
        """Code one symbol of a table."""
        value = self._transfer(table, wanted)
        slots = table.slots(value)
        cost = math.log2(table.total) - math.log2(slots.stop - slots.start)
        self.trace.append(Coded(self.part, field, value, cost))
        self.picks.append(value)
        if isinstance(table, Adaptive):
            table.count(value)
        return value

    def number(self, field: str, lengths: Table | Adaptive, wanted: Callable[[], int]) -> int:
        """Code an integer from 0 on (Elias gamma): its length in bits from a table, then the bits below its leading one.

        Source: Elias gamma code (P. Elias, "Universal codeword sets", 1975), with a table for the length.
        """

        def code() -> int:
            length = self.pick("", lengths, lambda: wanted().bit_length())
            if length < 2:
                return length
            below = 1 << (length - 1)
            return below + self.pick("", Uniform(below), lambda: wanted() - below)

        return self.joined(field, code, int)

    def joined(self, field: str, code: Callable[[], T], shown: Callable[[T], int]) -> T:
        """Code several symbols that are one value in the trace: `shown` of what `code` returns."""
        first = len(self.trace)
        value = code()
        bits = math.fsum(coded.bits for coded in self.trace[first:])
        self.trace[first:] = [Coded(self.part, field, shown(value), bits)]
        return value


class Encoder(Coder):
    """Collects symbols; `result()` is their number."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[Sequence[int], int]] = []
        """(slots, total) of each symbol in order."""

    def _transfer(self, table: AnyTable, wanted: Callable[[], int]) -> int:
        value = wanted()
        self.steps.append((table.slots(value), table.total))
        return value

    def result(self) -> int:
        """The number that decodes to the values in the order in which they were given."""
        state = 0
        for slots, total in reversed(self.steps):
            count, rank = _length(slots), 0
            if count > 1:  # for a large state the division would take most of the time
                state, rank = divmod(state, count)
            state = state * total + slots[rank]
        return state


def _length(slots: Sequence[int]) -> int:
    """`len`, which a range of more than 2^63 does not have."""
    return slots.stop - slots.start if isinstance(slots, range) else len(slots)


class Decoder(Coder):
    """Takes symbols out of a number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.bits = number.bit_length()
        self.state = number
        """What is left of the number."""

    def _transfer(self, table: AnyTable, wanted: Callable[[], int]) -> int:  # noqa: ARG002 (the encoder's)
        total = table.total
        if total & (total - 1):
            rest, slot = divmod(self.state, total)
        else:  # ten times as fast, for a large state
            rest, slot = self.state >> (total.bit_length() - 1), self.state & (total - 1)
        value = table.symbol(slot)
        slots = table.slots(value)
        count = _length(slots)
        self.state = rest * count + (slot - slots.start) if count > 1 else rest
        return value

    def finish(self) -> None:
        """Check that nothing is left.

        Raises:
            RecipeError: the number holds more than was taken out.
        """
        if self.state:
            raise RecipeError("the recipe is damaged: something is left over after its last layer")
