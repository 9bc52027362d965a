"""A wash by itself as a number: in digits for the text form and scripts, and as the string of `haac blur`."""

from __future__ import annotations

import re

from haac._ans import Decoder, Encoder
from haac._wash import Wash
from haac_repo import RecipeError

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32, as of ids."""


def wash_digits(wash: Wash, width: int, height: int) -> str:
    """A wash of a canvas in base32 digits."""
    from haac._wash_code import code_wash  # brings numpy

    encoder = Encoder()
    code_wash(encoder, width, height, wash)
    number = encoder.result()
    bits = f"{number:b}"
    bits = bits.zfill(-(-len(bits) // 5) * 5)
    return "".join(DIGITS[int(bits[n : n + 5], 2)] for n in range(0, len(bits), 5))


def wash(width: int, height: int, digits: str) -> Wash:
    """A wash background, for a script: what `haac decompile` writes.

    Args:
        width: canvas, pixels.
        height: canvas, pixels.
        digits: the coefficients.

    Raises:
        RecipeError: malformed, or outside the limits.
    """
    from haac._wash_code import code_wash  # brings numpy

    if not re.fullmatch(f"(?:0|[{DIGITS[1:]}][{DIGITS}]*)", digits, re.ASCII):
        raise RecipeError("the recipe is damaged: its wash is not a number in base32 digits")
    decoder = Decoder(int("".join(f"{DIGITS.index(digit):05b}" for digit in digits), 2))
    made = code_wash(decoder, width, height, None)
    decoder.finish()
    if wash_digits(made, width, height) != digits:
        raise RecipeError("the recipe is damaged: the same wash is written otherwise")
    return made
