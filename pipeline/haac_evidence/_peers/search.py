"""The best file of a codec within a number of bytes: rate-constrained search over quality, scale and settings.

For every budget the quality is found by bisection, at the scale of the picture and the settings that give the highest PSNR. Scales are
climbed: at a few hundred bytes each codec is at its best on a picture of a tenth of the size, drawn back to the whole one by Lanczos.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from haac_evidence._codecs.codec import EFFORTS, SMALL, read
from haac_pipeline._internal import psnr

if TYPE_CHECKING:
    from haac_evidence._codecs.codec import Codec

SCALES = (1, 0.8, 0.65, 0.5, 0.4, 0.32, 0.25, 0.2, 0.16, 0.125, 0.1, 0.08, 0.0625, 0.05, 0.04, 0.03)
"""Of both sides, from large to small."""
PLAIN = tuple(SCALES.index(scale) for scale in (1, 0.5, 0.25, 0.125))
"""Scales that are tried in any case: blocks fit there as in the picture itself."""
AHEAD = 2
"""Scales beyond the best one that are looked at."""
RIPPLE = 3
"""Qualities that are looked at by their PSNR: of small pictures, files of a higher quality may be smaller, or worse."""
LANCZOS = Image.Resampling.LANCZOS


@dataclass(frozen=True, slots=True)
class Tried:
    """A file within a limit."""

    data: bytes
    payload: int
    """Bytes without the header."""
    psnr: float
    quality: int
    what: str
    """Its settings, for people."""

    @property
    def header(self) -> int:
        """Bytes of it."""
        return len(self.data) - self.payload


@dataclass(slots=True)
class _Series:
    """Files of one scale and one set of options, by quality."""

    files: dict[int, bytes | None] = field(default_factory=dict)

    def sizes(self, counted: bool, codec: Codec) -> dict[int, float]:
        return {
            quality: math.inf if data is None else len(data) if counted else codec.payload(data)
            for quality, data in self.files.items()
        }


class Search:
    """Files of one codec for one picture; what was tried for one budget is known for the next.

    Args:
        codec: that writes them.
        picture: RGB.
        thorough: try harder, and look at the scales beside the best one too.
    """

    def __init__(self, codec: Codec, picture: Image.Image, *, thorough: bool = False) -> None:
        self._codec, self._picture, self._thorough = codec, picture, thorough
        self._pixels = np.asarray(picture)
        self._series: dict[tuple[int, int, int], _Series] = {}
        self._small: dict[int, Image.Image] = {}
        self._psnr: dict[bytes, float] = {}
        self._least = 1 if thorough else 0
        self._scale = len(SCALES) // 2
        self._variant = 0
        self._quality = codec.best_quality // 4  # where the next series begins

    def best(self, limit: int, *, counted: bool = True) -> list[Tried]:
        """The best files of at most `limit` bytes, by PSNR: over all settings, and by each way that the encoder can be tuned.

        Args:
            limit: bytes.
            counted: with their headers.

        Returns:
            Empty if there is no file so small.
        """
        scale = self._climbed(limit, counted)
        if scale is None:
            return []
        winners: dict[str, tuple[int, int, Tried]] = {}
        chosen = {(variant, scale) for variant in range(len(self._codec.variants))}
        for variant, at in sorted(chosen | {(0, plain) for plain in PLAIN}):
            tried = self._fit(variant, at, limit, counted, self._least)
            kind = self._kind(variant)
            if tried is not None and (kind not in winners or tried.psnr > winners[kind][2].psnr):
                winners[kind] = variant, at, tried
        self._variant, self._scale, _ = max(winners.values(), key=lambda each: each[2].psnr)
        return list(self._finished(winners, limit, counted))

    def _kind(self, variant: int) -> str:
        """What the encoder aims at: files are compared by PSNR among those of the same aim."""
        return str(self._codec.variants[variant].get("advanced", ""))

    def _climbed(self, limit: int, counted: bool) -> int | None:
        """The scale at which the highest PSNR is reached, beginning at that of the budget before; None if no file is so small.

        PSNR over scale has one hill with ripples, as some sizes suit a codec's blocks: so it looks some steps ahead.
        """
        known: dict[int, float] = {}

        def at(scale: int) -> float:
            if scale not in known:
                tried = self._fit(self._variant, scale, limit, counted, self._least)
                known[scale] = -math.inf if tried is None else tried.psnr
            return known[scale]

        scale = self._scale
        while at(scale) == -math.inf and scale < len(SCALES) - 1:
            scale += 1  # no file is so small at that scale
        while True:
            near = range(max(0, scale - AHEAD), min(len(SCALES), scale + AHEAD + 1))
            better = max(near, key=at)
            if at(better) <= at(scale):
                return scale if at(scale) > -math.inf else None
            scale = better

    def _finished(
        self, winners: dict[str, tuple[int, int, Tried]], limit: int, counted: bool
    ) -> Iterator[Tried]:
        """The winners as the encoder makes them when it tries harder; thorough: also at the scales beside."""
        effort = min(self._least + 1, EFFORTS - 1)
        for variant, scale, tried in winners.values():
            self._quality = tried.quality
            best = self._fit(variant, scale, limit, counted, effort)
            yield tried if best is None or best.psnr < tried.psnr else best
            for beside in (scale - 1, scale + 1) if self._thorough else ():
                if 0 <= beside < len(SCALES):
                    other = self._fit(variant, beside, limit, counted, self._least)
                    if other is not None:
                        yield other

    def _fit(self, variant: int, scale: int, limit: int, counted: bool, effort: int) -> Tried | None:
        """The file of the highest quality within the limit."""
        options = self._codec.options(variant, 1, self._size(scale), effort)
        name = self._codec.efforts[0] if self._codec.efforts else ""
        series = self._series.setdefault((variant, scale, int(options.get(name, 0))), _Series())
        beyond = self._codec.best_quality + 1
        halve = False
        while True:
            sizes = series.sizes(counted, self._codec)
            low = max((q for q, size in sizes.items() if size <= limit), default=0)
            high = min((q for q, size in sizes.items() if size > limit and q > low), default=beyond)
            if high - low <= 1:
                break
            if sizes:
                middle = _between(low, high, sizes, limit, halve, beyond)
                halve = low > 0 and high < beyond and not halve
            else:
                middle = min(self._quality, beyond - 1)
            series.files[middle] = self._write(variant, scale, middle, effort)
        self._quality = max(low, 1)
        width, height = self._size(scale)
        for beyond_ripple in range(high + 1, min(high + RIPPLE, beyond)) if width * height <= SMALL else ():
            if beyond_ripple not in series.files:
                series.files[beyond_ripple] = self._write(variant, scale, beyond_ripple, effort)
        sizes = series.sizes(counted, self._codec)
        fitting = sorted((q for q, size in sizes.items() if size <= limit), reverse=True)[:RIPPLE]
        tried = [
            self._tried(data, quality, self._told(variant, quality, scale))
            for quality in fitting
            if (data := series.files[quality]) is not None
        ]
        return max(tried, key=lambda each: each.psnr, default=None)

    def _write(self, variant: int, scale: int, quality: int, effort: int) -> bytes | None:
        options = self._codec.options(variant, quality, self._size(scale), effort)
        if scale not in self._small:
            self._small[scale] = self._picture.resize(self._size(scale), LANCZOS) if scale else self._picture
        return self._codec.write(self._small[scale], options)

    def _size(self, scale: int) -> tuple[int, int]:
        width, height = self._picture.size
        return max(1, round(width * SCALES[scale])), max(1, round(height * SCALES[scale]))

    def _tried(self, data: bytes, quality: int, what: str) -> Tried:
        if data not in self._psnr:
            self._psnr[data] = psnr(self._pixels, np.asarray(drawn(data, self._picture.size)))
        return Tried(data, self._codec.payload(data), self._psnr[data], quality, what)

    def _told(self, variant: int, quality: int, scale: int) -> str:
        settings = self._codec.variants[variant]
        told = [f"q{quality}"]
        if "subsampling" in settings:
            told.append(f"sampling={settings['subsampling']}")
        if "advanced" in settings:
            told += [f"{name}={value}" for name, value in settings["advanced"].items()]
        told += ["reversible"] if settings.get("irreversible") is False else []
        told += ["rgb"] if settings.get("mct") == 0 else []
        if "effort" in settings:
            told.append(f"effort={settings['effort']}")
        if "libwebp" in settings:
            told += [f"{name}={value}" for name, value in settings["libwebp"].items() if name != "pass"]
        told += ["sharp-yuv"] if settings.get("use_sharp_yuv") else []
        return " ".join([*told, f"scale={SCALES[scale]:g}"])


def _between(low: int, high: int, sizes: dict[int, float], limit: int, halve: bool, beyond: int) -> int:
    """The next quality to try.

    Where one side is not known, further and further away from what is; else where a straight line through logarithms of sizes meets
    the limit, and every other time the middle.
    """
    if high == beyond:
        return min(beyond - 1, low + max(2, 2 * (low - min(sizes))))
    if low == 0:
        return max(1, high - max(2, 2 * (max(sizes) - high)))
    first, last = sizes[low], sizes[high]
    if halve or first <= 0 or math.isinf(last):
        return (low + high) // 2
    part = math.log(limit / first) / math.log(last / first)
    return low + min(max(round(part * (high - low)), 1), high - low - 1)


def drawn(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Decode a file, and draw it as large as `size`, RGB."""
    made = read(data)
    return made if made.size == size else made.resize(size, LANCZOS)
