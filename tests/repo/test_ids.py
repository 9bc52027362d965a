import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac_repo import LIMITS, HaacError, format_id, parse_id


@given(st.integers(1, LIMITS.id_max))
def test_round_trip(number: int) -> None:
    text = format_id(number)
    assert parse_id(text) == parse_id(text.upper()) == number
    assert not set(text) & set("ilou")


@given(st.integers(1, LIMITS.id_max - 1))
def test_ids_sort_by_length_then_text(number: int) -> None:
    one, next_one = format_id(number), format_id(number + 1)
    assert (len(one), one) < (len(next_one), next_one)


def test_known_values() -> None:
    assert [format_id(n) for n in (1, 31, 32, 7650, LIMITS.id_max)] == ["1", "z", "10", "7f2", "zzzzzzzz"]


def test_what_is_behind_forty_digits_is_not_passed_over() -> None:
    with pytest.raises(HaacError, match="ids run from"):
        parse_id("0" * 39 + "7k2")


def test_letters_that_look_like_digits_are_read_as_such() -> None:
    assert parse_id("iLo") == parse_id("110")


@pytest.mark.parametrize("text", ["", "0", "u", "-1", "1 ", "é", "7_2", "zzzzzzzzz", "1" * 1000])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(HaacError, match="not an element id"):
        parse_id(text)


@given(st.text())
def test_any_text_is_an_id_or_a_haac_error(text: str) -> None:
    with contextlib.suppress(HaacError):
        assert 1 <= parse_id(text) <= LIMITS.id_max
