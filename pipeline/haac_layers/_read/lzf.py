"""LZF, the compression of Krita's tiles (Marc Lehmann's LibLZF, 2000): runs of literals and references to what was before."""

from __future__ import annotations

from haac_repo import PictureError

_LONG = 7
"""Value of the three bits of a length after which another byte adds to it."""


def decompress(packed: bytes, size: int) -> bytes:
    """Inflate a block.

    Args:
        packed: the compressed block.
        size: bytes that it must become; never more are made.

    Raises:
        PictureError: it is broken, or becomes more or fewer.
    """
    out = bytearray()
    at, end = 0, len(packed)
    try:
        while at < end:
            control = packed[at]
            at += 1
            if control < 32:
                out += packed[at : at + control + 1]
                at += control + 1
            else:
                length = control >> 5
                if length == _LONG:
                    length += packed[at]
                    at += 1
                length += 2
                back = ((control & 31) << 8 | packed[at]) + 1
                at += 1
                start = len(out) - back
                if start < 0:
                    raise PictureError("a tile is broken: it refers to what is before its beginning")
                if back >= length:
                    out += out[start : start + length]
                else:  # the reference overlaps what it makes: a pattern
                    pattern = out[start:]
                    out += (pattern * (length // back + 1))[:length]
            if len(out) > size:
                break
    except IndexError as error:
        raise PictureError("a tile is broken: it is cut short") from error
    if len(out) != size:
        raise PictureError(f"a tile is broken: it becomes {len(out):,} bytes or more, not {size:,}")
    return bytes(out)
