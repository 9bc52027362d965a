"""Inline elements: pixels that travel inside a recipe, as a WebP picture (docs/format.md, "Inline elements").

WebP, since every decoder of it gives the same pixels: AVIF leaves the way from its colours to RGB to the decoder.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haac._digits import from_digits, to_digits
from haac._limits import LIMITS
from haac_repo import LIMITS as REPO_LIMITS
from haac_repo import PictureError, RecipeError

if TYPE_CHECKING:
    from PIL import Image

HEADER = 12
"""Bytes of a WebP file that every one has alike, but for the length: they are not sent."""

_KEY_FRAME = b"\x9d\x01\x2a"
_LOSSLESS = 0x2F
_ALPHA = bytes([0x10, 0, 0, 0])
"""The flags of a picture that has nothing but alpha beside its colours."""


@dataclass(frozen=True, slots=True)
class Inline:
    """An element that is in no repository: its pixels as WebP.

    Args:
        data: a still WebP file, lossy or not, without its first 12 bytes and without metadata.

    Raises:
        RecipeError: not that, or outside the limits. Nothing is decoded yet.
    """

    data: bytes = field(repr=False)
    size: tuple[int, int] = field(init=False, compare=False)
    """Width and height in pixels."""

    def __post_init__(self) -> None:
        if len(self.data) > LIMITS.inline_bytes:
            raise RecipeError(
                f"an inline element has {len(self.data)} bytes; at most {LIMITS.inline_bytes} are allowed"
            )
        width, height = _size(self.data)
        if not (1 <= width <= REPO_LIMITS.element_side and 1 <= height <= REPO_LIMITS.element_side):
            raise _damaged("its size is none that WebP can have")
        if width * height > LIMITS.inline_pixels:
            raise RecipeError(
                f"an inline element has {width}x{height} pixels; at most {LIMITS.inline_pixels} in all are allowed"
            )
        object.__setattr__(self, "size", (width, height))

    def image(self) -> Image.Image:
        """Decode the pixels: RGBA.

        Raises:
            RecipeError: they are damaged.
        """
        from PIL import Image

        header = struct.pack("<4sI4s", b"RIFF", len(self.data) + 4, b"WEBP")
        try:
            with Image.open(io.BytesIO(header + self.data), formats=("WEBP",)) as opened:
                image = opened.convert("RGBA")
        except MemoryError:
            raise
        except Exception as error:  # Pillow raises whatever its decoders do
            raise _damaged(f"it cannot be decoded ({error})") from error
        if image.size != self.size:
            raise _damaged("it has another size than it says")
        return image


def encode_inline(image: Image.Image, quality: int = 80) -> Inline:
    """Encode a picture as an inline element, e.g. for a script: `scene.element(encode_inline(Image.open("cat.png")))`.

    Args:
        image: 8 bits a channel; alpha is kept.
        quality: 0 to 99, or 100: without loss.

    Raises:
        PictureError: a bad quality, no pixels or too many, or a mode that cannot be converted.
        RecipeError: too many bytes.
    """
    if not isinstance(quality, int) or not 0 <= quality <= 100:
        raise PictureError(
            f"an inline element got the quality {quality!r}; a whole number from 0 to 100 is allowed"
        )
    if (
        min(image.size) < 1
        or max(image.size) > REPO_LIMITS.element_side
        or image.width * image.height > LIMITS.inline_pixels
    ):
        raise PictureError(
            f"an inline element would have {image.width}x{image.height} pixels; 1 to {REPO_LIMITS.element_side} a side"
            f" and at most {LIMITS.inline_pixels} in all are allowed"
        )
    buffer = io.BytesIO()
    alpha = "A" in image.getbands() or "transparency" in image.info
    # Metadata is left out, and colours under full transparency are not kept.
    options = {"icc_profile": b"", "exif": b"", "xmp": b"", "method": 4}
    effort = {"lossless": True, "quality": 80} if quality == 100 else {"quality": quality}
    try:
        converted = image.convert("RGBA" if alpha else "RGB")
    except ValueError as error:
        raise PictureError(
            f"an inline element cannot be made of a picture of the mode {image.mode}"
        ) from error
    converted.save(buffer, "WEBP", **options, **effort)
    return Inline(buffer.getvalue()[HEADER:])


def inline(digits: str) -> Inline:
    """Read an inline element from digits, as `haac decompile` writes them into a script.

    Args:
        digits: of the number that its bytes are.

    Raises:
        RecipeError: malformed, or outside the limits.
    """
    number = from_digits(digits, "an inline element")
    return Inline(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def inline_digits(element: Inline) -> str:
    """Write an inline element in base32 digits."""
    return to_digits(int.from_bytes(element.data, "big"))


def _size(data: bytes) -> tuple[int, int]:
    """Parse the chunks of a still WebP picture: its width and height."""
    chunks = list(_chunks(data))
    match [name for name, _ in chunks]:
        case [b"VP8 "]:
            return _lossy_size(chunks[0][1])
        case [b"VP8L"]:
            return _lossless_size(chunks[0][1])
        case [b"VP8X", b"ALPH", b"VP8 "]:
            about, size = chunks[0][1], _lossy_size(chunks[2][1])
            if about[:4] != _ALPHA or about[4:] != b"".join(
                (side - 1 & 0xFFFFFF).to_bytes(3, "little") for side in size
            ):
                raise _damaged("its header does not fit its picture")
            return size
    raise _damaged("it is no still WebP picture without metadata")


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(data):
        if len(chunks) == 3 or at + 8 > len(data):
            raise _damaged("it is no still WebP picture without metadata")
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length
        if end + length % 2 > len(data) or any(data[end : end + length % 2]):
            raise _damaged("it ends too early")
        chunks.append((name, data[at + 8 : end]))
        at = end + length % 2
    return chunks


def _lossy_size(frame: bytes) -> tuple[int, int]:
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != _KEY_FRAME:
        raise _damaged("it does not begin with a whole frame")
    width, height = struct.unpack_from("<HH", frame, 6)
    # The two upper bits ask for a scaling that no decoder does.
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(frame: bytes) -> tuple[int, int]:
    if len(frame) < 5 or frame[0] != _LOSSLESS:
        raise _damaged("it does not begin as a lossless picture does")
    bits = int.from_bytes(frame[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _damaged(why: str) -> RecipeError:
    return RecipeError(f"the recipe is damaged: of an inline element, {why}")
