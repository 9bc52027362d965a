"""The best WebP file of at most so many bytes, shown at the picture's size: peers at their best settings.

Tried are: quality by search, method 6, chroma as usual and "sharp" (by `cwebp`, where it is installed: Pillow does not pass that on),
without loss, and smaller pictures enlarged by Lanczos or bicubic filters, whichever is nearer.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from haac_pipeline._compress.quality import psnr

SCALES = (1.0, 0.84, 0.71, 0.59, 0.5, 0.42, 0.35, 0.25, 0.18, 0.125, 0.088, 0.0625)

Encode = Callable[[int], bytes]


def sharp() -> bool:
    """Whether `cwebp` is installed."""
    return shutil.which("cwebp") is not None


class WebpFiles:
    """WebP files of one picture.

    Args:
        picture: RGB.
    """

    def __init__(self, picture: Image.Image) -> None:
        self._picture, self._wanted = picture, np.asarray(picture)
        self._smaller: dict[float, Image.Image] = {}
        self._files: dict[tuple[float, bool, int], bytes] = {}
        self._lossless = _saved(picture, lossless=True, quality=100, method=6)

    def best(self, bytes_: int) -> tuple[float, int, str] | None:
        """PSNR, bytes and how, of the best file of at most so many bytes; None if there is none."""
        if len(self._lossless) <= bytes_:
            return float("inf"), len(self._lossless), "lossless"
        found: list[tuple[float, int, str]] = []
        falling = 0
        for scale in SCALES:
            here = [
                one for way in (False, True) if way <= sharp() and (one := self._filled(scale, way, bytes_))
            ]
            if found and (not here or max(here)[0] < max(found)[0]):
                falling += 1
            found += here
            if falling > 2:
                break
        return max(found, default=None)

    def _filled(self, scale: float, sharply: bool, bytes_: int) -> tuple[float, int, str] | None:
        low, high, best = -1, 101, None
        while high - low > 1:
            middle = (low + high) // 2
            data = self._file(scale, sharply, middle)
            if len(data) <= bytes_:
                low, best = middle, data
            else:
                high = middle
        if best is None:
            return None
        return self._nearness(best), len(best), f"quality {low}, scale {scale}{', sharp' if sharply else ''}"

    def _file(self, scale: float, sharply: bool, quality: int) -> bytes:
        key = scale, sharply, quality
        if key not in self._files:
            if scale not in self._smaller:
                width, height = self._picture.size
                size = max(1, round(scale * width)), max(1, round(scale * height))
                whole = self._picture
                self._smaller[scale] = whole if scale == 1 else whole.resize(size, Image.Resampling.LANCZOS)
            encode: Encode = (
                partial(_sharp, self._smaller[scale]) if sharply else partial(_usual, self._smaller[scale])
            )
            self._files[key] = encode(quality)
        return self._files[key]

    def _nearness(self, data: bytes) -> float:
        with Image.open(io.BytesIO(data)) as opened:
            image = opened.convert("RGB")
        if image.size == self._picture.size:
            return psnr(self._wanted, np.asarray(image))
        filters = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC
        return max(psnr(self._wanted, np.asarray(image.resize(self._picture.size, way))) for way in filters)


def _saved(picture: Image.Image, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **options)
    return buffer.getvalue()


def _usual(picture: Image.Image, quality: int) -> bytes:
    return _saved(picture, quality=quality, method=6)


def _sharp(picture: Image.Image, quality: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder, "x.png"), Path(folder, "x.webp")
        picture.save(path, compress_level=1)
        command = ["cwebp", "-quiet", "-m", "6", "-sharp_yuv", "-q", str(quality), str(path), "-o", str(made)]
        subprocess.run(command, check=True, capture_output=True)
        return made.read_bytes()
