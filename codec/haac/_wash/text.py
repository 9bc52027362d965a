"""Standalone text form of a wash: its number in base32 digits, for text recipes and scripts."""

from __future__ import annotations

from functools import lru_cache

from haac._digits import from_digits, to_digits
from haac._rans import Decoder, Encoder
from haac._wash_value import Wash
from haac_repo import RecipeError


@lru_cache(
    maxsize=4
)  # an editor asks for those of the same wash again with every change of the layers before it
def wash_digits(wash: Wash, width: int, height: int) -> str:
    """Write a wash of a canvas in base32 digits."""
    from haac._wash.bitstream import code_wash  # brings numpy

    encoder = Encoder()
    code_wash(encoder, width, height, wash)
    return to_digits(encoder.result())


def wash(width: int, height: int, digits: str) -> Wash:
    """Read a wash background from digits, as `haac decompile` writes them into a script.

    Args:
        width: canvas, pixels.
        height: canvas, pixels.
        digits: the coefficients.

    Raises:
        RecipeError: malformed, or outside the limits.
    """
    from haac._wash.bitstream import code_wash  # brings numpy

    decoder = Decoder(from_digits(digits, "its wash"))
    made = code_wash(decoder, width, height, None)
    decoder.finish()
    if wash_digits(made, width, height) != digits:
        raise RecipeError("the recipe is damaged: the same wash is written otherwise")
    return made
