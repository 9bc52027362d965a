"""Files of other formats that are as good as a recipe: the smallest WebP and AVIF of at least the same PSNR."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, features

if TYPE_CHECKING:
    from collections.abc import Callable

_QUALITIES: Final = (0, 10, 20, 35, 50, 65, 80, 90, 100)


@dataclass(frozen=True, slots=True)
class Rates:
    """Files of one picture.

    Args:
        files: format, bytes and PSNR in decibels of each.
    """

    files: list[tuple[str, int, float]]

    def at_least(self, psnr: float) -> tuple[str, int]:
        """Format and bytes of the smallest file that is as good; without loss if nothing else is."""
        good = [(size, name) for name, size, reached in self.files if reached >= psnr]
        size, name = min(good)
        return name, size


def rates(picture: Image.Image, psnr: Callable[[Any, Any], float]) -> Rates:
    """Encode a picture at many qualities: WebP as slowly as it can, AVIF at its default speed, which costs some per cent of bytes.

    Args:
        picture: RGB.
        psnr: of two arrays.
    """
    pixels, files = np.asarray(picture), []
    formats: dict[str, dict[str, Any]] = {"WebP": {"method": 6}}
    if features.check("avif"):
        formats["AVIF"] = {"speed": 6, "subsampling": "4:2:0"}
    for name, options in formats.items():
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, name, quality=quality, **options)
            with Image.open(buffer) as decoded:
                reached = psnr(pixels, np.asarray(decoded.convert("RGB")))
            files.append((name, buffer.tell(), reached))
    buffer = io.BytesIO()
    picture.save(buffer, "WebP", lossless=True, quality=100, method=6)
    files.append(("WebP", buffer.tell(), math.inf))
    return Rates(files)
