"""Picture files for the tests of the reader, and what it makes of them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from haac._internal import read_picture


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(read_picture(data).image).astype(int)


def gradient(width: int = 24, height: int = 16) -> Image.Image:
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))
