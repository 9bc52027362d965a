"""Pixels: lossless WebP encoding of elements, content hash of pixels, alpha flattening.

PNG and WebP *bytes* change with the version of their library; pixels do not. So equality is always asked of pixels.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from haac_repo._errors import IntegrityError
from haac_repo._limits import LIMITS

if TYPE_CHECKING:
    from PIL import Image

MEDIA_TYPE = "image/webp"
HEADER_BYTES = 25
"""Of a lossless WebP: all that says what it is, before the first coded pixel."""
_BAND = 2**18
"""Pixels of a piece of a picture that is looked at as a whole."""
_header = struct.Struct("<4sI4s4sIBI")
_LOSSLESS = 0x2F


def pixel_hash(image: Image.Image) -> str:
    """SHA-256 (hex) of an RGBA picture: width and height as big-endian uint32, then the rows, 4 bytes a pixel.

    Pixels of alpha 0 count as they are; `encode` and the renderer make them 0,0,0,0.
    """
    if image.mode != "RGBA":
        raise ValueError(f"pixel_hash needs mode RGBA, not {image.mode}")
    digest = hashlib.sha256(struct.pack(">II", *image.size))
    for band in bands(image):
        digest.update(band.tobytes())
    return digest.hexdigest()


def bands(image: Image.Image) -> Iterator[Image.Image]:
    """A picture from top to bottom in pieces of full width, of which each copy is small."""
    rows = max(1, _BAND // max(1, image.width))
    if image.height <= rows:
        yield image
        return
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(image.height, top + rows)))


def flattened(image: Image.Image, colour: str | tuple[int, int, int] = "white") -> Image.Image:
    """Alpha-composite a picture of any mode over one opaque colour; mode RGB."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    backdrop = Image.new("RGBA", image.size, colour)
    backdrop.alpha_composite(image.convert("RGBA"))
    return backdrop.convert("RGB")


def effort(pixels: int) -> dict[str, int]:
    """Effort of Pillow's WebP encoder for a picture of so many pixels.

    Measured on 3,583 cut-outs of 128 x 128: method 2 takes 3.3 ms, 43 % of the time of method 4, and 4.9 % more bytes; what Pillow takes
    by default takes 8 ms and is 0.3 % smaller than method 4. Photographs by method 1 are 4 % above the default, in a quarter of its
    time, which is what keeps ingest at the pace of the model.
    """
    return {"method": 2, "quality": 50} if pixels <= 2**16 else {"method": 1, "quality": 20}


_LEAST = {"method": 0, "quality": 0}


def encode(image: Image.Image, *, quick: bool = False) -> bytes:
    """Encode RGBA pixels without loss (WebP). Decoding gives the same pixels, also under alpha 0.

    Args:
        image: RGBA.
        quick: with the least effort there is: a fifth to a quarter of the time for large pictures, about 30 % more bytes.
    """
    buffer = io.BytesIO()
    chosen = _LEAST if quick else effort(image.width * image.height)
    image.save(buffer, "WEBP", lossless=True, exact=True, **chosen)
    return buffer.getvalue()


def decode(data: bytes, width: int, height: int) -> Image.Image:
    """Decode the bytes of an element, which must be a lossless WebP of exactly width x height.

    Raises:
        IntegrityError: not such a picture. The size is compared before any pixel is decoded.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
                if image.size != (width, height):
                    raise IntegrityError(
                        f"the stored picture is {image.size[0]}x{image.size[1]}, its record says {width}x{height}"
                    )
                if width * height > LIMITS.element_pixels:
                    raise IntegrityError(
                        f"the stored picture has {width}x{height} pixels; at most {LIMITS.element_pixels} are allowed"
                    )
                return image.convert("RGBA")
    except IntegrityError:
        raise
    except Exception as error:  # Pillow raises whatever its decoders do
        raise IntegrityError(f"the stored bytes are not a readable WebP picture ({error})") from error


def check_header(data: bytes | memoryview, width: int, height: int, length: int | None = None) -> None:
    """Check without decoding that an element begins as a lossless WebP of exactly width x height, and is as long as it says.

    The simple file format with a VP8L bitstream, as `encode` makes it (RFC 9649, 2.6 and 3.4). The bit that says whether there is alpha is
    a hint, of which the record says nothing.

    Args:
        data: The element, or at least its first HEADER_BYTES.
        width: Pixels, as its record says.
        height: The same.
        length: Bytes of the whole element, if `data` is its beginning only.

    Raises:
        IntegrityError: it is something else.
    """
    length = len(data) if length is None else length
    if len(data) < HEADER_BYTES:
        raise IntegrityError(f"the stored bytes are no lossless WebP picture: there are only {length}")
    riff, size, webp, chunk, chunk_size, signature, bits = _header.unpack_from(data)
    if (riff, webp, chunk, signature) != (b"RIFF", b"WEBP", b"VP8L", _LOSSLESS) or bits >> 29:
        raise IntegrityError(
            f"the stored bytes are no lossless WebP picture: they begin with {bytes(data[:16])!r}"
        )
    # Chunks are filled up to even lengths.
    if size + 8 != length or chunk_size + (chunk_size & 1) + 20 != length:
        raise IntegrityError(f"the stored picture says that it has {size + 8} bytes, and it has {length}")
    found = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if found != (width, height):
        raise IntegrityError(f"the stored picture is {found[0]}x{found[1]}, its record says {width}x{height}")
