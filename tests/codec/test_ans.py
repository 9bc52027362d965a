"""The number coder: values in, one number, the same values out, at the cost that it states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac._ans import Coder, Decoder, Encoder, Table, Uniform
from haac_repo import RecipeError

LENGTHS = Table(*range(1, 42))
uniforms = st.integers(1, 2**40).flatmap(lambda n: st.tuples(st.just(Uniform(n)), st.integers(0, n - 1)))
tables = st.lists(st.integers(1, 1000), min_size=1, max_size=40).flatmap(
    lambda f: st.tuples(st.just(Table(*f)), st.integers(0, len(f) - 1))
)
numbers = st.tuples(st.none(), st.integers(0, 2**40 - 1))
sequences = st.lists(uniforms | tables | numbers, max_size=40)


def code(io: Coder, sequence: list[tuple[Uniform | Table | None, int]]) -> list[int]:
    return [
        io.number("n", LENGTHS, lambda v=value: v)
        if table is None
        else io.pick("p", table, lambda v=value: v)
        for table, value in sequence
    ]


@given(sequences)
def test_round_trip_and_stated_cost(sequence: list[tuple[Uniform | Table | None, int]]) -> None:
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
