"""Short ids: a sequence number, written in lower-case Crockford base32.

Source: Douglas Crockford, "Base 32", https://www.crockford.com/base32.html (without check symbol).
"""

from haac_repo._errors import HaacError
from haac_repo._limits import LIMITS

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {c: v for v, c in enumerate(_ALPHABET)} | {"o": 0, "i": 1, "l": 1}


def format_id(number: int) -> str:
    """Write an element's number as its short id: 1 -> '1', 7650 -> '7f2'.

    Args:
        number: 0 to LIMITS.id_max (0 is never given to an element).
    """
    if number < 0:
        raise ValueError(f"an element id cannot be negative: {number}")
    digits = ""
    while True:
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
        if number == 0:
            return digits


def parse_id(text: str) -> int:
    """Read a short id: upper or lower case, with o read as 0 and i and l as 1.

    Raises:
        HaacError: not an id, or beyond LIMITS.id_max.
    """
    number = 0
    shown = text if len(text) <= 40 else text[:40] + "..."
    digits = text.lower()
    for c in digits[:40]:
        if c not in _VALUES:
            raise HaacError(f"{shown!r} is not an element id: {c!r} is no digit of one; {_ALPHABET} are")
        number = number * 32 + _VALUES[c]
    if len(digits) > 40 or not 1 <= number <= LIMITS.id_max:
        raise HaacError(f"{shown!r} is not an element id: ids run from 1 to {format_id(LIMITS.id_max)}")
    return number
