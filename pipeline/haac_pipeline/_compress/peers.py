"""Plain picture files beside a recipe: whether WebP or AVIF would be smaller at its quality."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np

from haac_pipeline._compress.quality import psnr
from haac_repo._internal import flattened

if TYPE_CHECKING:
    from PIL import Image

_LEAST = {"WebP": 150, "AVIF": 400}
"""Bytes of a recipe below which no such file is as small: its headers alone take most of that."""
_SMALLER = 0.98
"""Part of the recipe's bytes from which on a file counts as smaller."""
_TRIALS = 5
_SETTINGS: dict[str, dict[str, int]] = {"WebP": {"method": 4}, "AVIF": {"speed": 8}}


def smaller_file(picture: Image.Image, made: Image.Image, size: int) -> tuple[str, int] | None:
    """The format and about the bytes of a plain file that comes as near to a picture and is smaller; None if there is none.

    Args:
        picture: RGB or RGBA.
        made: what the recipe gives.
        size: bytes of the recipe.
    """
    from PIL import features

    wanted = np.asarray(flattened(picture))
    near = psnr(wanted, np.asarray(flattened(made)))
    found = []
    for name, settings in _SETTINGS.items():
        if size < _LEAST[name] or not features.check(name.lower()):
            continue
        if math.isinf(near):
            lossless = name == "WebP"
            bytes_ = len(_file(picture, name, lossless=True, quality=75, **settings)) if lossless else None
        else:
            bytes_ = _as_near(picture, wanted, name, near, settings)
        if bytes_ is not None and bytes_ < _SMALLER * size:
            found.append((bytes_, name))
    return (min(found)[1], min(found)[0]) if found else None


def _as_near(
    picture: Image.Image,
    wanted: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    name: str,
    near: float,
    settings: dict[str, int],
) -> int | None:
    """Bytes of a file with this PSNR: between qualities that are above and below it, by the logarithm of their sizes."""
    from PIL import Image

    low, high = (0, 0.0, 0), (100, math.inf, 0)
    quality = 60
    for _ in range(_TRIALS):
        data = _file(picture, name, quality=quality, **settings)
        with Image.open(io.BytesIO(data)) as opened:
            found = psnr(wanted, np.asarray(flattened(opened.convert(picture.mode))))
        if found >= near:
            high = quality, found, len(data)
        else:
            low = quality, found, len(data)
        if high[0] - low[0] <= 1:
            break
        if not low[2]:
            quality //= 3
        elif not high[2]:
            quality = min(100, (quality + 102) // 2)
        else:
            share = (near - low[1]) / max(1e-6, high[1] - low[1])
            quality = min(high[0] - 1, max(low[0] + 1, round(low[0] + share * (high[0] - low[0]))))
    if not high[2]:
        return None
    if not low[2] or math.isinf(high[1]):
        return high[2]
    share = (near - low[1]) / max(1e-6, high[1] - low[1])
    return round(low[2] * math.exp(share * math.log(high[2] / low[2])))


def _file(picture: Image.Image, name: str, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, name.upper(), icc_profile=b"", exif=b"", **options)
    return buffer.getvalue()
