"""What the paper compares with: WebP and JPEG at their lowest qualities."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

WEBP_0: dict[str, Any] = {"format": "WEBP", "quality": 0, "method": 6}
JPEG_0: dict[str, Any] = {"format": "JPEG", "quality": 0, "optimize": True}
JPEG_1: dict[str, Any] = {"format": "JPEG", "quality": 1, "optimize": True}
"""The paper states the qualities only. Beside them stands the setting by which each encoder takes the time for its smallest file."""


def encoded(picture: Image.Image, options: dict[str, Any]) -> bytes:
    """A picture file.

    Raises:
        PictureError: the format cannot hold the picture, such as more than 16,383 pixels a side in WebP.
    """
    from haac_repo import PictureError

    buffer = io.BytesIO()
    try:
        picture.save(buffer, **options)
    except (OSError, ValueError, MemoryError) as error:
        width, height = picture.size
        raise PictureError(f"{width}x{height} pixels cannot be {options['format']}: {error}") from error
    return buffer.getvalue()


def decoded(data: bytes) -> Image.Image:
    """Its pixels, RGB."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")
