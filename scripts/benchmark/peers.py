"""The smallest file of other codecs that comes as near to a picture as a recipe does."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from PIL import Image, features

from haac_pipeline._compress.quality import ssim

ROUNDED = 0.9995
"""SSIM from which a file counts as good as an identical one: it rounds to 1.000. Asking for all digits would favour recipes, as only
lossless files have them."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How to write files of one kind."""

    name: str
    format: str
    best_quality: int
    """From 1 to this; beyond, or below, there is nothing."""
    variants: tuple[dict[str, Any], ...]
    """Settings that are tried side by side: none is best for all pictures."""
    quick: dict[str, Any] = field(default_factory=dict)
    """For the search..."""
    thorough: dict[str, Any] = field(default_factory=dict)
    """...and for the file that is found."""
    lossless: dict[str, Any] | None = None


CODECS = (
    Codec(
        "AVIF",
        "AVIF",
        100,
        ({"subsampling": "4:2:0"}, {"subsampling": "4:4:4"}),
        {"speed": 4, "max_threads": 1},
        {"speed": 0, "max_threads": 1},
    ),
    Codec(
        "WebP",
        "WEBP",
        100,
        ({}, {"use_sharp_yuv": True}),
        {"method": 6},
        {},
        {"lossless": True, "quality": 100, "method": 6},
    ),
    Codec("JPEG XL", "JXL", 99, ({},), {"effort": 7}, {"effort": 9}, {"lossless": True, "effort": 9}),
    Codec(
        "JPEG", "JPEG", 100, ({"subsampling": 2}, {"subsampling": 0}), {"optimize": True, "progressive": True}
    ),
)


def available() -> list[Codec]:
    """Those that this Pillow, with its plugins, writes."""
    with contextlib.suppress(ImportError):
        import pillow_jxl  # noqa: F401
    Image.init()
    return [
        codec
        for codec in CODECS
        if codec.format in Image.SAVE
        and (codec.format not in ("AVIF", "WEBP") or features.check(codec.format.lower()))
    ]


def versions() -> dict[str, str | None]:
    """Of the libraries behind them."""
    found: dict[str, str | None] = {
        "avif": features.version("avif"),
        "webp": features.version("webp"),
        "jpeg": features.version("libjpeg_turbo"),
    }
    with contextlib.suppress(PackageNotFoundError):
        found["pillow-jxl-plugin"] = version("pillow-jxl-plugin")
    return found


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
    buffer = io.BytesIO()
    try:
        picture.save(buffer, codec.format, **options)
    except RuntimeError:
        return 10**12, -math.inf
    size = len(buffer.getvalue())
    with Image.open(buffer) as image:
        return size, ssim(np.asarray(picture), np.asarray(image.convert("RGB")))
