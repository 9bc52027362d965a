"""Blur strings: a placeholder of a picture in about 25 bytes, as BlurHash and ThumbHash make them, until the picture itself has come.

It is a wash with its shape, and nothing else: base64url of one number (docs/format.md, "Blur strings").
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from haac._limits import LIMITS
from haac._rans import Coder, Decoder, Encoder, Table, Uniform
from haac._wash_value import Wash
from haac_repo import PictureError, RecipeError

if TYPE_CHECKING:
    from PIL import Image

SHAPES = ((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16), (5, 4), (4, 5), (2, 1), (1, 2))
"""Common shapes, width by height; any other one is told in 128ths."""

_SHAPE = Table(8, 7, 7, 7, 7, 7, 4, 2, 2, 2, 2, 9)
_BYTES = 2048


def encode_blur(image: Image.Image, budget: int = 25) -> str:
    """Encode a picture as a blur string.

    Args:
        image: any mode; its alpha and its shape are kept.
        budget: bytes before base64, 12 to 2048: 4 characters for 3 bytes.

    Raises:
        PictureError: a budget that is too small, or too large.
    """
    from PIL import Image

    from haac._wash_encoder.encoder import WashEncoder

    if not 12 <= budget <= _BYTES:
        raise PictureError(f"a blur string got {budget} bytes; 12 to {_BYTES} are allowed")
    shape = _shape(*image.size)
    factor = max(1, 512 // max(shape))

    def frame(wash: Wash) -> tuple[bytes, float]:
        encoder = Encoder()
        _code(encoder, shape, wash)
        return _bytes(shape, wash), sum(coded.bits for coded in encoder.trace)

    small = image.resize((shape[0] * factor, shape[1] * factor), Image.Resampling.LANCZOS)
    return (
        base64.urlsafe_b64encode(_bytes(shape, WashEncoder(small, frame=frame).within(budget).wash))
        .decode()
        .rstrip("=")
    )


def decode_blur(text: str, size: int) -> Image.Image:
    """Decode a blur string to pixels.

    Args:
        text: what `encode_blur` gave.
        size: pixels of the long side.

    Returns:
        RGBA.

    Raises:
        RecipeError: not a blur string, or too large a size.
    """
    from haac._wash.synthesis import wash_picture

    if not 1 <= size <= LIMITS.canvas_side:
        raise RecipeError(
            f"a blur string is to be drawn with {size} pixels; 1 to {LIMITS.canvas_side} are allowed"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", text, re.ASCII) or len(text) > 2 * _BYTES:
        raise RecipeError("this is no blur string: letters, digits, - and _ are allowed")
    try:
        data = base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except binascii.Error as error:
        raise RecipeError("this is no blur string: it was cut off") from error
    decoder = Decoder(int.from_bytes(data, "big"))
    shape, wash = _code(decoder, None, None)
    decoder.finish()
    if _bytes(shape, wash) != data:
        raise RecipeError("this is no blur string, or a damaged one: what it shows is written otherwise")
    width, height = (max(1, (2 * size * side + max(shape)) // (2 * max(shape))) for side in shape)
    if width * height > LIMITS.canvas_pixels:
        raise RecipeError(
            f"a blur string is to be drawn with {width}x{height} pixels; at most {LIMITS.canvas_pixels} in all are allowed"
        )
    return wash_picture(wash, (width, height))


def _shape(width: int, height: int) -> tuple[int, int]:
    """The common shape within 1 %, or the nearest one in 128ths."""
    for shape in SHAPES:
        if abs(width * shape[1] - height * shape[0]) * 100 <= height * shape[0]:
            return shape
    long = max(width, height)
    across, down = (max(1, (256 * side + long) // (2 * long)) for side in (width, height))
    return across, down


def _code(io: Coder, shape: tuple[int, int] | None, given: Wash | None) -> tuple[tuple[int, int], Wash]:
    from haac._wash.bitstream import code_wash  # brings numpy

    def wanted() -> tuple[int, int]:
        assert shape is not None
        return shape

    known = io.pick("shape", _SHAPE, lambda: SHAPES.index(wanted()) if wanted() in SHAPES else len(SHAPES))
    if known < len(SHAPES):
        shape = SHAPES[known]
    else:
        upright = io.pick("upright?", Uniform(2), lambda: int(wanted()[0] < wanted()[1]))
        short = 1 + io.pick("short side", Uniform(128), lambda: min(wanted()) - 1)
        shape = (short, 128) if upright else (128, short)
    return shape, code_wash(io, *shape, given)


def _bytes(shape: tuple[int, int], wash: Wash) -> bytes:
    encoder = Encoder()
    _code(encoder, shape, wash)
    number = encoder.result()
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
