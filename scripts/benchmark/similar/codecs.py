"""Photographs by other codecs within budgets: each at its best scale and quality, by PSNR.

Whole files with their headers, drawn back to the picture's size by Lanczos. Where a codec has no file as small as a budget, its
smallest stands in, with the bytes that it has.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from PIL import Image

from scripts.benchmark.wash import settings, tuned_webp, with_plugins

CODECS = ("WebP", "JPEG XL", "AVIF")
SCALES = (1 / 2, 3 / 8, 1 / 4, 1 / 6, 1 / 8, 1 / 11, 1 / 16, 1 / 24)

Found = tuple[int, Image.Image]
"""Bytes, and the picture decoded to the original's size."""


def within(image: Image.Image, codec: str, budgets: Sequence[int]) -> dict[int, Found]:
    """For each budget the best file, or the smallest if none fits.

    Args:
        image: mode RGB.
        codec: one of `CODECS`.
        budgets: bytes.

    Raises:
        RuntimeError: the codec is not installed.
    """
    return chosen(image, _files(image, codec, max(budgets)), budgets, codec)


def chosen(
    image: Image.Image, files: Iterable[Found], budgets: Sequence[int], codec: str = "codec"
) -> dict[int, Found]:
    """The file of the least squared error for each budget; the smallest (then the best) where none is as small.

    Raises:
        RuntimeError: there are no files.
    """
    pixels = np.asarray(image, np.float32)
    best: dict[int, tuple[float, Found]] = {}
    least: tuple[tuple[int, float], Found] | None = None
    for count, made in files:
        error = float(np.square(pixels - np.asarray(made, np.float32)).mean())
        if least is None or (count, error) < least[0]:
            least = (count, error), (count, made)
        for budget in budgets:
            if count <= budget and (budget not in best or error < best[budget][0]):
                best[budget] = error, (count, made)
    if least is None:
        raise RuntimeError(f"{codec} made no file: is its package installed?")
    return {budget: best[budget][1] if budget in best else least[1] for budget in budgets}


def _files(image: Image.Image, codec: str, largest: int) -> Iterator[Found]:
    """What is tried: of each series by growing size the first in any case, then up to `largest`."""
    with_plugins()
    for scale in SCALES:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        small = image.resize(size, Image.Resampling.LANCZOS)
        for name, format, series in settings(size):
            if name != codec:
                continue
            for options in series:
                buffer = io.BytesIO()
                small.save(buffer, format, **options)
                yield _drawn(buffer.getvalue(), image.size)
                if buffer.tell() > largest:
                    break
        if codec == "WebP":
            for data in tuned_webp(small, largest):
                yield _drawn(data, image.size)


def _drawn(data: bytes, size: tuple[int, int]) -> Found:
    with Image.open(io.BytesIO(data)) as opened:
        return len(data), opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)
