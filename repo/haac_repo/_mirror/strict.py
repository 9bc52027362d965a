"""Strict parsing of untrusted JSON, and canonical serialisation: whatever is wrong is one IntegrityError."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from haac_repo._errors import IntegrityError
from haac_repo._limits import LIMITS
from haac_repo._text import UNSAFE, UNSAFE_RANGES


class Fields:
    """Validated access to the keys of one JSON object."""

    __slots__ = ("value", "what")

    def __init__(self, value: dict[str, Any], what: str) -> None:
        self.value = value
        self.what = what

    def fail(self, key: str, allowed: str) -> NoReturn:
        """Raise an IntegrityError that says what was found and what is allowed."""
        found = repr(self.value[key])[:60] if key in self.value else "missing"
        seq = f" {self.value['seq']!r:.20}" if "seq" in self.value else ""
        raise IntegrityError(f"{self.what}{seq} is malformed: {key} is {found}; it must be {allowed}")

    def number(self, key: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self.value.get(key)
        # `type is`, since True is an int too.
        if type(value) is not int or not low <= value <= high:
            self.fail(key, f"a whole number from {low} to {high}")
        return value

    def match(self, key: str, full: Callable[[str], object], allowed: str) -> str:
        """A string that `full`, a pattern's `fullmatch`, accepts."""
        value = self.value.get(key)
        if type(value) is not str or not full(value):
            self.fail(key, allowed)
        return value

    def text(self, key: str) -> None:
        """Check an optional text for people."""
        if key in self.value and not is_text(self.value[key], LIMITS.text_chars):
            self.fail(key, f"text of at most {LIMITS.text_chars} characters, without control characters")

    def list(self, key: str, *, optional: bool = False) -> list[Any]:
        """A list."""
        value = self.value.get(key, [] if optional else None)
        if type(value) is not list:
            self.fail(key, "a list")
        return value

    def objects(self, key: str) -> Iterator[Fields]:
        """The objects of a list."""
        for n, value in enumerate(self.list(key), 1):
            if type(value) is not dict:
                self.fail(key, "a list of objects")
            yield Fields(value, f"{self.what}, entry {n} of {key},")


def is_text(value: object, limit: int) -> bool:
    """Whether it is a text without control characters, of at most `limit` characters."""
    return type(value) is str and len(value) <= limit and not UNSAFE.search(value)


def json_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse one JSON object strictly: UTF-8, no key twice, no NaN, nothing that could not be written again."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        if b"\\u" in data:  # perhaps half of a surrogate pair, which is no character
            canonical(value)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(
            f"{what} is not readable JSON ({str(error)[:120] or 'nested too deep'})"
        ) from error
    if not isinstance(value, dict):
        raise IntegrityError(f"{what} is not a JSON object")
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _finite(digits: str) -> float:
    if math.isinf(value := float(digits)):
        raise ValueError("a number is too large")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_twins, parse_constant=_no_constant, parse_float=_finite)


def canonical(value: object) -> bytes:
    """Canonical JSON, one line: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


# Patterns of canonical JSON: what one of them matches needs no other check. Each is narrower than the check it stands for.


def number_form(most: int) -> str:
    """Pattern of whole numbers from 1 on, of fewer digits than `most`."""
    return f"[1-9][0-9]{{0,{len(str(most)) - 2}}}"


def text_form(least: int, most: int, without: str = "") -> str:
    """Pattern of texts of `least` to `most` characters, safe and `without` some others, none of which is escaped."""
    return f'"[^"\\\\{UNSAFE_RANGES}{without}]{{{least},{most}}}"'


def list_form(value: str, most: int) -> str:
    """Pattern of lists of 1 to `most` values."""
    return rf"\[{value}(?:,{value}){{0,{most - 1}}}\]"


def object_form(values: dict[str, str], optional: dict[str, str]) -> Callable[[str], object]:
    """What matches objects of these keys and patterns of values, and no other keys. The last key in order is not optional."""
    pairs = {key: f'"{key}":{value},' for key, value in (values | optional).items()}
    parts = [f"(?:{pair})?" if key in optional else pair for key, pair in sorted(pairs.items())]
    return re.compile(rf"\{{{''.join(parts)[:-1]}\}}").fullmatch
