"""Base32 digits (Crockford's) of numbers of any length, for the text form and for scripts."""

from __future__ import annotations

import re

from haac_repo import RecipeError

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32, as of ids."""


def to_digits(number: int) -> str:
    """Write a number from 0 on in base32, without leading zeros."""
    bits = f"{number:b}"
    bits = bits.zfill(-(-len(bits) // 5) * 5)
    return "".join(DIGITS[int(bits[n : n + 5], 2)] for n in range(0, len(bits), 5))


def from_digits(digits: str, what: str) -> int:
    """Read a number in base32.

    Raises:
        RecipeError: not what `to_digits` writes; `what` names it in the message.
    """
    if not re.fullmatch(f"(?:0|[{DIGITS[1:]}][{DIGITS}]*)", digits, re.ASCII):
        raise RecipeError(f"the recipe is damaged: {what} is not a number in base32 digits")
    return int("".join(f"{DIGITS.index(digit):05b}" for digit in digits), 2)
