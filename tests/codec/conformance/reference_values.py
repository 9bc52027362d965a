"""The values of the binary form for the second decoder: out of one number, with the tables of docs/format.md."""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs" / "format.md").read_text(encoding="utf-8")
TABLES = {
    name: ([int(f) for f in row.split()], int(growth))
    for name, row, growth in re.findall(r"^\| ([A-Z_]+) \| ([\d ]+) \| (\d+) \|$", PAGE, re.M)
}
"""Frequencies, and what is added to one each time."""
CANVASES = [
    (int(w), int(h))
    for w, h in re.findall(
        r"(\d+)x(\d+)", re.findall(r"^Common canvases, from index 0: (.*)\.$", PAGE, re.M)[0]
    )
]
LONG_SIDES, SHAPES, GRIDS = (
    [
        [int(n) for n in item.split(":")]
        for item in re.findall(rf"^{name}, from index 0: (.*)\.$", PAGE, re.M)[0].split(", ")
    ]
    for name in ("Long sides", "Shapes", "Grids")
)
LIMITS = {
    name: int(value.replace(",", ""))
    for name, value in re.findall(r"^\| ([a-z_]+) \| ([\d,]+) \|", PAGE, re.M)
}


class RefusedError(ValueError):
    """The recipe is not one."""


def require(condition: bool, what: str) -> None:
    if not condition:
        raise RefusedError(what)


@functools.cache
def _spread(frequencies: tuple[int, ...]) -> list[tuple[int, int]]:
    """Of each slot the symbol, and which of the symbol's slots it is."""
    stands = sorted((Fraction(2 * r + 1, f), s, r) for s, f in enumerate(frequencies) for r in range(f))
    return [(s, r) for _, s, r in stands]


class Values:
    """Takes one value after the other out of the number."""

    def __init__(self, state: int, similar: bool = False) -> None:
        self.bits = state.bit_length()
        self.state = state
        self.similar = similar
        self.tables = {name: (frequencies[:], growth) for name, (frequencies, growth) in TABLES.items()}

    def uniform(self, n: int) -> int:
        self.state, slot = divmod(self.state, n)
        return slot

    def symbol(self, table: str) -> int:
        if self.similar and f"LIKE_{table}" in self.tables:
            table = f"LIKE_{table}"
        frequencies, growth = self.tables[table]
        s = self.pick(frequencies)
        frequencies[s] += growth
        return s

    def pick(self, frequencies: list[int]) -> int:
        quotient, slot = divmod(self.state, sum(frequencies))
        s = c = 0
        while slot >= c + frequencies[s]:
            c += frequencies[s]
            s += 1
        self.state = quotient * frequencies[s] + slot - c
        return s

    def spread(self, frequencies: list[int]) -> int:
        owners = _spread(tuple(frequencies))
        quotient, slot = divmod(self.state, len(owners))
        s, r = owners[slot]
        self.state = quotient * frequencies[s] + r
        return s

    def number(self, table: str) -> int:
        return self.bits_below(self.symbol(table))

    def bits_below(self, bits: int) -> int:
        return bits if bits < 2 else (1 << bits - 1) + self.uniform(1 << bits - 1)

    def stepped(self, table: str, n: int, *steps: int) -> int:
        kind = self.symbol(table)
        numbers = [v for v in range(1, n + 1) if v % steps[kind] == 0 and all(v % s for s in steps[:kind])]
        return numbers[self.uniform(len(numbers))]

    def distance(self, side: str, table: str, lengths: list[str], *steps: int) -> int:
        sign = -1 if self.symbol(side) else 1
        kind = self.symbol(table)
        n = self.number(lengths[kind])
        v = 0
        while n > 0:
            v += steps[kind]
            n -= all(v % step for step in steps[:kind])
        return sign * v

    def near(self, other: int) -> int:
        """A number that is about as large as another one."""
        return self.bits_below(self.pick([max(1, 64 >> (s - other.bit_length()) ** 2) for s in range(15)]))

    def canvas(self) -> tuple[int, int]:
        if not self.similar:
            common = self.symbol("CANVAS")
            if common < len(CANVASES):
                return CANVASES[common]
            width = self.number("SIDE")
            return width, self.near(width)
        index = self.symbol("LONG")
        long = LONG_SIDES[index][0] if index < len(LONG_SIDES) else self.number("SIDE")
        index = self.symbol("SHAPE")
        if index < len(SHAPES):
            a, b = SHAPES[index]
            short = (2 * long * b + a) // (2 * a)
        else:
            short = self.near(long)
        return (short, long) if long != short and self.symbol("UPRIGHT") else (long, short)

    def set(self, n: int, bits: int) -> list[int]:
        if n == 0 or bits == 0:
            return [0] * n
        if n == 1:
            return [self.uniform(1 << bits)]
        lower = self.pick([math.comb(n, k) for k in range(n + 1)])
        return self.set(lower, bits - 1) + [v + (1 << bits - 1) for v in self.set(n - lower, bits - 1)]

    def colour(self, size: int) -> tuple[int, ...]:
        return tuple(self.uniform(256**size).to_bytes(size, "big").ljust(4, b"\xff"))

    def where(self, side: int) -> int:
        kind = self.symbol("WHERE")
        if kind == 0:
            return self.uniform(side)
        n = self.number("OUTSIDE")
        return -1 - n if kind == 1 else side + n
