"""The number coder: values in, one number, the same values out, at the cost that it states."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import haac._rans
from haac._rans import GROWTH, Adaptive, AnyTable, Binomial, Coder, Decoder, Encoder, Table, Uniform
from haac_repo import RecipeError

LENGTHS = Table(*range(1, 42))
uniforms = st.integers(1, 2**40).flatmap(lambda n: st.tuples(st.just(Uniform(n)), st.integers(0, n - 1)))
tables = st.lists(st.integers(1, 1000), min_size=1, max_size=40).flatmap(
    lambda f: st.tuples(st.just(Table(*f)), st.integers(0, len(f) - 1))
)
binomials = st.integers(0, 16).flatmap(lambda n: st.tuples(st.just(Binomial(n)), st.integers(0, n)))
numbers = st.tuples(st.none(), st.integers(0, 2**40 - 1))
sequences = st.lists(uniforms | tables | binomials | numbers, max_size=40)


def code(io: Coder, sequence: list[tuple[AnyTable | None, int]]) -> list[int]:
    def one(table: AnyTable | None, value: int) -> int:
        return io.number("n", LENGTHS, lambda: value) if table is None else io.pick("p", table, lambda: value)

    return [one(table, value) for table, value in sequence]


@given(sequences)
def test_round_trip_and_stated_cost(sequence: list[tuple[AnyTable | None, int]]) -> None:
    encoder = Encoder()
    values = code(encoder, sequence)
    assert values == [value for _, value in sequence]
    number = encoder.result()
    decoder = Decoder(number)
    assert code(decoder, [(table, -1) for table, _ in sequence]) == values
    decoder.finish()
    assert decoder.trace == encoder.trace
    # While the state is small its divisions round: that costs at most about one symbol of the largest table, once.
    assert number.bit_length() <= sum(coded.bits for coded in encoder.trace) + 17


@given(st.lists(st.integers(0, 3), max_size=60))
def test_an_adaptive_table_learns_the_same_in_both_directions(symbols: list[int]) -> None:
    start = Table(5, 1, 1, 9)
    encoder, table = Encoder(), Adaptive(start)
    for symbol in symbols:
        encoder.pick("a", table, lambda s=symbol: s)  # type: ignore[misc]
    assert table.frequencies == [f + GROWTH * symbols.count(s) for s, f in enumerate(start.frequencies)]
    assert start.frequencies == (5, 1, 1, 9)
    decoder, again = Decoder(encoder.result()), Adaptive(start)
    assert [decoder.pick("a", again, lambda: -1) for _ in symbols] == symbols
    decoder.finish()
    assert again.frequencies == table.frequencies


def test_a_binomial_table_counts_ways() -> None:
    table = Binomial(4)
    assert [len(table.slots(k)) for k in range(5)] == [1, 4, 6, 4, 1]
    assert [table.symbol(slot) for slot in range(table.total)] == [0] + [1] * 4 + [2] * 6 + [3] * 4 + [4]


def test_a_binomial_table_of_many() -> None:
    """Its frequencies are larger than what `len` may be of."""
    encoder = Encoder()
    values = [0, 1, 2048, 4000, 4096]
    for value in values:
        encoder.pick("a", Binomial(4096), lambda v=value: v)  # type: ignore[misc]
    decoder = Decoder(encoder.result())
    assert [decoder.pick("a", Binomial(4096), lambda: -1) for _ in values] == values
    decoder.finish()
    assert 6 < encoder.trace[2].bits < 7


def test_symbols_of_slot_zero_at_the_end_are_free() -> None:
    encoder = Encoder()
    encoder.pick("a", Uniform(100), lambda: 42)
    for _ in range(1000):
        encoder.pick("b", Table(1, 9), lambda: 0)
    assert encoder.result() == 42


def test_what_is_left_over_is_an_error() -> None:
    decoder = Decoder(12345)
    decoder.pick("a", Uniform(10), lambda: 0)
    with pytest.raises(RecipeError, match="left over"):
        decoder.finish()


def test_the_example_in_the_docstring() -> None:
    done = doctest.testmod(haac._rans)
    assert done.attempted > 5
    assert done.failed == 0
