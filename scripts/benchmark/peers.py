"""The smallest file of other codecs that comes as near to a picture as a recipe does."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from haac_evidence._internal import Codec, available_codecs, codec_versions, written
from haac_pipeline._internal import ssim

__all__ = ["available", "smallest", "versions"]

versions = codec_versions

ROUNDED = 0.9995
"""SSIM from which a file counts as good as an identical one: it rounds to 1.000. Asking for all digits would favour recipes, as only
lossless files have them."""


def available() -> list[Codec]:
    """Those that this Pillow, with its plugins, writes, and whose quality is a number."""
    return [codec for codec in available_codecs() if codec.of_quality is None]


def smallest(codec: Codec, picture: Image.Image, least: float) -> tuple[int, float] | None:
    """Bytes and SSIM of the smallest file with an SSIM of `least`; None if none has it.

    Args:
        codec: kind of file.
        picture: RGB.
        least: above ROUNDED, that is asked for.
    """
    least = min(least, ROUNDED)
    return min(_candidates(codec, picture, least), default=None)


def _candidates(codec: Codec, picture: Image.Image, least: float) -> Iterator[tuple[int, float]]:
    if codec.lossless is not None:
        size, found = _tried(codec, picture, codec.lossless)
        if found >= least:
            yield size, found
    for variant in codec.variants:
        # The least quality that does; SSIM rises with it but for trifles.
        low, high = 0, codec.best_quality + 1
        reached: dict[int, tuple[int, float]] = {}
        while high - low > 1:
            middle = (low + high) // 2
            size, found = _tried(codec, picture, {**variant, **codec.quick, "quality": middle})
            if found >= least:
                high = middle
                reached[middle] = size, found
            else:
                low = middle
        yield from reached.values()
        if codec.thorough and reached:
            for quality in range(max(1, high - 1), min(high + 1, codec.best_quality) + 1):
                size, found = _tried(codec, picture, {**variant, **codec.thorough, "quality": quality})
                if found >= least:
                    yield size, found
                    break


def _tried(codec: Codec, picture: Image.Image, options: dict[str, Any]) -> tuple[int, float]:
    """Bytes and SSIM with these options; infinitely many if the library fails."""
    data = written(picture, codec.format, options)
    if data is None:
        return 10**12, -math.inf
    with Image.open(io.BytesIO(data)) as image:
        return len(data), ssim(np.asarray(picture), np.asarray(image.convert("RGB")))
